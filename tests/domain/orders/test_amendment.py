"""What changed about a posted order, and what its sale does about it at each stage."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.builders import ADA, books, charge, line, order, paid, policy, tax_row
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.domain.orders.amendment import Part, Way, amendment, changes_between
from weighbridge.domain.orders.cancellation import Ending, cancellation
from weighbridge.domain.orders.order import Order
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, map_order, with_rounding
from weighbridge.domain.orders.sale_policy import CancelPolicy, Depth, EditPolicy
from weighbridge.domain.orders.sale_stage import Funds, Goods, Move, Paper, SaleKind, Stage, after, may, stages

MOVED = replace(ADA, street_1="9 Dam Rd", postcode="78702")
STAGES = [stage for kind in SaleKind for stage in stages(kind)]


def sale_of(wanted: Order) -> Sale:
    mapped = map_order(wanted, books(), policy())
    assert isinstance(mapped, Mapped), mapped
    return mapped.sale


def told(**changes: Any) -> list[str]:
    found = changes_between(sale_of(order()), sale_of(order(**changes)), "Rounding")
    return [str(change) for change in found]


@pytest.mark.parametrize(
    ("changes", "words"),
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
def test_change_is_told_in_plain_words(changes: dict[str, Any], words: list[str]) -> None:
    assert [one for one in told(**changes) if not one.startswith("payments")] == words


def test_another_payment_is_a_change_of_payments_alone() -> None:
    first = sale_of(order(tenders=(paid("10.00"),)))
    both = sale_of(order(tenders=(paid("10.00"), paid("23.50", id="t-2"))))
    (change,) = changes_between(first, both, "Rounding")
    assert (change.part, change.what) == (Part.PAYMENTS, "10.00 -> 33.50 received")
    stage = Stage(SaleKind.ADVANCED, Paper.AUTHORISED, Goods.SHIPPED, Funds.BILLED)
    assert amendment((change,), stage, EditPolicy.HOLD, Depth.INVOICE, "SO-1").way is Way.NOTHING


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
    """Where no change is told of, lines, charges and header are the same: nothing that changed goes unnoticed."""
    wanted = order(
        lines=(line(quantity=str(quantity), inc=str(Decimal(cents) / 100)),),
        charges=(charge(inc=str(Decimal(shipping) / 100)),),
        shipping=(MOVED if moved else ADA,),
    )
    plain = order(lines=(line(quantity="2", inc="27.50"),))
    before, now = sale_of(plain), sale_of(wanted)
    changes = [one for one in changes_between(before, now, "Rounding") if one.part is not Part.PAYMENTS]
    same = (before.lines, before.charges, before.shipping) == (now.lines, now.charges, now.shipping)
    assert (not changes) == same


GOODS_CHANGE = changes_between(
    sale_of(order()), sale_of(order(lines=(line(quantity="3", inc="41.25"),), taxes=(tax_row(1, "3.75"),))), "Rounding"
)
ADDRESS_CHANGE = changes_between(sale_of(order()), sale_of(order(shipping=(MOVED,))), "Rounding")


@pytest.mark.parametrize("allowed", EditPolicy)
@pytest.mark.parametrize("depth", Depth)
def test_every_way_is_open_where_it_is_taken(allowed: EditPolicy, depth: Depth) -> None:
    """Whatever the stage: no gate on the way is shut, nothing picked is touched, and who waits is told what to do."""
    for stage in STAGES:
        plan = amendment(GOODS_CHANGE, stage, allowed, depth, "SO-1")
        if plan.way is Way.HOLD:
            assert plan.finding is not None
            assert "SO-1" in plan.finding.expected
            continue
        assert plan.finding is None
        assert allowed is not EditPolicy.HOLD
        assert not stage.touched
        if plan.way is Way.REBILL:
            assert allowed is EditPolicy.REBILL
            billed = after(stage, Move.REMOVE_PAYMENT) if stage.paid else stage
            assert billed is not None
            unbilled = after(billed, Move.VOID_INVOICE)
            assert unbilled is not None
            stage = unbilled
        assert may(stage, Move.UNDO) or may(stage, Move.AUTHORISE)


@pytest.mark.parametrize(
    ("stage", "way", "kind", "owner"),
    [
        (Stage(SaleKind.SIMPLE, Paper.AUTHORISED), Way.AMEND, None, None),
        (Stage(SaleKind.SIMPLE, Paper.DRAFT), Way.AMEND, None, None),
        (Stage(SaleKind.SIMPLE, Paper.VOIDED), Way.HOLD, FindingKind.CHANGED_AFTER_POSTING, Owner.ECOMMERCE),
        (
            Stage(SaleKind.SIMPLE, Paper.AUTHORISED, Goods.PICKING),
            Way.HOLD,
            FindingKind.CHANGED_AFTER_PICKING,
            Owner.OPERATIONS,
        ),
        (
            Stage(SaleKind.ADVANCED, Paper.AUTHORISED, Goods.SHIPPED, Funds.PAID),
            Way.HOLD,
            FindingKind.CHANGED_AFTER_PICKING,
            Owner.OPERATIONS,
        ),
        (Stage(SaleKind.ADVANCED, Paper.AUTHORISED, funds=Funds.PAID), Way.REBILL, None, None),
        (
            Stage(SaleKind.SIMPLE, Paper.AUTHORISED, funds=Funds.BILLED),
            Way.HOLD,
            FindingKind.CHANGED_AFTER_BILLING,
            Owner.FINANCE,
        ),
        (
            Stage(SaleKind.ADVANCED, Paper.AUTHORISED, funds=Funds.CREDITED),
            Way.HOLD,
            FindingKind.CHANGED_AFTER_BILLING,
            Owner.FINANCE,
        ),
    ],
)
def test_changed_goods_at_each_stage(stage: Stage, way: Way, kind: FindingKind | None, owner: Owner | None) -> None:
    plan = amendment(GOODS_CHANGE, stage, EditPolicy.REBILL, Depth.INVOICE, "SO-1")
    assert plan.way is way
    assert (plan.finding and plan.finding.kind) == kind
    assert (plan.finding and plan.finding.owner) == owner


def test_address_alone_changes_the_header_of_billed_sales_too_until_somebody_picks() -> None:
    for funds in Funds:
        stage = Stage(SaleKind.ADVANCED, Paper.AUTHORISED, funds=funds)
        assert amendment(ADDRESS_CHANGE, stage, EditPolicy.AMEND, Depth.ORDER, "SO-1").way is Way.CHANGE_HEADER
    packed = Stage(SaleKind.ADVANCED, Paper.AUTHORISED, Goods.PACKED)
    assert amendment(ADDRESS_CHANGE, packed, EditPolicy.AMEND, Depth.ORDER, "SO-1").way is Way.HOLD


def test_sale_is_voided_only_where_cin7_lets_it_be_and_nobody_holds_goods() -> None:
    for stage in STAGES:
        plan = cancellation(stage, CancelPolicy.VOID, "SO-1")
        if plan.ending is Ending.VOID:
            assert may(stage, Move.VOID)
            assert not stage.touched
        elif plan.ending is Ending.HOLD:
            assert plan.finding is not None
            assert "SO-1" in plan.finding.expected
        else:
            assert stage.paper is Paper.VOIDED


def test_design_may_leave_every_cancellation_to_a_person() -> None:
    plan = cancellation(Stage(SaleKind.ADVANCED, Paper.AUTHORISED), CancelPolicy.HOLD, "SO-1")
    assert plan.finding is not None
    assert plan.finding.kind is FindingKind.CANCELLED_AFTER_POSTING
