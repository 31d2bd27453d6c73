"""Changes of a posted order, and how its sale is changed at each stage."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.builders import ADA, charge, line, order, paid, policy, reference_data, tax_row
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.amendment import AmendmentAction, ChangeKind, amendment, changes_between
from weighbridge.domain.orders.cancellation import CancellationAction, cancellation
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.rounding import with_rounding
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, map_order
from weighbridge.domain.orders.sale_policy import CancelPolicy, Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import (
    BillingStatus,
    DocumentStatus,
    FulfilmentStatus,
    Move,
    SaleKind,
    Stage,
    after,
    may,
    stages,
)

MOVED = replace(ADA, street_1="9 Dam Rd", postcode="78702")
STAGES = [stage for kind in SaleKind for stage in stages(kind)]


def sale_of(store_order: Order) -> Sale:
    mapped = map_order(store_order, reference_data(), policy())
    assert isinstance(mapped, Mapped), mapped
    return mapped.sale


def change_texts(**changes: Any) -> list[str]:
    return [str(change) for change in changes_between(sale_of(order()), sale_of(order(**changes)), "Rounding")]


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"lines": (line(quantity="3", inc="41.25"),), "taxes": (tax_row(1, "3.75"),)}, ["lines: MUG 2 -> 3"]),
        ({"lines": (line(), line(2, "TEA", "1", "4.00")), "taxes": (tax_row(1, "2.50"),)}, ["lines: TEA 0 -> 1"]),
        (
            {"lines": (line(inc="26.40"),), "taxes": (tax_row(1, "2.40"),)},
            ["prices: MUG 25.00 + 2.50 Sales Tax -> 24.00 + 2.40 Sales Tax"],
        ),
        ({"charges": (charge(inc="9.00"),)}, ["charges: Shipping 6.00 -> 9.00"]),
        ({"charges": ()}, ["charges: Shipping 6.00 -> none"]),
        ({"shipping": (MOVED,)}, ["shipping address: street 1, postcode"]),
        ({"billing": replace(ADA, email="a@example.com")}, ["contact: email"]),
        ({"coupon_codes": ("SPRING",)}, []),
        (
            {"shipping": (ADA, replace(MOVED, id=2))},
            ["remarks: MUG"],
        ),
    ],
)
def test_change_is_described_in_plain_text(changes: dict[str, Any], texts: list[str]) -> None:
    assert [text for text in change_texts(**changes) if not text.startswith("payments")] == texts


def test_another_payment_is_a_change_of_payments_alone() -> None:
    first = sale_of(order(tenders=(paid("10.00"),)))
    both = sale_of(order(tenders=(paid("10.00"), paid("23.50", id="t-2"))))
    (change,) = changes_between(first, both, "Rounding")
    assert (change.kind, change.description) == (ChangeKind.PAYMENTS, "10.00 -> 33.50 received")
    stage = Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, FulfilmentStatus.SHIPPED, BillingStatus.BILLED)
    assert amendment((change,), stage, EditPolicy.HOLD, Depth.INVOICE, "SO-1").action is AmendmentAction.NOTHING


def test_our_own_rounding_line_is_no_change() -> None:
    sale = sale_of(order())
    assert changes_between(with_rounding(sale, Decimal("0.01"), policy()), sale, "Rounding") == ()


@settings(deadline=None, max_examples=60)
@given(
    quantity=st.integers(1, 50),
    cents=st.integers(0, 100_000),
    shipping=st.integers(0, 5_000),
    moved=st.booleans(),
)
def test_sales_without_a_change_ask_for_the_same_documents(
    quantity: int, cents: int, shipping: int, moved: bool
) -> None:
    """Without a change, lines, charges and shipping address are the same: no change goes unnoticed."""
    edited = order(
        lines=(line(quantity=str(quantity), inc=str(Decimal(cents) / 100)),),
        charges=(charge(inc=str(Decimal(shipping) / 100)),),
        shipping=(MOVED if moved else ADA,),
    )
    plain = order(lines=(line(quantity="2", inc="27.50"),))
    before, now = sale_of(plain), sale_of(edited)
    changes = [change for change in changes_between(before, now, "Rounding") if change.kind is not ChangeKind.PAYMENTS]
    is_same = (before.lines, before.charges, before.shipping) == (now.lines, now.charges, now.shipping)
    assert (not changes) == is_same


GOODS_CHANGE = changes_between(
    sale_of(order()), sale_of(order(lines=(line(quantity="3", inc="41.25"),), taxes=(tax_row(1, "3.75"),))), "Rounding"
)
ADDRESS_CHANGE = changes_between(sale_of(order()), sale_of(order(shipping=(MOVED,))), "Rounding")


@pytest.mark.parametrize("allowed", EditPolicy)
@pytest.mark.parametrize("depth", Depth)
def test_every_amendment_action_is_allowed_at_the_stage_it_is_chosen_for(allowed: EditPolicy, depth: Depth) -> None:
    """At every stage, Cin7 allows all moves of the action, nothing picked is changed, and a hold says what to do."""
    for stage in STAGES:
        plan = amendment(GOODS_CHANGE, stage, allowed, depth, "SO-1")
        if plan.action is AmendmentAction.HOLD:
            assert plan.finding is not None
            assert "SO-1" in plan.finding.expected
            continue
        assert plan.finding is None
        assert allowed is not EditPolicy.HOLD
        assert not stage.has_fulfilment_started
        if plan.action is AmendmentAction.REBILL:
            assert allowed is EditPolicy.REBILL
            billed = after(stage, Move.REMOVE_PAYMENT) if stage.is_paid else stage
            assert billed is not None
            unbilled = after(billed, Move.VOID_INVOICE)
            assert unbilled is not None
            stage = unbilled
        assert may(stage, Move.UNDO) or may(stage, Move.AUTHORISE)


@pytest.mark.parametrize(
    ("stage", "action", "kind", "owner"),
    [
        (Stage(SaleKind.SIMPLE, DocumentStatus.AUTHORISED), AmendmentAction.AMEND, None, None),
        (Stage(SaleKind.SIMPLE, DocumentStatus.DRAFT), AmendmentAction.AMEND, None, None),
        (
            Stage(SaleKind.SIMPLE, DocumentStatus.VOIDED),
            AmendmentAction.HOLD,
            FindingKind.CHANGED_AFTER_POSTING,
            Owner.ECOMMERCE,
        ),
        (
            Stage(SaleKind.SIMPLE, DocumentStatus.AUTHORISED, FulfilmentStatus.PICKING),
            AmendmentAction.HOLD,
            FindingKind.CHANGED_AFTER_PICKING,
            Owner.OPERATIONS,
        ),
        (
            Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, FulfilmentStatus.SHIPPED, BillingStatus.PAID),
            AmendmentAction.HOLD,
            FindingKind.CHANGED_AFTER_PICKING,
            Owner.OPERATIONS,
        ),
        (
            Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, billing=BillingStatus.PAID),
            AmendmentAction.REBILL,
            None,
            None,
        ),
        (
            Stage(SaleKind.SIMPLE, DocumentStatus.AUTHORISED, billing=BillingStatus.BILLED),
            AmendmentAction.HOLD,
            FindingKind.CHANGED_AFTER_BILLING,
            Owner.FINANCE,
        ),
        (
            Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, billing=BillingStatus.CREDITED),
            AmendmentAction.HOLD,
            FindingKind.CHANGED_AFTER_BILLING,
            Owner.FINANCE,
        ),
    ],
)
def test_changed_goods_at_each_stage(
    stage: Stage, action: AmendmentAction, kind: FindingKind | None, owner: Owner | None
) -> None:
    plan = amendment(GOODS_CHANGE, stage, EditPolicy.REBILL, Depth.INVOICE, "SO-1")
    assert plan.action is action
    assert (plan.finding and plan.finding.kind) == kind
    assert (plan.finding and plan.finding.owner) == owner


def test_address_change_updates_the_header_of_billed_sales_too_until_picking_starts() -> None:
    for billing in BillingStatus:
        stage = Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, billing=billing)
        assert (
            amendment(ADDRESS_CHANGE, stage, EditPolicy.AMEND, Depth.ORDER, "SO-1").action
            is AmendmentAction.CHANGE_HEADER
        )
    packed = Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED, FulfilmentStatus.PACKED)
    assert amendment(ADDRESS_CHANGE, packed, EditPolicy.AMEND, Depth.ORDER, "SO-1").action is AmendmentAction.HOLD


def test_sale_is_voided_only_where_cin7_allows_it_and_nothing_is_picked() -> None:
    for stage in STAGES:
        plan = cancellation(stage, CancelPolicy.VOID, "SO-1")
        if plan.action is CancellationAction.VOID:
            assert may(stage, Move.VOID)
            assert not stage.has_fulfilment_started
        elif plan.action is CancellationAction.HOLD:
            assert plan.finding is not None
            assert "SO-1" in plan.finding.expected
        else:
            assert stage.document is DocumentStatus.VOIDED


def test_design_may_leave_every_cancellation_to_a_person() -> None:
    plan = cancellation(Stage(SaleKind.ADVANCED, DocumentStatus.AUTHORISED), CancelPolicy.HOLD, "SO-1")
    assert plan.finding is not None
    assert plan.finding.kind is FindingKind.CANCELLED_AFTER_POSTING
