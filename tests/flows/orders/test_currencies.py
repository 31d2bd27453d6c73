"""Orders in several currencies, in stores that enter prices with and without tax: each sale equals its order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.harness import by_key, harness
from weighbridge.persistence.repositories.transfers import State

RATES = {"EUR": "0.92", "CAD": "1.37", "JPY": "150"}
"""Units of the currency for one US dollar, the currency of store and company."""
LINES = [{"sku": "MUG", "quantity": 3}, {"sku": "TEA", "quantity": 7, "discount": "1.00"}]


@pytest.mark.parametrize("with_tax", [False, True], ids=["prices without tax", "prices with tax"])
@pytest.mark.parametrize("direction", ["to_transactional", "to_default"])
def test_sale_in_a_foreign_currency_equals_its_order(tmp_path: Path, direction: str, with_tax: bool) -> None:
    store_rate = "order_per_store" if direction == "to_transactional" else "store_per_order"
    with harness(
        tmp_path,
        post="invoice_and_payment",
        currencies=("USD", *RATES),
        store_rate=store_rate,
        bigcommerce_switches={"exchange_rate_direction": direction},
    ) as trial:
        trial.twins.run(lambda: trial.twins.bigcommerce.store.settings.update(prices_include_tax=with_tax))
        placed = {code: trial.place(lines=LINES, currency=code, exchange_rate=rate) for code, rate in RATES.items()}
        placed["USD"] = trial.place(lines=LINES)
        trial.run()
        for code, order_id in placed.items():
            sale = trial.assert_one_sale(order_id)
            header, rate = sale["header"], Decimal(RATES.get(code, "1"))
            assert header["CustomerCurrency"] == code
            assert header["TaxInclusive"] is with_tax
            assert Decimal(str(header["CurrencyRate"])) == (1 / rate).quantize(Decimal("0.00001"))
            total = trial.order(order_id)["total_inc_tax"]
            assert [Decimal(str(invoice["Total"])) for invoice in sale["invoices"]] == [total]
            assert [Decimal(str(payment["Amount"])) for payment in sale["payments"]] == [total]


def test_order_of_a_store_in_another_base_currency_waits_for_finance(tmp_path: Path) -> None:
    """Its rate converts to the store's currency, which is not the company's: any posted rate would be wrong."""
    with harness(tmp_path, currencies=("USD", "EUR")) as trial:
        order_id = trial.place(currency="EUR", exchange_rate="0.92")
        trial.twins.act(
            "bigcommerce", "corrupt_order", {"order_id": order_id, "set": {"store_default_currency_code": "GBP"}}
        )
        row = by_key(trial.run())[str(order_id)]
        assert (row.state, row.reason_kind, row.owner) == (State.HELD, "currency_unknown", "finance")
        assert "GBP" in row.reason
        assert trial.sales(order_id) == []
