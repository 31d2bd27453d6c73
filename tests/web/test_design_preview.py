"""A change of the design is tried on stored orders before anybody agrees on it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.browser.furnished import furnished
from tests.flows.harness import Rig
from tests.web.installation import House
from tests.web.test_api import api
from tests.web.test_refund_history import words
from weighbridge.design.overrides import DesignChange, overridden
from weighbridge.domain.values.money import Money
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.stored_answers import KeptAnswer, stored_order
from weighbridge.queries.design_preview import Redesign, redesign_of

D = Decimal


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Rig]]:
    """Five orders crossed; three wait for the SKU of a vase."""
    with furnished(tmp_path_factory.mktemp("redesign")) as both:
        yield both


def tried(home: House, setting: str, key: str, value: str) -> Redesign:
    design = home.office.connections["main"].design
    changed = overridden(design, [DesignChange(setting, key, value)])
    return home.do(lambda office: redesign_of(office, "main", design, changed))


def test_a_mapped_sku_lets_its_orders_pass_and_leaves_the_others_alone(place: tuple[House, Rig]) -> None:
    found = tried(place[0], "skus", "VASE-BLUE", "MUG")
    assert [one.number for one in found.would_pass] == ["104", "105", "106"]
    assert found.money_that_passes == (Money(D("387.68"), "USD"),), "what Today says is at risk"
    assert (found.past, found.unchanged, found.shifts, found.unreadable) == (5, 5, (), 0)


def test_a_sku_that_the_books_do_not_know_helps_nobody(place: tuple[House, Rig]) -> None:
    found = tried(place[0], "skus", "VASE-BLUE", "VASE-GREEN")
    assert (found.would_pass, found.still_held_in_all) == ((), 3)
    assert "VASE-GREEN" in found.still_held[0].why


def test_another_account_moves_the_money_that_its_tender_brought(place: tuple[House, Rig]) -> None:
    home, trial = place
    paid = sum(D(str(trial.order(number)["total_inc_tax"])) for number in (100, 101, 102, 103, 107))
    found = tried(home, "payments.accounts", "credit_card", "095")
    assert (found.would_pass, found.unchanged, found.differing_in_all) == ((), 0, 5)
    assert [(one.place, one.name, one.before, one.after) for one in found.shifts] == [
        ("account", "091", paid, 0),
        ("account", "095", 0, paid),
    ]


def test_another_sku_moves_goods_and_money_from_product_to_product(place: tuple[House, Rig]) -> None:
    found = tried(place[0], "skus", "TEA", "MUG")
    by_name = {one.name: one for one in found.shifts if one.place == "product"}
    assert (by_name["TEA"].units_before, by_name["TEA"].units_after) == (D(12_012), D(0))
    assert (by_name["MUG"].units_before, by_name["MUG"].units_after) == (D(8), D(12_020))
    assert by_name["TEA"].difference + by_name["MUG"].difference == 0, "no cent is made or lost"


def test_a_tax_rule_that_the_books_do_not_have_would_stop_what_crossed(place: tuple[House, Rig]) -> None:
    found = tried(place[0], "tax.rules", "Sales Tax", "Moon rule")
    assert (found.stopped_in_all, found.unchanged, found.differing_in_all) == (4, 1, 0), "tea is not taxed"
    assert "Moon rule" in found.stopped[0].why


def test_nothing_is_called_or_written_by_a_trial(place: tuple[House, Rig]) -> None:
    home, trial = place

    async def stand(journal: Journal) -> list[object]:
        return [*await journal.transfers.select(transfers.c.flow == "orders")]

    before = home.do(lambda office: stand(office.journal)), trial.twins.calls("bigcommerce"), trial.twins.calls("cin7")
    tried(home, "skus", "VASE-BLUE", "MUG")
    after = home.do(lambda office: stand(office.journal)), trial.twins.calls("bigcommerce"), trial.twins.calls("cin7")
    assert before == after


def test_the_page_tells_the_trial_before_anybody_agrees(place: tuple[House, Rig]) -> None:
    home, _ = place
    with home.as_("vera") as vera:
        sku = words(vera.get("/design?setting=skus&key=VASE-BLUE&value=MUG").text)
        account = words(vera.get("/design?setting=payments.accounts&key=credit_card&value=095").text)
        tax = words(vera.get("/design?setting=tax.rules&key=Sales Tax&value=Moon rule").text)
        owner = words(vera.get("/design?setting=owners&key=sku_unknown&value=finance").text)
    assert "3 of 3 orders would pass, 387.68 USD 104 , 105 , 106" in sku
    assert "The last 5 orders that crossed 5 would become the same sale" in sku
    assert "Your role (viewer) leaves this to others." in sku
    assert "5 orders would become another sale" in account
    assert "account 095 0.00 USD 48,186.24 USD +48,186.24 USD" in account
    assert "4 orders would be held" in tax
    assert "no order would become another sale" in owner
    assert "SKU VASE-BLUE is not in Cin7" in owner, "the exceptions that would change hands"


def test_a_page_tries_few_orders_and_many_when_it_is_asked_to(place: tuple[House, Rig]) -> None:
    home, _ = place
    address = "/design?setting=skus&key=VASE-BLUE&value=MUG"
    asked = {"setting": "skus", "key": "VASE-BLUE", "value": "MUG"}
    with home.as_("vera") as vera:
        few, many = vera.get(f"{address}&most=2").text, vera.get(f"{address}&most=500").text
        told = vera.get(f"{address}&most=501").status_code
    with api(home, "vera") as program:
        tried = program.post("/design/main/preview?most=2", json=asked).json()["tried"]
    assert "The last 2 orders that crossed" in words(few)
    assert f"{address.replace('&', '&amp;').replace('?', '?connection=main&amp;')}&amp;most=500" in few
    assert "The last 5 orders that crossed" in words(many)
    assert "Try it on" not in words(many)
    assert told == 422
    assert (tried["most"], tried["past"], tried["unchanged"], len(tried["would_pass"])) == (2, 2, 2, 2)


def test_an_order_of_which_not_all_is_kept_is_left_out(place: tuple[House, Rig]) -> None:
    async def kept(journal: Journal) -> list[KeptAnswer]:
        transfer = await journal.transfers.find("main", "orders", "104")
        assert transfer is not None
        return [
            KeptAnswer(*one) for one in (await journal.exchanges.answers([transfer.id], "bigcommerce"))[transfer.id]
        ]

    answers = place[0].do(lambda office: kept(office.journal))
    whole = stored_order(answers)
    assert whole is not None
    assert [line.sku for line in whole.lines] == ["VASE-BLUE", "MUG"]
    assert stored_order([one for one in answers if "/taxes" not in one.url]) is None
    assert stored_order([KeptAnswer(one.url, one.body[:-5]) for one in answers]) is None
