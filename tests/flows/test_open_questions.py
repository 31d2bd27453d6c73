"""Each open question about a vendor in a story where it matters, under each of its readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import Harness, harness
from tests.flows.orders import sale_stories as sales
from tests.flows.orders import stories as orders
from tests.flows.stock import stories as stock
from tests.flows.switch_coverage import Readings, every_switch_read


@dataclass(frozen=True, slots=True)
class Play:
    """A story under readings that do not affect each other."""

    story: Callable[[Harness, Readings], None]
    cin7: Readings = field(default_factory=dict)
    bigcommerce: Readings = field(default_factory=dict)
    harness_options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the harness."""

    @property
    def name(self) -> str:
        readings = (f"{name}={value}" for name, value in {**self.cin7, **self.bigcommerce}.items())
        return f"{self.story.__name__}: {', '.join(readings)}"


PAID = {"post": "invoice_and_payment"}
SIMPLE = PAID | {"sale": 'type = "Simple"'}
ONE_BY_ONE = {"stock": "batch = 1"}
WEBHOOKS_ONLY = {
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
        harness_options=SIMPLE,
    ),
    Play(
        sales.simple_sale_with_lost_answers,
        cin7={
            "task_id_is_sale_id": True,
            "zero_guid_invoice_on_simple": "fills_first",
            "simple_fulfilment": "listed",
        },
        harness_options=SIMPLE,
    ),
    *(
        Play(
            sales.totals_that_cin7_computes_differently,
            cin7={"tax_check": check, "tax_calculation_method": method, **undo},
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
    *(Play(sales.address_with_a_country_code_only, cin7={"country_format": form}) for form in ("name", "any")),
    *(
        Play(sales.web_customer_whose_answer_was_lost, cin7={"customer_name_unique": is_unique})
        for is_unique in (False, True)
    ),
    *(
        Play(
            sales.company_that_throttles,
            cin7={
                "throttle_style": style,
                "throttle_scope": scope,
                "retry_after_seconds": wait,
                "calls_per_minute": 60,
            },
            harness_options={"speed": 60.0},
        )
        for style, scope, wait in (("429", "account", 20), ("503", "application", 0), ("400", "account", 0))
    ),
    *(
        Play(
            stock.stock_with_bins,
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
    *(Play(stock.kits_in_every_form, cin7={"kit_availability": form}) for form in ("computed", "row", "none")),
    *(
        Play(
            stock.batch_with_items_that_the_store_refuses,
            bigcommerce={"inventory_batch": batch, "untracked_adjustment": untracked},
        )
        for batch, untracked in (("atomic", "refused"), ("partial", "ignored"), ("atomic", "applied"))
    ),
    Play(stock.safety_stock_at_the_store, bigcommerce={"absolute_sets": "on_hand", "inventory_delay_seconds": 2}),
    *(
        Play(
            stock.overlapping_batches,
            bigcommerce={"bulk_overlap": overlap, "inventory_delay_spread": spread, "inventory_delay_seconds": 20},
            harness_options=ONE_BY_ONE,
        )
        for overlap, spread in (("harmless", 10), ("throttled", 0), ("wrong_result", 0))
    ),
    *(Play(stock.more_sold_than_there_is, bigcommerce={"sells_below_zero": sells}) for sells in (True, False)),
    *(
        Play(
            stock.orders_that_end_at_the_store,
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
            harness_options=PAID,
        )
        for first in (True, False)
    ),
    *(
        Play(
            orders.payment_captured_later,
            bigcommerce={"transaction_bumps_date_modified": bumps},
            cin7={"overpayment": "accept" if bumps else "reject"},
            harness_options=PAID,
        )
        for bumps in (True, False)
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
        Play(orders.store_that_throttles, bigcommerce=readings)
        for readings in ({"throttle_form": "headers", "retry_after_seconds": 3}, {"throttle_form": "quota_left"})
    ),
    *(
        Play(
            orders.webhooks_of_both_sides,
            cin7={
                "webhook_event_type_header": not first,
                "webhook_success": "2xx" if first else "200",
                "webhook_keeps_events_while_inactive": not first,
            },
            bigcommerce={"webhooks_signed": first, "webhook_id_stable": first},
            harness_options=WEBHOOKS_ONLY,
        )
        for first in (True, False)
    ),
    Play(orders.webhooks_that_the_store_refuses, bigcommerce={"webhook_destinations": "https_443"}),
)


IN_SHORT = (sales.lost_header_among_strangers, orders.payment_captured_later, orders.boxes_that_stay_behind)
"""Stories whose first play is in the default suite; all others are slow."""
FIRST = [next(play for play in PLAYS if play.story is story) for story in IN_SHORT]


@pytest.mark.parametrize(
    "play", [pytest.param(play, id=play.name, marks=() if play in FIRST else pytest.mark.slow) for play in PLAYS]
)
def test_story_ends_well_under_each_reading(tmp_path: Path, play: Play) -> None:
    with (
        harness(
            tmp_path, cin7_switches=play.cin7, bigcommerce_switches=play.bigcommerce, **play.harness_options
        ) as trial,
        every_switch_read(trial, play.cin7, play.bigcommerce),
    ):
        play.story(trial, {**play.cin7, **play.bigcommerce})
