"""Found by the simulated week: whatever a person must know of becomes an exception with an owner."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.flows.harness import ADDRESS, Harness, harness
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.persistence.repositories.transfers import State

CREDITED = '\n[connections.main.design.refunds]\nmode = "credit_note"\n'
HASTY = "\n[connections.main.design.retry]\nsettle_seconds = 5\n\n"
HASTY += "[connections.main.design.retry.schedules]\nanswer_lost = [5, 5]\n"


def open_exceptions(trial: Harness) -> set[tuple[str, str]]:
    """Kind and owner of every open exception."""

    async def read() -> set[tuple[str, str]]:
        worker = trial.worker()
        try:
            page = await ExceptionQueries(worker.database, worker.clock).page(ExceptionFilter(state="open"))
            return {(str(exception.kind), str(exception.owner)) for exception in page.exception_records}
        finally:
            await worker.database.close()

    return asyncio.run(read())


def test_credited_goods_that_were_not_restocked_are_reported(tmp_path: Path) -> None:
    with harness(tmp_path, post="invoice_and_payment", design=CREDITED) as trial:
        order_id = trial.place()
        trial.run()
        trial.twins.act("cin7", "pick_pack_ship", {"sale_id": trial.assert_one_sale(order_id)["id"]})
        line = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[order_id].products[0]["id"])
        items = [{"item_type": "PRODUCT", "item_id": line, "quantity": 1}]
        trial.twins.act("bigcommerce", "refund_order", {"order_id": order_id, "items": items})
        trial.run()
        assert [row.state for row in trial.transfers("refunds")] == [State.POSTED]
        assert open_exceptions(trial) == {("not_restocked", "operations")}


def test_write_that_is_never_answered_is_held_for_operations_in_the_end(tmp_path: Path) -> None:
    with harness(tmp_path, design=HASTY) as trial:
        order_id = trial.place()
        match = {"method": "POST", "path": "(?i)/externalapi/v2/sale$"}
        rule = trial.twins.fault("cin7", {"fault": "error_before", "status": 500, "match": match})
        [row] = trial.run()
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "retries_exhausted", "operations")
        assert open_exceptions(trial) == {("retries_exhausted", "operations")}
        assert trial.sales(order_id) == []
        assert trial.twins.faults("cin7")[0]["fired"] > 1, "it was sent again before it was held"
        trial.twins.clear_faults("cin7", rule)
        trial.run_order(order_id)
        trial.run()
        trial.assert_one_sale(order_id)
        assert open_exceptions(trial) == set()


def test_unusual_quantities_and_second_addresses_are_reported_to_operations(tmp_path: Path) -> None:
    with harness(tmp_path, sale="unusual_quantity = 20") as trial:
        trial.place(lines=[{"sku": "TEA", "quantity": 21}])
        other = ADDRESS | {"street_1": "7 Harbor Rd"}
        goods = [{"sku": "MUG", "quantity": 1, "address": 0}, {"sku": "TEA", "quantity": 1, "address": 1}]
        trial.place(lines=goods, shipping_addresses=[ADDRESS, other])
        assert {row.state for row in trial.run()} == {State.POSTED}
        assert open_exceptions(trial) == {("quantity_unusual", "operations"), ("several_addresses", "operations")}
