"""SKUs of the store that get no level are held for ecommerce until they are corrected."""

from __future__ import annotations

from pathlib import Path

from tests.flows.harness import Harness, harness
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock.untracked_sellout import AT_ZERO
from weighbridge.persistence.repositories.transfers import State


def _held(trial: Harness, name: str = reference_data.SKU) -> dict[str, tuple[str, str]]:
    rows = trial.transfers(name)
    return {row.key: (row.reason_kind, row.owner) for row in rows if row.state is State.HELD}


def _run_comparison(trial: Harness) -> None:
    """Reads both catalogues and then the stock, as every day."""
    trial.run(reference_data.FLOW, stock.FLOW, until=lambda rows: True)


def test_sku_spelled_differently_in_cin7_is_held_until_one_side_is_corrected(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        extra = [{"sku": "mug ", "name": "Small mug", "price": "9.00"}, {"sku": "HAT", "name": "Hat", "price": "9.00"}]
        trial.twins.act("bigcommerce", "seed_products", extra)
        _run_comparison(trial)
        assert _held(trial) == {"mug ": ("sku_differs_in_form", "ecommerce"), "HAT": ("sku_unknown", "ecommerce")}
        trial.twins.act("cin7", "seed", {"products": [{"sku": "HAT", "name": "Hat"}]})
        _run_comparison(trial)
        assert list(_held(trial)) == ["mug "]


def test_sku_of_two_products_is_held_until_it_is_unique(tmp_path: Path) -> None:
    with harness(tmp_path) as trial:
        second = trial.twins.act("bigcommerce", "duplicate_sku", {"sku": "MUG"})["id"]
        _run_comparison(trial)
        assert _held(trial) == {"MUG": ("sku_not_unique", "ecommerce")}
        trial.twins.act("bigcommerce", "delete_product", {"product_id": second})
        _run_comparison(trial)
        assert _held(trial) == {}


def test_untracked_variants_are_reported_and_again_when_they_cannot_be_shipped(tmp_path: Path) -> None:
    """Eight caps are in quarantine, so none can be shipped; scarves can be shipped; hats are deprecated."""
    with harness(tmp_path, stock='excluded_bins = ["Quarantine"]') as trial:
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
        _run_comparison(trial)
        untracked = ("stock_untracked", "ecommerce")
        assert _held(trial) == {"CAP": untracked, "SCARF": untracked, "HAT": untracked}
        at_zero = ("sellable_at_zero", "ecommerce")
        assert _held(trial, AT_ZERO) == {"CAP": at_zero, "HAT": at_zero}
        assert trial.twins.act("bigcommerce", "stock_levels") == {"MUG": 100, "TEA": 500}
        trial.twins.act("bigcommerce", "hide_product", {"product_id": product_id})
        _run_comparison(trial)
        assert _held(trial, AT_ZERO) == {}
