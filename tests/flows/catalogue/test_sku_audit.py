"""SKUs of the shop that no stock figure reaches wait for ecommerce until they come right."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import Rig, rig
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock import untracked_sellout as sellable_at_zero
from weighbridge.persistence.repositories.transfers import State


def _held(trial: Rig, name: str = bookkeeping.SKU) -> dict[str, tuple[str, str]]:
    rows = trial.transfers(name)
    return {row.key: (row.reason_kind, row.owner) for row in rows if row.state is State.HELD}


def _compared(trial: Rig) -> None:
    """Both catalogues are read and then the stock, as every day."""
    trial.run(bookkeeping.FLOW, stock.FLOW, until=lambda rows: True)


def test_sku_that_cin7_writes_otherwise_waits_until_one_side_is_mended(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        extra = [{"sku": "mug ", "name": "Small mug", "price": "9.00"}, {"sku": "HAT", "name": "Hat", "price": "9.00"}]
        trial.twins.act("bigcommerce", "seed_products", extra)
        _compared(trial)
        assert _held(trial) == {"mug ": ("sku_differs_in_form", "ecommerce"), "HAT": ("sku_unknown", "ecommerce")}
        trial.twins.act("cin7", "seed", {"products": [{"sku": "HAT", "name": "Hat"}]})
        _compared(trial)
        assert list(_held(trial)) == ["mug "]


def test_sku_of_two_products_waits_until_it_stands_at_one(tmp_path: Path) -> None:
    with rig(tmp_path) as trial:
        second = trial.twins.act("bigcommerce", "duplicate_sku", {"sku": "MUG"})["id"]
        _compared(trial)
        assert _held(trial) == {"MUG": ("sku_not_unique", "ecommerce")}
        trial.twins.act("bigcommerce", "delete_product", {"product_id": second})
        _compared(trial)
        assert _held(trial) == {}


def test_variants_that_nobody_counts_are_told_and_again_when_they_cannot_be_shipped(tmp_path: Path) -> None:
    """Eight caps lie in quarantine, so none can be shipped; scarves can, and hats are no longer sold."""
    with rig(tmp_path, stock='excluded_bins = ["Quarantine"]') as trial:
        colours = [{"option_display_name": "Colour", "label": name} for name in ("Red", "Blue", "Green")]
        names = zip(("CAP", "SCARF", "HAT"), colours, strict=True)
        variants = [{"sku": sku, "option_values": [colour]} for sku, colour in names]
        loose = {"name": "Woollens", "price": "9.00", "tracking": "none", "variants": variants}
        [product_id] = trial.twins.act("bigcommerce", "seed_products", [loose])["ids"]
        seed = {
            "products": [{"sku": sku, "name": sku} for sku in ("CAP", "SCARF", "HAT")],
            "stock": [{"sku": "CAP", "on_hand": 8, "bin": "Quarantine"}, {"sku": "SCARF", "on_hand": 8}],
        }
        trial.twins.act("cin7", "seed", seed)
        trial.twins.act("cin7", "deprecate_product", {"sku": "HAT"})
        _compared(trial)
        untracked = ("stock_untracked", "ecommerce")
        assert _held(trial) == {"CAP": untracked, "SCARF": untracked, "HAT": untracked}
        at_zero = ("sellable_at_zero", "ecommerce")
        assert _held(trial, sellable_at_zero.AT_ZERO) == {"CAP": at_zero, "HAT": at_zero}
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        trial.twins.act("bigcommerce", "hide_product", {"product_id": product_id})
        _compared(trial)
        assert _held(trial, sellable_at_zero.AT_ZERO) == {}
