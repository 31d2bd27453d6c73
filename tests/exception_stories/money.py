"""Stories of money: tax, tenders, charges, currencies, totals. Every sale of this setting is invoiced and paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.exception_stories.actions import map_payment, map_tax, retry
from tests.exception_stories.story import (
    FINANCE,
    POSTED,
    Noted,
    Setting,
    Story,
    corruption_cleared,
    one_sale,
    order,
    orders_misread,
)
from tests.flows.harness import ORDERS, Harness, harness
from weighbridge.domain.findings.kind import FindingKind

MOON, COUNTY, RIVER = 11, 12, 13
"""Tax classes of the store, each with a separate tax."""
CUSTOMERS = 'customers = { USD = "Web customer USD" }'
FILE = {
    '"Sales Tax" = "Tax on Sales" }': '"Sales Tax" = "Tax on Sales", "County Tax" = "County", "River Tax" = "River" }',
    'gift_certificate = "093", ': "",
}
"""The design has no account for gift certificates, and does not map the Moon Tax."""
ORDER_DOCUMENT = {"method": "POST", "path": "(?i)/v2/sale/order$"}


def taxes(trial: Harness) -> None:
    """The store charges 5 % in three tax classes; Cin7 computes tax itself, with a wrong rate for rule River."""
    classes = [
        {"id": number, "name": name, "rates": [{"name": f"{name} Tax", "rate": "5"}]}
        for number, name in ((MOON, "Moon"), (COUNTY, "County"), (RIVER, "River"))
    ]
    before = trial.twins.run(lambda: trial.twins.bigcommerce.store.settings["tax_classes"])
    trial.twins.act("bigcommerce", "settings", {"tax_classes": [*before, *classes]})
    rules = [{"name": "Five", "percent": 5}, {"name": "River", "percent": 50}]
    trial.twins.act("cin7", "seed", {"tax_rules": rules})


BILLED = Setting(
    "money",
    lambda folder: harness(
        folder,
        post="invoice_and_payment",
        sale='handling_product = "Handling fees"',
        file=FILE,
        cin7_switches={"tax_check": "recompute"},
    ),
    taxes,
)


def taxed(tax_class: int) -> Any:
    """An order with one line of this tax class."""
    return order(lines=[{"sku": "MUG", "quantity": 2, "price": "40.00", "tax_class_id": tax_class}], shipping_cost="0")


def billed(trial: Harness, key: str) -> dict[str, Any]:
    """The order has one live sale, equal to the cent, invoiced and paid."""
    sale, total = one_sale(trial, key), trial.order(int(key))["total_inc_tax"]
    assert [(row["Status"], Decimal(str(row["Total"]))) for row in sale["invoices"]] == [("PAID", total)]
    assert sum(Decimal(str(row["Amount"])) for row in sale["payments"]) == total
    return sale


def taxed_by(rule: str) -> Any:
    def ends(trial: Harness, key: str) -> None:
        assert [line["TaxRule"] for line in billed(trial, key)["order"]["Lines"]] == [rule]

    return ends


def paid_into(account: str, amount: str) -> Any:
    def ends(trial: Harness, key: str) -> None:
        paid = {payment["Account"]: Decimal(str(payment["Amount"])) for payment in billed(trial, key)["payments"]}
        assert paid[account] == Decimal(amount)

    return ends


def billed_in(currency: str) -> Any:
    def ends(trial: Harness, key: str) -> None:
        assert billed(trial, key)["header"]["CustomerCurrency"] == currency

    return ends


def francs_are_sold(trial: Harness, key: str) -> None:
    """Finance adds a customer for the currency to the file."""
    trial.edit_file(CUSTOMERS, 'customers = { USD = "Web customer USD", CHF = "Web customer CHF" }')


def rule_is_put_right(trial: Harness, key: str) -> None:
    trial.twins.act("cin7", "seed", {"tax_rules": [{"name": "River", "percent": 5}]})


def handling_is_a_service(trial: Harness, key: str) -> None:
    trial.twins.act(
        "cin7", "seed", {"products": [{"sku": "Handling fees", "name": "Handling fees", "type": "Service"}]}
    )


def certificate(trial: Harness, key: str) -> str:
    """The field of the gift certificate in the store's order."""
    rows = trial.twins.run(lambda: list(trial.twins.bigcommerce.store.orders[int(key)].transactions))
    return next(f"transactions[{row['id']}]" for row in rows if row["method"] == "gift_certificate")


def total_misread(trial: Harness) -> str:
    """Cin7 returns another total than that of its document."""
    order_id = trial.place(lines=[{"sku": "TEA", "quantity": 11}])
    match = ORDER_DOCUMENT | {"contains": '"Quantity":11'}
    rule = {"fault": "mutate", "path": "Total", "set": 1.23, "match": match, "times": 1}
    trial.twins.fault("cin7", rule)
    return str(order_id)


def count_undone(trial: Harness, key: str) -> int:
    """How often the order document was undone in Cin7."""
    sale_id = billed(trial, key)["id"]
    calls = [call for call in trial.twins.calls("cin7", path="/sale") if call["method"] == "DELETE"]
    return len([call for call in calls if sale_id in str(call)])


def tax_recalculated(trial: Harness, key: str) -> None:
    taxed_by("River")(trial, key)
    assert count_undone(trial, key) == 1


def left_unchanged(trial: Harness, key: str) -> None:
    assert count_undone(trial, key) == 0


def disputed(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "set_status", {"order_id": int(key), "status_id": 13})


def settled(trial: Harness, key: str) -> None:
    trial.twins.act("bigcommerce", "set_status", {"order_id": int(key), "status_id": 11})


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.TAX_UNMAPPED,
        setting=BILLED,
        cause=taxed(MOON),
        title="Tax Moon Tax of the store has no tax rule in Cin7",
        owner="finance",
        field="lines[0].tax",
        value="Moon Tax",
        action=map_tax("Five", "same rate as the county"),
        proof=POSTED,
        ends=taxed_by("Five"),
        everyday=True,
    ),
    Story(
        kind=FindingKind.TAX_RULE_MISSING,
        setting=BILLED,
        cause=taxed(COUNTY),
        title="Tax rule County is not an active sales rule in Cin7",
        owner="finance",
        field="lines[0].tax",
        value="County",
        fix=lambda trial, key: trial.twins.act("cin7", "seed", {"tax_rules": [{"name": "County", "percent": 5}]}),
        action=retry(FINANCE),
        proof=POSTED,
        ends=taxed_by("County"),
    ),
    Story(
        kind=FindingKind.TAX_DOES_NOT_ADD_UP,
        setting=BILLED,
        cause=orders_misread(set={"total_tax": "1.00"}),
        title="The tax of order {key} does not add up",
        owner="finance",
        field="taxes",
        value="2.0600 over 1 tax rows",
        fix=corruption_cleared,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed,
    ),
    Story(
        kind=FindingKind.CURRENCY_UNKNOWN,
        setting=BILLED,
        cause=order(currency="CHF", exchange_rate="0.80"),
        title="Currency CHF cannot be posted",
        owner="finance",
        field="currency",
        value="CHF",
        fix=francs_are_sold,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed_in("CHF"),
    ),
    Story(
        kind=FindingKind.TOTALS_DO_NOT_ADD_UP,
        setting=BILLED,
        cause=orders_misread(set={"total_inc_tax": "60.0000"}),
        title="The totals of order {key} do not add up",
        owner="finance",
        money="60.00 USD",
        field="total_inc_tax",
        value="60.00 USD",
        fix=corruption_cleared,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed,
    ),
    Story(
        kind=FindingKind.CHARGE_UNMAPPED,
        setting=BILLED,
        cause=order(handling_cost="4.00"),
        title="The charge for handling has no product in Cin7: Handling fees",
        owner="finance",
        field="charges.handling",
        value="Handling fees",
        fix=handling_is_a_service,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed,
    ),
    Story(
        kind=FindingKind.PAYMENT_UNMAPPED,
        setting=BILLED,
        cause=order(gift_certificate="10.00"),
        title="Payments have no account in Cin7: gift_certificate by giftcertificate",
        owner="finance",
        field=certificate,
        value="gift_certificate by giftcertificate",
        action=map_payment("093", "gift_certificate", "as in the old store"),
        proof=POSTED,
        ends=paid_into("093", "10.00"),
    ),
    Story(
        kind=FindingKind.PAYMENTS_DO_NOT_ADD_UP,
        setting=BILLED,
        cause=orders_misread(transaction_set={"amount": 9999}),
        title="The payments of {key} do not come to its total",
        owner="finance",
        field="transactions",
        value="9999 received",
        fix=corruption_cleared,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed,
    ),
    Story(
        kind=FindingKind.TOTAL_DIFFERS_IN_CIN7,
        name="is recalculated",
        setting=BILLED,
        cause=taxed(RIVER),
        title="Cin7 has another total for {key}: 120.00 USD",
        owner="finance",
        field="sale.total",
        value="120.00 USD",
        fix=rule_is_put_right,
        action=retry(FINANCE),
        proof=POSTED,
        ends=tax_recalculated,
    ),
    Story(
        kind=FindingKind.TOTAL_DIFFERS_IN_CIN7,
        name="is already correct",
        setting=BILLED,
        cause=total_misread,
        title="Cin7 has another total for {key}: 1.23 USD",
        owner="finance",
        field="sale.total",
        value="1.23 USD",
        action=retry(FINANCE),
        proof=POSTED,
        ends=left_unchanged,
    ),
    Story(
        kind=FindingKind.PAYMENT_DISPUTED,
        setting=BILLED,
        cause=order(),
        later=disputed,
        found_by=ORDERS,
        title="The payment of order {key} is disputed",
        owner="finance",
        field="status_id",
        value="13",
        fix=settled,
        action=retry(FINANCE),
        proof=POSTED,
        ends=billed,
    ),
]
