"""SKUs of the shop that no stock figure reaches wait for ecommerce until they come right."""

from __future__ import annotations

from pathlib import Path

from tests.flows.rig import Rig, rig
from weighbridge.flows import bookkeeping
from weighbridge.journal.transfers import State


def _held(trial: Rig) -> dict[str, tuple[str, str]]:
    rows = trial.transfers(bookkeeping.SKU)
    return {row.key: (row.reason_kind, row.owner) for row in rows if row.state is State.HELD}


def test_sku_that_cin7_writes_otherwise_waits_until_one_side_is_mended(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        extra = [{"sku": "mug ", "name": "Small mug", "price": "9.00"}, {"sku": "HAT", "name": "Hat", "price": "9.00"}]
        trial.twins.act("bigcommerce", "seed_products", extra)
        trial.push_stock()
        assert _held(trial) == {"mug ": ("sku_differs_in_form", "ecommerce"), "HAT": ("sku_unknown", "ecommerce")}
        trial.twins.act("cin7", "seed", {"products": [{"sku": "HAT", "name": "Hat"}]})
        trial.push_stock()
        assert list(_held(trial)) == ["mug "]
