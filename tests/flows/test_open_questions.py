"""Each open question of a vendor in a story where it decides, under each of its readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Rig, rig
from tests.flows.orders import sale_stories as sales
from tests.flows.orders import stories as orders
from tests.flows.requests import Readings, every_reading_asked
from tests.flows.stock import stories as stock


@dataclass(frozen=True, slots=True)
class Play:
    """A story under some readings that do not touch each other."""

    story: Callable[[Rig, Readings], None]
    cin7: Readings = field(default_factory=dict)
    bigcommerce: Readings = field(default_factory=dict)
    rig: Mapping[str, Any] = field(default_factory=dict)
    """How the rig is set up."""

    @property
    def name(self) -> str:
        readings = (f"{name}={value}" for name, value in {**self.cin7, **self.bigcommerce}.items())
        return f"{self.story.__name__}: {', '.join(readings)}"


PAID = {"post": "invoice_and_payment"}
SIMPLE = PAID | {"sale": 'type = "Simple"'}
ONE_BY_ONE = {"stock": "batch = 1"}
HOOKS_ALONE = {
    "design": """
[connections.main.design.cadence]
orders_seconds = 86400
fulfilment_seconds = 86400
"""
}
PLAYS = (
    Play(sales.lost_header_among_strangers, cin7={"external_id_filter": "exact", "external_id_returns_voided": True}),
    Play(
        sales.lost_header_among_strangers,
        cin7={
            "external_id_filter": "case_insensitive",
            "external_id_returns_voided": False,
            "delayed_visibility_seconds": 30,
        },
    ),
    Play(
        sales.simple_sale_with_lost_answers,
        cin7={
            "task_id_is_sale_id": False,
            "zero_guid_invoice_on_simple": "converts_to_advanced",
            "simple_fulfilment": "hidden",
        },
        rig=SIMPLE,
    ),
    Play(
        sales.simple_sale_with_lost_answers,
        cin7={
            "task_id_is_sale_id": True,
            "zero_guid_invoice_on_simple": "fills_first",
            "simple_fulfilment": "listed",
        },
        rig=SIMPLE,
    ),
    *(
        Play(
            sales.cents_that_cin7_counts_otherwise, cin7={"tax_check": check, "tax_calculation_method": method, **undo}
        )
        for check, method, undo in (
            ("accept", "Total", {}),
            ("recompute", "Total", {"undo_releases_allocation": True, "undo_disassembles_kits": False}),
            ("recompute", "Total", {"undo_releases_allocation": True, "undo_disassembles_kits": True}),
            ("recompute", "Total", {"undo_releases_allocation": False}),
            ("reject", "Line", {}),
            ("reject", "Total", {}),
        )
    ),
    Play(sales.sales_that_cin7_may_refuse, cin7={"unsellable_products": "accept", "maximum_lines": 50}),
    Play(sales.sales_that_cin7_may_refuse, cin7={"unsellable_products": "reject", "maximum_lines": 0}),
    *(
        Play(sales.customer_on_credit_hold, cin7={name: r})
        for name in ("credit_hold", "credit_limit")
        for r in ("reject", "accept")
    ),
    *(Play(sales.address_with_a_country_code_only, cin7={"country_format": one}) for one in ("name", "any")),
    *(Play(sales.web_customer_whose_answer_was_lost, cin7={"customer_name_unique": one}) for one in (False, True)),
    *(
        Play(
            sales.company_that_throttles,
            cin7={
                "throttle_style": style,
                "throttle_scope": scope,
                "retry_after_seconds": wait,
                "calls_per_minute": 60,
            },
            rig={"speed": 60.0},
        )
        for style, scope, wait in (("429", "account", 20), ("503", "application", 0), ("400", "account", 0))
    ),
    *(
        Play(
            stock.shelves_with_bins,
            cin7={
                "allocation_booked_on": booked,
                "on_order_per_bin": on_order,
                "deprecated_products_in_availability": first,
                "services_in_availability": not first,
                "special_locations_in_availability": first,
            },
        )
        for booked, on_order, first in (("binless_row", "repeated", True), ("bin_row", "first_row", False))
    ),
    *(Play(stock.kits_in_every_form, cin7={"kit_availability": one}) for one in ("computed", "row", "none")),
    *(
        Play(
            stock.batch_with_items_that_the_shop_refuses,
            bigcommerce={"inventory_batch": batch, "untracked_adjustment": untracked},
        )
        for batch, untracked in (("atomic", "refused"), ("partial", "ignored"), ("atomic", "applied"))
    ),
    Play(stock.safety_stock_at_the_shop, bigcommerce={"absolute_sets": "on_hand", "inventory_delay_seconds": 2}),
    *(
        Play(
            stock.batches_that_meet_on_their_way,
            bigcommerce={"bulk_overlap": overlap, "inventory_delay_spread": spread, "inventory_delay_seconds": 20},
            rig=ONE_BY_ONE,
        )
        for overlap, spread in (("harmless", 10), ("throttled", 0), ("wrong_result", 0))
    ),
    *(Play(stock.more_sold_than_there_is, bigcommerce={"sells_below_zero": one}) for one in (True, False)),
    *(
        Play(
            stock.orders_that_end_at_the_shop,
            bigcommerce={
                "cancel_restocks": first,
                "cancel_voids_payment": not first,
                "declined_order_holds_stock": not first,
            },
        )
        for first in (True, False)
    ),
    *(
        Play(
            orders.order_with_everything,
            bigcommerce={
                "order_total_includes_tenders": first,
                "fees_in_subtotal": first,
                "discount_amounts": "with_tax" if first else "as_entered",
                "taxes_name_their_line": first,
                "discounted_total_present": not first,
                "fee_cost_typo": not first,
                "empty_object_for_null": not first,
                "offline_orders_have_transactions": not first,
            },
            rig=PAID,
        )
        for first in (True, False)
    ),
    *(
        Play(
            orders.payment_captured_later,
            bigcommerce={"transaction_bumps_date_modified": one},
            cin7={"overpayment": "accept" if one else "reject"},
            rig=PAID,
        )
        for one in (True, False)
    ),
    *(
        Play(
            orders.refunded_in_part_and_shipped,
            bigcommerce={
                "refund_restocks": first,
                "refund_bumps_date_modified": first,
                "shipment_moves_refunded": not first,
                "payment_action_seconds": 2 if first else 30,
            },
        )
        for first in (True, False)
    ),
    *(
        Play(
            orders.boxes_that_stay_behind,
            cin7={
                "unshipped_boxes_listed": first,
                "updated_since_inclusive": first,
                "updated_since_moves_on_tracking": not first,
            },
            bigcommerce={
                "shipment_sets_status": first,
                "shipment_bumps_date_modified": first,
                "update_bumps_date_modified": first,
                "min_date_inclusive": first,
            },
        )
        for first in (True, False)
    ),
    *(
        Play(orders.shop_that_throttles, bigcommerce=readings)
        for readings in ({"throttle_form": "headers", "retry_after_seconds": 3}, {"throttle_form": "quota_left"})
    ),
    *(
        Play(
            orders.hooks_of_both_sides,
            cin7={
                "hook_event_type_header": not first,
                "hook_success": "2xx" if first else "200",
                "hook_keeps_events_while_inactive": not first,
            },
            bigcommerce={"webhooks_signed": first, "webhook_id_stable": first},
            rig=HOOKS_ALONE,
        )
        for first in (True, False)
    ),
    Play(orders.hooks_that_the_shop_does_not_take, bigcommerce={"hook_destinations": "https_443"}),
)


IN_SHORT = (sales.lost_header_among_strangers, orders.payment_captured_later, orders.boxes_that_stay_behind)
"""Stories of which the first play is part of the ordinary suite; all others are slow."""
FIRST = [next(play for play in PLAYS if play.story is story) for story in IN_SHORT]


@pytest.mark.parametrize(
    "play", [pytest.param(one, id=one.name, marks=() if one in FIRST else pytest.mark.slow) for one in PLAYS]
)
def test_story_ends_well_under_each_reading(tmp_path: Path, play: Play) -> None:
    with (
        rig(tmp_path, cin7_switches=play.cin7, bigcommerce_switches=play.bigcommerce, **play.rig) as trial,
        every_reading_asked(trial, play.cin7, play.bigcommerce),
    ):
        play.story(trial, {**play.cin7, **play.bigcommerce})
