"""Playbooks against both twins: the safe action is applied, and the exception closes once the books were read back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest

from tests.flows.harness import ADDRESS, Rig, by_key, rig
from tests.flows.stock.test_parity import compare
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.playbooks import Playbooks
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.exceptions.records import Case
from weighbridge.flows.discovery import sweeps
from weighbridge.worker.worker import Service

Answer = TypeVar("Answer")
MOON = {"tax_classes": [{"id": 0, "name": "Default", "rates": [{"name": "Moon Tax", "rate": "0"}]}]}


class Office:
    """What people at the desk see and do, on a trial's own database."""

    def __init__(self, trial: Rig) -> None:
        self._trial = trial

    def _with(self, work: Callable[[Service, Playbooks, CaseFile], Awaitable[Answer]]) -> Answer:
        async def at_work() -> Answer:
            service = self._trial.service()
            designs = {name: one.design for name, one in self._trial.installation().connections.items()}
            try:
                books = Playbooks(service.database, service.clock, designs)
                return await work(service, books, CaseFile(service.database, service.clock))
            finally:
                await service.database.close()

        return asyncio.run(at_work())

    def cases(self, state: str = "open") -> dict[str, Case]:
        async def read(_: Service, __: Playbooks, file: CaseFile) -> dict[str, Case]:
            return {str(case.kind): case for case in (await file.page(Wanted(state=state))).cases}

        return self._with(read)

    def preview(self, case: Case, remedy: Remedy, **arguments: str) -> tuple[tuple[str, ...], str]:
        async def look(_: Service, books: Playbooks, __: CaseFile) -> tuple[tuple[str, ...], str]:
            found = await books.preview(case.id, remedy, arguments)
            return found.lines, found.problem

        return self._with(look)

    def run(self, case: Case, remedy: Remedy, reason: str = "agreed by phone", **arguments: str) -> int:
        async def work(_: Service, books: Playbooks, __: CaseFile) -> int:
            return (await books.run(case.id, remedy, arguments, "Ines", reason)).id

        return self._with(work)

    def undo(self, run_id: int) -> None:
        async def work(_: Service, books: Playbooks, __: CaseFile) -> None:
            await books.undo(run_id, "Omar", "mistaken")

        self._with(work)

    def outcome(self, run_id: int) -> str:
        async def read(_: Service, books: Playbooks, __: CaseFile) -> str:
            run = await books.one(run_id)
            return run.outcome or run.state

        return self._with(read)

    def approve_all(self) -> list[Remedy]:
        async def work(_: Service, books: Playbooks, __: CaseFile) -> list[Remedy]:
            prepared = await books.waiting_for_approval()
            return [(await books.approve(run.id, "Ines")).remedy for run in prepared]

        return self._with(work)

    def act_by_itself(self) -> int:
        async def work(_: Service, books: Playbooks, __: CaseFile) -> int:
            return await books.act_by_itself()

        return self._with(work)

    def requests(self, order_id: int, method: str, path: str) -> list[bytes]:
        async def read(service: Service, _: Playbooks, __: CaseFile) -> list[bytes]:
            transfer = await service.journal.transfers.find("main", "orders", str(order_id))
            assert transfer is not None
            calls = await service.journal.exchanges.of_transfer(transfer.id)
            return [call.request for call in calls if call.method == method and call.url.endswith(path)]

        return self._with(read)

    def proofs(self, case: Case) -> list[str]:
        async def read(_: Service, __: Playbooks, file: CaseFile) -> list[str]:
            return [one.proof["words"] for one in await file.objects(case.id, open_only=False) if one.proof]

        return self._with(read)


def test_each_safe_action_brings_its_orders_into_the_books(tmp_path: Path) -> None:
    """Five causes, each with its own way out; nothing is closed before its sale was read back."""
    with rig(tmp_path) as trial:
        office = Office(trial)
        mugs = [trial.place(lines=[{"sku": "OLD-MUG", "quantity": n, "price": "5.00"}]) for n in (1, 2)]
        blank = trial.place(lines=[{"name": "Engraving", "quantity": 1, "price": "5.00"}])
        postcode = trial.place(shipping_addresses=[ADDRESS | {"zip": "9" * 21}])
        verified = trial.place(status_id=12)
        trial.twins.act("bigcommerce", "settings", MOON)
        taxed = trial.place(shipping_cost="0")
        trial.run()
        cases = office.cases()
        assert set(cases) == {"sku_unknown", "sku_blank", "postcode_too_long", "status_on_hold", "tax_unmapped"}
        [at_risk] = cases["sku_unknown"].money
        assert at_risk.amount == sum(trial.order(order_id)["total_inc_tax"] for order_id in mugs)
        assert "no active, sellable product" in office.preview(cases["sku_unknown"], Remedy.MAP_SKU, sku="mug")[1]
        lines, problem = office.preview(cases["sku_unknown"], Remedy.MAP_SKU, sku="MUG")
        assert (lines[0], problem) == (
            "Orders of SKU OLD-MUG become sales of MUG from now on, in a new design version.",
            "",
        )
        runs = [
            office.run(cases["sku_unknown"], Remedy.MAP_SKU, sku="MUG"),
            office.run(cases["sku_blank"], Remedy.CORRECT, value="TEA"),
            office.run(cases["postcode_too_long"], Remedy.CORRECT, value="94110"),
            office.run(cases["status_on_hold"], Remedy.RELEASE),
            office.run(cases["tax_unmapped"], Remedy.MAP_TAX, rule="Tax on Sales"),
        ]
        assert set(office.cases()) == set(cases), "nobody's word closes these"
        assert {office.outcome(run) for run in runs} == {"waiting"}
        rows = by_key(trial.run())
        assert office.cases() == {}
        assert {office.outcome(run) for run in runs} == {"proven"}
        for order_id in (*mugs, blank, postcode, verified, taxed):
            trial.assert_one_sale(order_id)
        [sold] = trial.sales(mugs[1])[0]["order"]["Lines"]
        assert (sold["SKU"], sold["Quantity"]) == ("MUG", 2)
        assert trial.sales(postcode)[0]["header"]["ShippingAddress"]["Postcode"] == "94110"
        closed = office.cases("closed")["sku_unknown"]
        numbers = {rows[str(order_id)].target_number for order_id in mugs}
        assert {words.partition(",")[0] for words in office.proofs(closed)} == {f"read back as {n}" for n in numbers}
        assert {row.state for row in trial.run()} == {"posted"}, "a correction is no edit of the order"


def test_looking_again_asks_cin7_anew_for_the_product_that_was_just_made(tmp_path: Path) -> None:
    """What Cin7 did not know is believed for a quarter of an hour; a person who asks has mended it meanwhile."""
    with rig(tmp_path, speed=20.0) as trial:
        office = Office(trial)
        order_id = trial.place(lines=[{"sku": "HAT", "name": "Hat", "quantity": 1, "price": "20.00"}])
        trial.run()
        hats = {"products": [{"sku": "HAT", "name": "Hat"}], "stock": [{"sku": "HAT", "on_hand": 5}]}
        trial.twins.act("cin7", "seed", hats)
        trial.look(order_id)
        case = office.cases()["sku_unknown"]
        run = office.run(case, Remedy.RETRY)
        trial.look(order_id)
        trial.assert_one_sale(order_id)
        assert (office.outcome(run), office.cases()) == ("proven", {})


def test_payments_of_a_tender_that_was_mapped_go_to_its_account(tmp_path: Path) -> None:
    with rig(tmp_path, post="invoice_and_payment") as trial:
        complete = trial.configuration()
        lacking = complete.replace('gift_certificate = "093", ', "")
        assert lacking != complete
        trial.configuration = lambda: lacking  # type: ignore[method-assign]
        office = Office(trial)
        order_id = trial.place(gift_certificate="10.00")
        trial.run()
        case = office.cases()["payment_unmapped"]
        assert (case.owner, trial.sales(order_id)) == ("finance", [])
        run = office.run(case, Remedy.MAP_PAYMENT, account="093", tender="gift_certificate")
        trial.run()
        paid = {one["Account"]: one["Amount"] for one in trial.assert_one_sale(order_id)["payments"]}
        assert (paid["093"], sum(paid.values())) == (10, trial.order(order_id)["total_inc_tax"])
        assert (office.outcome(run), office.cases()) == ("proven", {})


def test_stock_that_somebody_changed_is_told_again_when_a_person_asks(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        office = Office(trial)
        trial.push_stock()
        trial.twins.act("bigcommerce", "set_stock", {"sku": "MUG", "quantity": 250})
        compare(trial)
        run = office.run(office.cases()["stock_drift"], Remedy.PUSH_STOCK)
        trial.run(until=lambda rows: True)
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        compare(trial)
        assert (office.outcome(run), office.cases()) == ("proven", {})


def test_a_change_of_the_design_that_is_taken_back_no_longer_counts(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        office = Office(trial)
        order_id = trial.place(lines=[{"sku": "OLD-MUG", "quantity": 1, "price": "5.00"}])
        before = trial.run()[0].design_version
        case = office.cases()["sku_unknown"]
        with pytest.raises(NotAllowed, match="needs a reason"):
            office.run(case, Remedy.MAP_SKU, reason=" ", sku="MUG")
        with pytest.raises(NotAllowed, match="no safe action for sku_unknown"):
            office.run(case, Remedy.ACCEPT)
        run = office.run(case, Remedy.MAP_SKU, sku="MUG")
        office.undo(run)
        [row] = trial.run()
        assert (row.state, row.design_version) == ("held", before)
        assert office.outcome(run) == "undone"
        with pytest.raises(NotAllowed, match="cannot be taken back"):
            office.undo(run)
        assert trial.sales(order_id) == []


def test_replay_sends_the_very_bytes_that_were_refused(tmp_path: Path) -> None:
    with rig(tmp_path, cin7_switches={"maximum_lines": 1}) as trial:
        office = Office(trial)
        order_id = trial.place()
        trial.run()
        case = office.cases()["refused_by_cin7"]
        trial.twins.set_switches("cin7", {"maximum_lines": 0})
        run = office.run(case, Remedy.REPLAY)
        trial.run()
        trial.assert_one_sale(order_id)
        refused, replayed = office.requests(order_id, "POST", "/sale/order")
        assert refused == replayed
        assert office.outcome(run) == "proven"
        assert office.cases() == {}


def second_sale(trial: Rig, office: Office, order_id: int) -> None:
    """Cin7 gets the same request once more, as when a proxy repeats it."""
    [header] = office.requests(order_id, "POST", "/sale")
    keys = trial.twins.credentials
    told = {"api-auth-accountid": keys.account_id, "api-auth-applicationkey": keys.application_key}
    told["content-type"] = "application/json"
    httpx2.post(f"{trial.twins.cin7_url}/sale", content=header, headers=told).raise_for_status()


def test_second_sale_is_voided_by_itself_and_leaves_the_proof(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        office = Office(trial)
        order_id = trial.place()
        trial.run()
        second_sale(trial, office, order_id)
        trial.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)
        trial.assert_one_sale(order_id)
        assert office.cases() == {}
        [words] = office.proofs(office.cases("closed")["duplicate_sales"])
        assert words.endswith("as the one live sale")


def test_second_sale_waits_for_approval_where_the_design_asks_for_it(tmp_path: Path) -> None:
    with rig(tmp_path, design='\n[connections.main.design.autonomy]\nduplicate_sales = "approve"\n') as trial:
        office = Office(trial)
        order_id = trial.place()
        trial.run()
        second_sale(trial, office, order_id)
        trial.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)
        assert len(trial.sales(order_id)) == 2
        assert office.act_by_itself() == 1
        assert office.act_by_itself() == 0, "prepared once"
        assert office.approve_all() == [Remedy.VOID_DUPLICATE]
        trial.run()
        trial.assert_one_sale(order_id)
        assert office.cases() == {}


def test_a_running_worker_takes_up_a_changed_design(tmp_path: Path) -> None:
    """No restart: the worker sees the change, asks for the looks itself, and the order crosses."""
    with rig(tmp_path, speed=60.0) as trial:
        office = Office(trial)
        order_id = trial.place(lines=[{"sku": "OLD-MUG", "quantity": 1, "price": "5.00"}])

        def act(_: Rig) -> None:
            office.run(office.cases()["sku_unknown"], Remedy.MAP_SKU, sku="MUG")

        trial.listen(act, lambda _: bool(trial.sales(order_id)), armed=lambda _: "sku_unknown" in office.cases())
        trial.assert_one_sale(order_id)
