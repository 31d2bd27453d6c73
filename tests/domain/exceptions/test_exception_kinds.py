"""The catalogue of exceptions has an entry for every finding kind, and the same cause is the same exception."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.exceptions.cause import LONGEST_CAUSE, ObjectStatus, causes_of, shortened, without_numbers
from weighbridge.domain.exceptions.kind import LONGEST_TITLE, USER_SIGN_OFF, field_label
from weighbridge.domain.exceptions.kinds import CATALOGUE, ExceptionKind, Grouping, Playbook
from weighbridge.domain.findings.finding import Finding, hold, note, reject
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.persistence.repositories.transfers import stored_finding

HELD = ObjectStatus("orders", "100", "held", "", "", "ecommerce", ())


def held_for(*findings: Finding, key: str = "100", state: str = "held") -> ObjectStatus:
    stored = [stored_finding(finding) for finding in findings]
    return replace(HELD, key=key, state=state, reason_kind=stored[0]["kind"] if stored else "", findings=stored)


@pytest.mark.parametrize("kind", FindingKind)
def test_every_finding_kind_has_an_exception_kind(kind: FindingKind) -> None:
    entry = CATALOGUE[kind]
    assert entry.kind is kind
    for text in (entry.title, entry.cause, entry.blocks, entry.advice, entry.proof):
        assert text.strip() == text != ""
    assert entry.playbooks, "every kind has at least one safe action"
    assert entry.within.total_seconds() > 0


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.kind)
def test_kinds_with_the_accept_playbook_name_sign_off_as_proof(entry: ExceptionKind) -> None:
    accepts = Playbook.ACCEPT in entry.playbooks
    assert accepts == (USER_SIGN_OFF in entry.proof)


def test_kinds_that_are_only_noted_are_never_opened_by_a_note() -> None:
    assert [kind for kind, entry in CATALOGUE.items() if entry.only_noted and entry.from_note] == []


def test_orders_with_one_unknown_sku_have_one_cause_whatever_their_line() -> None:
    first = causes_of(held_for(hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "MUG-9", "a SKU")))
    second = causes_of(held_for(hold(FindingKind.SKU_UNKNOWN, "lines[4].sku", "MUG-9", "a SKU"), key="101"))
    other = causes_of(held_for(hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "MUG-8", "a SKU")))
    assert [cause.identity for cause in first] == [cause.identity for cause in second]
    assert [cause.identity for cause in first] != [cause.identity for cause in other]


def test_two_lines_with_one_unknown_sku_are_one_cause_and_two_skus_are_two() -> None:
    three = (("lines[0].sku", "A"), ("lines[1].sku", "A"), ("lines[2].sku", "B"))
    causes = causes_of(held_for(*(hold(FindingKind.SKU_UNKNOWN, field, sku, "a SKU") for field, sku in three)))
    assert [cause.name for cause in causes] == ["A", "B"]
    assert causes[0].field == "lines[0].sku"


def test_notes_of_an_order_that_passed_are_no_exception_unless_their_kind_says_so() -> None:
    dropped = note(FindingKind.EMPTY_LINE_DROPPED, "lines[1].quantity", 0, "a quantity")
    backordered = note(FindingKind.BACKORDERED, "sale.MUG", 2, "stock")
    assert causes_of(held_for(dropped, state="posted")) == ()
    causes = causes_of(held_for(dropped, backordered, state="posted"))
    assert [cause.kind for cause in causes] == [FindingKind.BACKORDERED]


def test_orders_with_exhausted_retries_on_one_platform_are_one_exception() -> None:
    names = {
        causes_of(replace(HELD, key=key, reason_kind="retries_exhausted", reason=f"unreachable after {n} tries: x"))[
            0
        ].name
        for key, n in (("1", 3), ("2", 10))
    }
    assert names == {"the platform could not be reached"}


def test_an_old_finding_does_not_hide_why_the_order_stopped_now() -> None:
    old = stored_finding(hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "A", "a SKU"))
    stopped = replace(HELD, reason_kind="refused_by_cin7", reason="cin7 refused: Period is locked", findings=[old])
    assert [cause.kind for cause in causes_of(stopped)] == [FindingKind.REFUSED_BY_CIN7]


def test_the_same_refusal_of_different_orders_is_one_exception() -> None:
    first, second = (
        "cin7 refused: Sale SO-00012 (2d1f6d8e-7a44-4f7b-9d34-1c1f4f6f0001) is locked until 2026-03-01",
        "cin7 refused: Sale SO-00931 (2d1f6d8e-7a44-4f7b-9d34-1c1f4f6f0999) is locked until 2026-03-01",
    )
    assert without_numbers(first) == without_numbers(second)
    assert without_numbers("cin7 refused: Account not found") == "cin7 refused: Account not found"


def test_nothing_waits_once_an_order_is_posted() -> None:
    unknown = hold(FindingKind.SKU_UNKNOWN, "lines[0].sku", "A", "a SKU")
    assert causes_of(held_for(unknown, state="posted")) == ()


@settings(deadline=None)
@given(st.sampled_from(list(FindingKind)), st.text(max_size=600), st.text(max_size=80), st.text(max_size=160))
def test_any_finding_fits_the_tables(kind: FindingKind, value: str, field: str, key: str) -> None:
    (cause,) = causes_of(held_for(reject(kind, field, value, "x"), key=key, state="rejected"))
    assert 0 < len(cause.name) <= LONGEST_CAUSE
    assert len(cause.entry.title_for(cause.field, cause.value, key)) <= LONGEST_TITLE


@settings(deadline=None)
@given(st.text(min_size=LONGEST_CAUSE + 1, max_size=400), st.text(min_size=LONGEST_CAUSE + 1, max_size=400))
def test_two_long_causes_stay_two(first: str, second: str) -> None:
    assert (shortened(first) == shortened(second)) == (first == second)


@settings(deadline=None)
@given(st.sampled_from([k for k, e in CATALOGUE.items() if e.grouping is Grouping.VALUE]), st.text(max_size=90))
def test_a_cause_by_value_is_the_same_for_every_object_that_shows_the_value(kind: FindingKind, value: str) -> None:
    orders = [causes_of(held_for(hold(kind, f"lines[{n}].x", value, "x"), key=str(n)))[0].name for n in (1, 2)]
    assert (orders[0] == orders[1]) == bool(value.strip())


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("lines[0].sku", "line 1, SKU"),
        ("shipping_addresses[1].city", "shipping address 2, city"),
        ("order.billing.street_1", "billing, street 1"),
        ("refund.total_amount", "refund, total amount"),
        ("sale.TEA_01.B", "TEA_01.B"),
        ("charges.handling", "handling"),
        ("transactions[501]", "transaction 501"),
        ("refund.payments[77].provider_id", "refund, payment 77, provider number"),
        ("design.stock.fast_lane", "design.stock.fast_lane"),
        ("level of MUG in the store", "level of MUG in the store"),
    ],
)
def test_field_paths_have_readable_labels(field: str, label: str) -> None:
    assert field_label(field) == label
