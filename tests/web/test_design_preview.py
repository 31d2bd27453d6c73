"""A design change is previewed on stored orders before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.browser.sample_data import installation_with_sample_data
from tests.flows.harness import Harness
from tests.web.installation import RunningInstallation
from tests.web.test_api import api
from tests.web.test_refund_history import visible_text
from weighbridge.design.overrides import DesignChange, overridden
from weighbridge.domain.values.money import Money
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.platforms.bigcommerce.stored_answers import StoredAnswer, stored_order
from weighbridge.queries.design_preview import DesignPreview, preview_design

D = Decimal


@pytest.fixture(scope="module")
def installation_with_orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningInstallation, Harness]]:
    """Five posted orders, and three that are held for the SKU of a vase."""
    with installation_with_sample_data(tmp_path_factory.mktemp("design-preview")) as served:
        yield served


def preview_change(installation: RunningInstallation, setting: str, key: str, value: str) -> DesignPreview:
    design = installation.app.connections["main"].design
    changed = overridden(design, [DesignChange(setting, key, value)])
    return installation.do(lambda app: preview_design(app, "main", design, changed))


def test_a_mapped_sku_lets_only_its_own_orders_pass(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    preview = preview_change(installation_with_orders[0], "skus", "VASE-BLUE", "MUG")
    assert [order.number for order in preview.would_pass] == ["104", "105", "106"]
    assert preview.money_that_passes == (Money(D("387.68"), "USD"),), "what Today says is at risk"
    assert (preview.posted, preview.unchanged, preview.shifts, preview.unreadable) == (5, 5, (), 0)


def test_a_sku_unknown_to_cin7_lets_no_order_pass(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    preview = preview_change(installation_with_orders[0], "skus", "VASE-BLUE", "VASE-GREEN")
    assert (preview.would_pass, preview.still_held_total) == ((), 3)
    assert "VASE-GREEN" in preview.still_held[0].why


def test_another_account_moves_the_money_of_its_tender(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    home, trial = installation_with_orders
    paid = sum(D(str(trial.order(number)["total_inc_tax"])) for number in (100, 101, 102, 103, 107))
    preview = preview_change(home, "payments.accounts", "credit_card", "095")
    assert (preview.would_pass, preview.unchanged, preview.differing_total) == ((), 0, 5)
    assert [(shift.dimension, shift.name, shift.before, shift.after) for shift in preview.shifts] == [
        ("account", "091", paid, 0),
        ("account", "095", 0, paid),
    ]


def test_another_sku_moves_goods_and_money_from_product_to_product(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    preview = preview_change(installation_with_orders[0], "skus", "TEA", "MUG")
    by_name = {shift.name: shift for shift in preview.shifts if shift.dimension == "product"}
    assert (by_name["TEA"].units_before, by_name["TEA"].units_after) == (D(12_012), D(0))
    assert (by_name["MUG"].units_before, by_name["MUG"].units_after) == (D(8), D(12_020))
    assert by_name["TEA"].difference + by_name["MUG"].difference == 0, "no cent is made or lost"


def test_a_tax_rule_unknown_to_cin7_would_hold_posted_orders(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    preview = preview_change(installation_with_orders[0], "tax.rules", "Sales Tax", "Moon rule")
    assert (preview.stopped_total, preview.unchanged, preview.differing_total) == (4, 1, 0), "tea is not taxed"
    assert "Moon rule" in preview.stopped[0].why


def test_a_preview_calls_and_writes_nothing(installation_with_orders: tuple[RunningInstallation, Harness]) -> None:
    home, trial = installation_with_orders

    async def stored_orders(repositories: Repositories) -> list[object]:
        return [*await repositories.transfers.select(transfers.c.flow == "orders")]

    before = (
        home.do(lambda app: stored_orders(app.repositories)),
        trial.twins.calls("bigcommerce"),
        trial.twins.calls("cin7"),
    )
    preview_change(home, "skus", "VASE-BLUE", "MUG")
    after = (
        home.do(lambda app: stored_orders(app.repositories)),
        trial.twins.calls("bigcommerce"),
        trial.twins.calls("cin7"),
    )
    assert before == after


def test_the_page_shows_the_preview_before_the_change(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    home, _ = installation_with_orders
    with home.signed_in_as("vera") as vera:
        sku = visible_text(vera.get("/design?setting=skus&key=VASE-BLUE&value=MUG").text)
        account = visible_text(vera.get("/design?setting=payments.accounts&key=credit_card&value=095").text)
        tax = visible_text(vera.get("/design?setting=tax.rules&key=Sales Tax&value=Moon rule").text)
        owner = visible_text(vera.get("/design?setting=owners&key=sku_unknown&value=finance").text)
    assert "3 of 3 orders would be posted, 387.68 USD 104 , 105 , 106" in sku
    assert "The last 5 posted orders 5 would become the same sale" in sku
    assert "Your role (viewer) does not allow this change." in sku
    assert "5 orders would become a different sale" in account
    assert "account 095 0.00 USD 48,186.24 USD +48,186.24 USD" in account
    assert "4 orders would be held" in tax
    assert "This entry does not change sales." in owner
    assert "SKU VASE-BLUE is not in Cin7" in owner, "the exceptions that would change their owner"


def test_a_page_previews_few_orders_and_more_on_request(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    home, _ = installation_with_orders
    address = "/design?setting=skus&key=VASE-BLUE&value=MUG"
    body = {"setting": "skus", "key": "VASE-BLUE", "value": "MUG"}
    with home.signed_in_as("vera") as vera:
        few, many = vera.get(f"{address}&most=2").text, vera.get(f"{address}&most=500").text
        too_many = vera.get(f"{address}&most=501").status_code
    with api(home, "vera") as program:
        preview = program.post("/design/main/preview?most=2", json=body).json()["preview"]
    assert "The last 2 posted orders" in visible_text(few)
    assert f"{address.replace('&', '&amp;').replace('?', '?connection=main&amp;')}&amp;most=500" in few
    assert "The last 5 posted orders" in visible_text(many)
    assert "Preview on" not in visible_text(many)
    assert too_many == 422
    assert (preview["most"], preview["posted"], preview["unchanged"], len(preview["would_pass"])) == (2, 2, 2, 2)


def test_an_order_with_missing_answers_is_left_out(
    installation_with_orders: tuple[RunningInstallation, Harness],
) -> None:
    async def stored_answers(repositories: Repositories) -> list[StoredAnswer]:
        transfer = await repositories.transfers.find("main", "orders", "104")
        assert transfer is not None
        return [
            StoredAnswer(*row)
            for row in (await repositories.http_log.answers([transfer.id], "bigcommerce"))[transfer.id]
        ]

    answers = installation_with_orders[0].do(lambda app: stored_answers(app.repositories))
    whole = stored_order(answers)
    assert whole is not None
    assert [line.sku for line in whole.lines] == ["VASE-BLUE", "MUG"]
    assert stored_order([answer for answer in answers if "/taxes" not in answer.url]) is None
    assert stored_order([StoredAnswer(answer.url, answer.body[:-5]) for answer in answers]) is None
