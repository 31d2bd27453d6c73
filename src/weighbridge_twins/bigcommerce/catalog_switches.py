"""Open questions about catalogue, stock, customers and webhooks, with the readings of each."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.state import Store
from weighbridge_twins.bigcommerce.switches import Switch

SWITCHES: Final[tuple[Switch, ...]] = (
    Switch(
        "bulk_overlap",
        "harmless",
        ("harmless", "throttled", "wrong_result"),
        "What does a bulk write meet while another's stock adjustments are still on their way?",
    ),
    Switch("inventory_delay_spread", 0, (), "By how many random seconds may an accepted adjustment come later?"),
    Switch(
        "absolute_sets",
        "on_hand",
        ("on_hand", "available_to_sell"),
        "What does an absolute adjustment set to quantity?",
    ),
    Switch(
        "untracked_adjustment",
        "refused",
        ("refused", "ignored", "applied"),
        "What happens to an adjustment of an item that is not tracked?",
    ),
    Switch(
        "sku_names_product_stock",
        "refused",
        ("refused", "accepted"),
        "May a SKU address an item that is tracked by product?",
    ),
    Switch(
        "catalog_inventory_level",
        "default_location",
        ("default_location", "sum"),
        "Which stock does the catalogue show where there are several locations?",
    ),
    Switch(
        "catalog_stock_write",
        "applied",
        ("applied", "fails"),
        "Does the stock part of a catalogue write fail, with a 207?",
    ),
    Switch(
        "complex_base_variant",
        "left_out",
        ("left_out", "null"),
        "Is base_variant_id of a product with variants null, as the text says, or left out, as its type wants?",
    ),
    Switch("variant_bumps_product", True, (True, False), "Does a variant's change count as one of its product?"),
)


def reading(store: Store, name: str) -> Any:
    """The current reading of a switch of this module."""
    return store.switches.get(name, _AT_THE_START[name])


_AT_THE_START: Final = {switch.name: switch.default for switch in SWITCHES}
