"""Playbooks against both twins: a playbook is run, and its exception closes once Cin7 was read back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest

from tests.flows.harness import ADDRESS, Harness, by_key, harness
from tests.flows.stock.test_parity import compare
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.playbooks import PlaybookRunner
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.flows.discovery import sweeps
from weighbridge.worker.worker import Worker

Answer = TypeVar("Answer")
MOON = {"tax_classes": [{"id": 0, "name": "Default", "rates": [{"name": "Moon Tax", "rate": "0"}]}]}


class Operator:
    """Queries and actions of a user, on the database of a harness."""

    def __init__(self, trial: Harness) -> None:
        self._trial = trial

    def _with(self, work: Callable[[Worker, PlaybookRunner, ExceptionQueries], Awaitable[Answer]]) -> Answer:
        async def running() -> Answer:
            worker = self._trial.worker()
            designs = {name: connection.design for name, connection in self._trial.installation().connections.items()}
            try:
                runner = PlaybookRunner(worker.database, worker.clock, designs)
                return await work(worker, runner, ExceptionQueries(worker.database, worker.clock))
            finally:
                await worker.database.close()

        return asyncio.run(running())

    def exceptions(self, state: str = "open") -> dict[str, ExceptionRecord]:
        async def read(_: Worker, __: PlaybookRunner, queries: ExceptionQueries) -> dict[str, ExceptionRecord]:
            return {
                str(exception_record.kind): exception_record
                for exception_record in (await queries.page(ExceptionFilter(state=state))).exception_records
            }

        return self._with(read)

    def preview(
        self, exception_record: ExceptionRecord, playbook: Playbook, **arguments: str
    ) -> tuple[tuple[str, ...], str]:
        async def work(_: Worker, playbook_runner: PlaybookRunner, __: ExceptionQueries) -> tuple[tuple[str, ...], str]:
            plan = await playbook_runner.preview(exception_record.id, playbook, arguments)
            return plan.lines, plan.problem

        return self._with(work)

    def run(
        self, exception_record: ExceptionRecord, playbook: Playbook, reason: str = "agreed by phone", **arguments: str
    ) -> int:
        async def work(_: Worker, playbook_runner: PlaybookRunner, __: ExceptionQueries) -> int:
            return (await playbook_runner.run(exception_record.id, playbook, arguments, "Ines", reason)).id

        return self._with(work)

    def undo(self, run_id: int) -> None:
        async def work(_: Worker, playbook_runner: PlaybookRunner, __: ExceptionQueries) -> None:
            await playbook_runner.undo(run_id, "Omar", "mistaken")

        self._with(work)

    def outcome(self, run_id: int) -> str:
        async def read(_: Worker, playbook_runner: PlaybookRunner, __: ExceptionQueries) -> str:
            run = await playbook_runner.get(run_id)
            return run.outcome or run.state

        return self._with(read)

    def approve_all(self) -> list[Playbook]:
        async def work(_: Worker, playbook_runner: PlaybookRunner, __: ExceptionQueries) -> list[Playbook]:
            prepared = await playbook_runner.waiting_for_approval()
            return [(await playbook_runner.approve(run.id, "Ines")).playbook for run in prepared]

        return self._with(work)

    def run_automatically(self) -> int:
        async def work(worker: Worker, playbook_runner: PlaybookRunner, _: ExceptionQueries) -> int:
            of_file = self._trial.installation().connections["main"].design
            design = await worker.repositories.designs.effective("main", of_file)
            return await playbook_runner.run_automatically({"main": design})

        return self._with(work)

    def requests(self, order_id: int, method: str, path: str) -> list[bytes]:
        async def read(worker: Worker, _: PlaybookRunner, __: ExceptionQueries) -> list[bytes]:
            transfer = await worker.repositories.transfers.find("main", "orders", str(order_id))
            assert transfer is not None
            calls = await worker.repositories.http_log.of_transfer(transfer.id)
            return [call.request for call in calls if call.method == method and call.url.endswith(path)]

        return self._with(read)

    def proofs(self, exception_record: ExceptionRecord) -> list[str]:
        async def read(_: Worker, __: PlaybookRunner, queries: ExceptionQueries) -> list[str]:
            return [
                closed.proof["text"]
                for closed in await queries.objects(exception_record.id, open_only=False)
                if closed.proof
            ]

        return self._with(read)


def test_each_playbook_posts_its_orders_to_cin7(tmp_path: Path) -> None:
    """Five causes, each with its own playbook; no exception closes before its sale was read back."""
    with harness(tmp_path) as trial:
        operator = Operator(trial)
        mugs = [trial.place(lines=[{"sku": "OLD-MUG", "quantity": n, "price": "5.00"}]) for n in (1, 2)]
        blank = trial.place(lines=[{"name": "Engraving", "quantity": 1, "price": "5.00"}])
        postcode = trial.place(shipping_addresses=[ADDRESS | {"zip": "9" * 21}])
        verified = trial.place(status_id=12)
        trial.twins.act("bigcommerce", "settings", MOON)
        taxed = trial.place(shipping_cost="0")
        trial.run()
        exception_records = operator.exceptions()
        assert set(exception_records) == {
            "sku_unknown",
            "sku_blank",
            "postcode_too_long",
            "status_on_hold",
            "tax_unmapped",
        }
        [at_risk] = exception_records["sku_unknown"].money
        assert at_risk.amount == sum(trial.order(order_id)["total_inc_tax"] for order_id in mugs)
        assert (
            "no active, sellable product"
            in operator.preview(exception_records["sku_unknown"], Playbook.MAP_SKU, sku="mug")[1]
        )
        lines, problem = operator.preview(exception_records["sku_unknown"], Playbook.MAP_SKU, sku="MUG")
        assert (lines[0], problem) == (
            "Orders of SKU OLD-MUG become sales of MUG from now on, in a new design version.",
            "",
        )
        runs = [
            operator.run(exception_records["sku_unknown"], Playbook.MAP_SKU, sku="MUG"),
            operator.run(exception_records["sku_blank"], Playbook.CORRECT, value="TEA"),
            operator.run(exception_records["postcode_too_long"], Playbook.CORRECT, value="94110"),
            operator.run(exception_records["status_on_hold"], Playbook.RELEASE),
            operator.run(exception_records["tax_unmapped"], Playbook.MAP_TAX, rule="Tax on Sales"),
        ]
        assert set(operator.exceptions()) == set(exception_records), "an action alone closes none of these"
        assert {operator.outcome(run) for run in runs} == {"waiting"}
        rows = by_key(trial.run())
        assert operator.exceptions() == {}
        assert {operator.outcome(run) for run in runs} == {"proven"}
        for order_id in (*mugs, blank, postcode, verified, taxed):
            trial.assert_one_sale(order_id)
        [sold] = trial.sales(mugs[1])[0]["order"]["Lines"]
        assert (sold["SKU"], sold["Quantity"]) == ("MUG", 2)
        assert trial.sales(postcode)[0]["header"]["ShippingAddress"]["Postcode"] == "94110"
        closed = operator.exceptions("closed")["sku_unknown"]
        numbers = {rows[str(order_id)].target_number for order_id in mugs}
        assert {proof.partition(",")[0] for proof in operator.proofs(closed)} == {f"read back as {n}" for n in numbers}
        assert {row.state for row in trial.run()} == {"posted"}, "a correction is no edit of the order"


def test_retry_reads_a_new_product_from_cin7(tmp_path: Path) -> None:
    """An SKU unknown in Cin7 is cached for 15 minutes; a retry by a user discards the cached answer."""
    with harness(tmp_path, speed=20.0) as trial:
        operator = Operator(trial)
        order_id = trial.place(lines=[{"sku": "HAT", "name": "Hat", "quantity": 1, "price": "20.00"}])
        trial.run()
        hats = {"products": [{"sku": "HAT", "name": "Hat"}], "stock": [{"sku": "HAT", "on_hand": 5}]}
        trial.twins.act("cin7", "seed", hats)
        trial.run_order(order_id)
        exception_record = operator.exceptions()["sku_unknown"]
        run = operator.run(exception_record, Playbook.RETRY)
        trial.run_order(order_id)
        trial.assert_one_sale(order_id)
        assert (operator.outcome(run), operator.exceptions()) == ("proven", {})


def test_payments_of_a_mapped_tender_go_to_its_account(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment") as trial:
        complete = trial.configuration()
        lacking = complete.replace('gift_certificate = "093", ', "")
        assert lacking != complete
        trial.configuration = lambda: lacking  # type: ignore[method-assign]
        operator = Operator(trial)
        order_id = trial.place(gift_certificate="10.00")
        trial.run()
        exception_record = operator.exceptions()["payment_unmapped"]
        assert (exception_record.owner, trial.sales(order_id)) == ("finance", [])
        run = operator.run(exception_record, Playbook.MAP_PAYMENT, account="093", tender="gift_certificate")
        trial.run()
        paid = {payment["Account"]: payment["Amount"] for payment in trial.assert_one_sale(order_id)["payments"]}
        assert (paid["093"], sum(paid.values())) == (10, trial.order(order_id)["total_inc_tax"])
        assert (operator.outcome(run), operator.exceptions()) == ("proven", {})


def test_push_stock_publishes_levels_changed_at_the_store(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        operator = Operator(trial)
        trial.push_stock()
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 250})
        compare(trial)
        run = operator.run(operator.exceptions()["stock_drift"], Playbook.PUSH_STOCK)
        trial.run(until=lambda rows: True)
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        compare(trial)
        assert (operator.outcome(run), operator.exceptions()) == ("proven", {})


def test_an_undone_design_change_no_longer_applies(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        operator = Operator(trial)
        order_id = trial.place(lines=[{"sku": "OLD-MUG", "quantity": 1, "price": "5.00"}])
        before = trial.run()[0].design_version
        exception_record = operator.exceptions()["sku_unknown"]
        with pytest.raises(NotAllowed, match="needs a reason"):
            operator.run(exception_record, Playbook.MAP_SKU, reason=" ", sku="MUG")
        with pytest.raises(NotAllowed, match="no safe action for sku_unknown"):
            operator.run(exception_record, Playbook.ACCEPT)
        run = operator.run(exception_record, Playbook.MAP_SKU, sku="MUG")
        operator.undo(run)
        [row] = trial.run()
        assert (row.state, row.design_version) == ("held", before)
        assert operator.outcome(run) == "undone"
        with pytest.raises(NotAllowed, match="cannot be undone"):
            operator.undo(run)
        assert trial.sales(order_id) == []


def test_replay_sends_the_refused_request_byte_for_byte(tmp_path: Path) -> None:
    with harness(tmp_path, cin7_switches={"maximum_lines": 1}) as trial:
        operator = Operator(trial)
        order_id = trial.place()
        trial.run()
        exception_record = operator.exceptions()["refused_by_cin7"]
        trial.twins.set_switches("cin7", {"maximum_lines": 0})
        run = operator.run(exception_record, Playbook.REPLAY)
        trial.run()
        trial.assert_one_sale(order_id)
        refused, replayed = operator.requests(order_id, "POST", "/sale/order")
        assert refused == replayed
        assert operator.outcome(run) == "proven"
        assert operator.exceptions() == {}


def second_sale(trial: Harness, operator: Operator, order_id: int) -> None:
    """Sends the same request to Cin7 once more, as a proxy does that repeats requests."""
    [header] = operator.requests(order_id, "POST", "/sale")
    keys = trial.twins.credentials
    headers = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    headers["content-type"] = "application/json"
    httpx2.post(f"{trial.twins.cin7_url}/sale", content=header, headers=headers).raise_for_status()


def test_a_duplicate_sale_is_voided_automatically_with_proof(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        operator = Operator(trial)
        order_id = trial.place()
        trial.run()
        second_sale(trial, operator, order_id)
        trial.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)
        trial.assert_one_sale(order_id)
        assert operator.exceptions() == {}
        [proof] = operator.proofs(operator.exceptions("closed")["duplicate_sales"])
        assert proof.endswith("as the one live sale")


def test_a_duplicate_sale_waits_for_approval_if_the_design_says_so(tmp_path: Path) -> None:
    with harness(tmp_path, design='\n[connections.main.design.autonomy]\nduplicate_sales = "approve"\n') as trial:
        operator = Operator(trial)
        order_id = trial.place()
        trial.run()
        second_sale(trial, operator, order_id)
        trial.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)
        assert len(trial.sales(order_id)) == 2
        assert operator.run_automatically() == 1
        assert operator.run_automatically() == 0, "prepared once"
        assert operator.approve_all() == [Playbook.VOID_DUPLICATE]
        trial.run()
        trial.assert_one_sale(order_id)
        assert operator.exceptions() == {}


def test_a_running_worker_reloads_a_changed_design(tmp_path: Path) -> None:
    """Without a restart, the worker notices the change, enqueues the jobs, and the order is posted."""
    with harness(tmp_path, speed=60.0) as trial:
        operator = Operator(trial)
        order_id = trial.place(lines=[{"sku": "OLD-MUG", "quantity": 1, "price": "5.00"}])

        def act(_: Harness) -> None:
            operator.run(operator.exceptions()["sku_unknown"], Playbook.MAP_SKU, sku="MUG")

        trial.listen(act, lambda _: bool(trial.sales(order_id)), ready=lambda _: "sku_unknown" in operator.exceptions())
        trial.assert_one_sale(order_id)
