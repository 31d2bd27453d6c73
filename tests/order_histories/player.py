"""Plays order histories against the twins: the events of many orders together, then the end state of each order.

`python -m tests.order_histories.player FILE ...` prints the outcomes of histories in the form of `[expected]` tables.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.harness import ADDRESS, Harness, harness
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.fulfilment import flow as fulfilment_flow
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.order_statuses import STATUSES
from weighbridge_twins.bigcommerce.tenders import add_transaction
from weighbridge_twins.cin7 import fulfilment

FOLDER = Path(__file__).parent
RATES = {"EUR": "0.92", "JPY": "150", "USD": "1"}
"""Units of the currency per US dollar, the base currency of the store and of Cin7."""
SWEEP_FLOWS = (reference_data.FLOW, sweeps.ORDER_SWEEP, sweeps.FULFILMENT_SWEEP)
ACTORS = ("shopper", "staff", "gateway", "warehouse", "finance")
TEASET = {"sku": "TEASET", "name": "Tea set", "price": "20.00", "tax_class_id": 0}
"""A kit of one mug and two packets of tea; assembling it wastes a third packet."""
OVEN = {"sku": "OVEN", "name": "Camp oven", "price": "80.00", "tax_class_id": 0}
"""An "Optional Drop Ship" product: the warehouse or the supplier may ship it."""
PLENTY = [{"sku": "MUG", "on_hand": 1000}, {"sku": "TEA", "on_hand": 2000}, {"sku": "OVEN", "on_hand": 10}]
"""Enough stock for all histories of a company, so that no history depends on the order of the others."""
REASONS = 'restock_reasons = { damaged = "Returns Cage", lost = "" }\n'
Outcome = dict[str, Any]
Event = dict[str, Any]
Faults = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(slots=True)
class OrderHistory:
    """One file: the events of one order and the expected end state."""

    name: str
    title: str
    posts: str
    refunds: str
    edits: str
    sale_type: str
    fulfils: str
    """The fulfilment steps that Cin7 does automatically for a Simple sale."""
    restock: str
    prices_with_tax: bool
    currency: str
    events: list[Event]
    expected: Outcome
    order_id: int = 0
    outcome: Outcome = field(default_factory=dict)

    @property
    def company(self) -> tuple[str, ...]:
        """The settings of the company; histories with the same settings are played together."""
        return self.posts, self.refunds, self.restock, self.edits, self.sale_type, self.fulfils

    def event_batches(self) -> list[list[Event]]:
        """The events in batches; the events of one batch happen before the next sweeps."""
        batches: list[list[Event]] = []
        for event in self.events:
            if event.get("at_once"):
                batches[-1].append({name: value for name, value in event.items() if name != "at_once"})
            else:
                batches.append([event])
        return batches


def read_history(path: Path) -> OrderHistory:
    """Reads the history of a file."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    prices = document.get("prices", "without tax")
    assert prices in ("with tax", "without tax"), f"{path.name}: prices is {prices!r}"
    return OrderHistory(
        name=path.stem,
        title=document["title"],
        posts=document.get("posts", "invoice_and_payment"),
        refunds=document.get("refunds", "credit_note"),
        edits=document.get("edits", "amend"),
        sale_type=document.get("sale_type", "Advanced"),
        fulfils=document.get("fulfils", "no"),
        restock=document.get("restock", "dispatched"),
        prices_with_tax=prices == "with tax",
        currency=document.get("currency", "USD"),
        events=document["event"],
        expected=document.get("expected", {}),
    )


def read_histories(folder: Path = FOLDER) -> list[OrderHistory]:
    """Reads every history of the folder."""
    return [read_history(path) for path in sorted(folder.glob("*.toml"))]


def play(folder: Path, histories: Sequence[OrderHistory], faults: Faults = (), **twins: Any) -> None:
    """Plays histories of one company: batch by batch, with all sweeps after each batch; sets every `outcome`.

    `faults` are rules of the twins that apply from the first event to the last.
    """
    posts, refunds, restock, edits, sale_type, fulfils = histories[0].company
    cancelled = "hold" if edits == "hold" else "void"
    design = f'''
[connections.main.design.refunds]
mode = "{refunds}"
restock = "{restock}"
{REASONS}
[connections.main.design.edits]
policy = "{edits}"
cancelled = "{cancelled}"
'''
    sale = f'type = "{sale_type}"\nauto_fulfil = "{fulfils}"'
    with harness(folder, post=posts, design=design, sale=sale, currencies=tuple(RATES), **twins) as trial:
        trial.twins.act("bigcommerce", "seed_products", [TEASET, OVEN])
        components = [{"sku": "MUG", "quantity": 1}, {"sku": "TEA", "quantity": 2, "wastage_percent": 50}]
        oven = {"sku": "OVEN", "name": "Camp oven", "drop_ship": "Optional Drop Ship"}
        products = [{"sku": "TEASET", "name": "Tea set", "bom": components}, oven]
        trial.twins.act("cin7", "seed", {"products": products, "stock": PLENTY})
        for platform, rule in faults:
            trial.twins.fault(platform, dict(rule))
        batches = {history.name: history.event_batches() for history in histories}
        for number in range(max(map(len, batches.values()))):
            for history in histories:
                for event in batches[history.name][number] if number < len(batches[history.name]) else ():
                    play_event(trial, history, event)
            trial.run(*SWEEP_FLOWS)
        trial.run(*SWEEP_FLOWS)
        held: dict[int, list[str]] = {}
        notes: dict[int, list[str]] = {}
        for parcel in trial.transfers("fulfilment"):
            if parcel.state is State.HELD:
                text = f"parcels: {parcel.reason_kind}, {parcel.owner} acts"
                held.setdefault(int(parcel.target_id), []).append(text)
        for transfer in (*trial.transfers("orders"), *trial.transfers("refunds")):
            for finding in transfer.findings if transfer.flow == "refunds" and transfer.state == "posted" else ():
                text = f"{finding['owner']}: {finding['kind']}, {finding['value']}"
                notes.setdefault(int(transfer.key.partition(":")[0]), []).append(text)
            if transfer.state in ("held", "rejected"):
                order_id = int(transfer.key.partition(":")[0])
                text = f"{transfer.flow}: {transfer.reason_kind}, {transfer.owner} acts on {money(transfer.amount)}"
                held.setdefault(order_id, []).append(text)
        for history in histories:
            history.outcome = outcome_of(trial, history, held.get(history.order_id, []))
            if history.order_id in notes:
                history.outcome["notes"] = sorted(notes[history.order_id])


def play_event(trial: Harness, history: OrderHistory, event: Event) -> None:
    """Performs one event of a history."""
    arguments = dict(event)
    action = next((f"{actor} {arguments.pop(actor)}" for actor in ACTORS if actor in arguments), "")
    order = {"order_id": history.order_id}
    match action:
        case "shopper orders":
            trial.twins.act("bigcommerce", "settings", {"prices_include_tax": history.prices_with_tax})
            arguments.setdefault("shipping_cost", "0")
            history.order_id = trial.place(
                currency=history.currency, exchange_rate=RATES[history.currency], **arguments
            )
        case "shopper pays":
            trial.twins.act("bigcommerce", "capture_payment", order)
        case "staff refund":
            items = [_item(trial, history, item) for item in arguments.pop("items")]
            typed = arguments.pop("typed", None)
            if typed:
                arguments["merchant_calculated_override"] = {"total_amount": typed["total"], "total_tax": typed["tax"]}
            trial.twins.act("bigcommerce", "refund_order", {**order, "items": items, **arguments})
        case "staff refund tax":
            refund = {**order, "tax_adjustment_amount": arguments.pop("amount"), **arguments}
            trial.twins.act("bigcommerce", "refund_order", refund)
        case "staff cancel":
            trial.twins.act("bigcommerce", "cancel_order", order)
        case "staff edit":
            for name in ("line", "remove_line"):
                if name in arguments:
                    arguments[name] = _line(trial, history, arguments[name])["id"]
            trial.twins.act("bigcommerce", "settings", {"prices_include_tax": history.prices_with_tax})
            trial.twins.act("bigcommerce", "edit_order", order | arguments)
        case "staff set status":
            trial.twins.act("bigcommerce", "set_status", order | arguments)
        case "gateway refund":
            trial.twins.run(lambda: _refund_at_gateway(trial, history, Decimal(arguments["amount"])))
        case "warehouse ships":
            (sale,) = trial.sales(history.order_id)
            trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", **arguments})
        case "warehouse picks" | "warehouse packs":
            (sale,) = trial.sales(history.order_id)
            step = action.removeprefix("warehouse ").removesuffix("s")
            trial.twins.act("cin7", step, {"sale_id": sale["id"], **arguments})
        case "warehouse sends" | "warehouse adds tracking":
            (sale,) = trial.sales(history.order_id)
            step = "ship" if action == "warehouse sends" else "add_tracking"
            trial.twins.act("cin7", step, {"sale_id": sale["id"], "carrier": "UPS", **arguments})
            if step == "add_tracking":
                _run_fulfilment(trial, sale["id"])
        case "warehouse puts back":
            trial.twins.run(lambda: _put_back(trial, history))
        case "finance voids the invoice" | "finance removes the payment":
            trial.twins.run(lambda: _revert_billing(trial, history, remove_payments="payment" in action))
        case "finance voids the sale":
            (sale,) = trial.sales(history.order_id)
            trial.twins.act("cin7", "void_sale", {"sale_id": sale["id"]})
        case _:
            raise AssertionError(f"{history.name}: no such event: {event}")


def _run_fulfilment(trial: Harness, sale_id: str) -> None:
    """Runs the job that Cin7's webhook enqueues: a later tracking number need not change the sale's modified date."""

    async def work() -> None:
        worker = trial.worker()
        async with worker.working():
            await worker.run_once((fulfilment_flow.FLOW,), sale_id)

    asyncio.run(work())


def _refund_at_gateway(trial: Harness, history: OrderHistory, amount: Decimal) -> None:
    store = trial.twins.bigcommerce.store
    order = store.orders[history.order_id]
    add_transaction(store, order, "refund", "credit_card", amount)
    order.fields["payment_status"] = "partially refunded"
    order.fields["date_modified"] = store.now().replace(microsecond=0)


def _put_back(trial: Harness, history: OrderHistory) -> None:
    """The warehouse puts the picked goods back into stock and voids the fulfilment."""
    company = trial.twins.cin7.company
    for sale in company.sales.values():
        if str(sale.header.get("ExternalID")).endswith(f":{history.order_id}"):
            for task in sale.fulfilments:
                fulfilment.void_task(company, sale, task)


def _revert_billing(trial: Harness, history: OrderHistory, *, remove_payments: bool) -> None:
    """Finance removes the payments of a sale, or voids its invoices."""
    company = trial.twins.cin7.company
    for sale in company.sales.values():
        if str(sale.header.get("ExternalID")).endswith(f":{history.order_id}"):
            if remove_payments:
                sale.payments.clear()
            for invoice in sale.invoices:
                invoice["Status"] = "AUTHORISED" if remove_payments else "VOIDED"
            company.touch(sale)


def _line(trial: Harness, history: OrderHistory, sku: str) -> dict[str, Any]:
    rows = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[history.order_id].products)
    return next(row for row in rows if sku in (row["sku"], row["name"]))


def _item(trial: Harness, history: OrderHistory, item: dict[str, Any]) -> dict[str, Any]:
    """An item of a refund in the form of the BigCommerce twin."""
    common = {name: item[name] for name in ("quantity", "reason") if name in item}
    if "sku" in item:
        fees = [{"amount": f"-{item['kept']}", "description": "kept"}] if "kept" in item else []
        return {
            "item_type": "PRODUCT",
            "item_id": _line(trial, history, item["sku"])["id"],
            "adjustments": fees,
            **common,
        }
    if "wrapping" in item:
        return {"item_type": "GIFT_WRAPPING", "item_id": _line(trial, history, item["wrapping"])["id"], **common}
    order = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[history.order_id])
    kind = next(name for name in ("shipping", "handling", "fee", "goodwill", "tax") if name in item)
    ids = {"shipping": order.addresses[0]["id"], "handling": order.addresses[0]["id"], "tax": order.addresses[0]["id"]}
    ids |= {"goodwill": order.id, "fee": order.fees[0]["id"] if order.fees else order.id}
    item_type = "ORDER" if kind == "goodwill" else kind.upper()
    return {"item_type": item_type, "item_id": ids[kind], "amount": item[kind], **common}


def outcome_of(trial: Harness, history: OrderHistory, held: list[str]) -> Outcome:
    """The end state of a history's order in Cin7 and in the store; empty entries are omitted."""
    all_sales = trial.twins.run(lambda: trial.twins.cin7.dump())["sales"]
    sales = [row for row in all_sales if str(row["header"].get("ExternalID")).endswith(f":{history.order_id}")]
    live = [row for row in sales if not row["voided"]]
    assert len(live) <= 1, f"{history.name}: {len(live)} live sales"
    order = trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[history.order_id])
    outcome: Outcome = {
        "order": STATUSES[order.fields["status_id"]],
        "refunded": [money(refund["total_amount"]) for refund in order.refunds if _moved(refund)],
        "parcels": [", ".join(_parcel(order, shipment)) + _tracked(shipment) for shipment in order.shipments],
        "voided": [f"a sale of {money((sale['order'] or {}).get('Total'))}" for sale in sales if sale["voided"]],
        "held": sorted(held),
    }
    for sale in live:
        outcome |= {
            "ships_to": _street(sale),
            "sale": _document(sale["order"]) if sale["order"] else [],
            "invoices": [row for invoice in sale["invoices"] for row in _billed(invoice)],
            "payments": [_payment(payment) for payment in sale["payments"]],
            "credit_notes": [row for note in sale["credit_notes"] for row in _credited(note)],
        }
    return {name: value for name, value in outcome.items() if value}


def _street(sale: dict[str, Any]) -> str:
    """The street of the sale's shipping address; empty where it is the ordinary one."""
    street = str(sale["header"]["ShippingAddress"]["Line1"])
    return "" if street == ADDRESS["street_1"] else street


def _moved(refund: dict[str, Any]) -> bool:
    return any(not payment["is_declined"] for payment in refund["payments"])


def _parcel(order: Any, shipment: dict[str, Any]) -> Iterable[str]:
    for item in shipment["items"]:
        row = order.line(item["order_product_id"])
        yield f"{item['quantity']} {row['sku']}"


def _tracked(shipment: Any) -> str:
    number = shipment["tracking_number"]
    names = (shipment[name] for name in ("shipping_provider", "tracking_carrier", "shipping_method"))
    return f"; {next(filter(None, names), 'no carrier')} {number}" if number else ""


def _document(document: dict[str, Any]) -> list[str]:
    rows = [
        f"{units(line['Quantity'])} {line['SKU']} at {money(line['Price'])} = {_taxed(line)}"
        for line in document["Lines"]
    ]
    rows += [f"{line['Description']} {_taxed(line)}" for line in document["AdditionalCharges"]]
    return [*rows, f"total {money(document['Total'])}, tax in it {money(document['Tax'])}"]


def _taxed(row: dict[str, Any]) -> str:
    return f"{money(row['Total'])}, tax {money(row['Tax'])} by {row['TaxRule']}"


def _billed(invoice: dict[str, Any]) -> list[str]:
    return [f"{money(invoice['Total'])} {invoice['Status'].lower()}"]


def _credited(note: dict[str, Any]) -> list[str]:
    restocked = [f"restocked: {units(line['Quantity'])} {line['SKU']}, {line['Location']}" for line in note["Restock"]]
    return [*_document(note), *restocked] if note["Status"] != "VOIDED" else ["voided"]


def _payment(payment: dict[str, Any]) -> str:
    direction = "from" if payment["Type"] == "Refund" else "to"
    return f"{payment['Type']} {money(payment['Amount'])} {direction} {payment['Account']}"


def units(quantity: Any) -> str:
    """A quantity without trailing zeros."""
    return f"{Decimal(str(quantity)).normalize():f}"


def money(amount: Any) -> str:
    """An amount with two decimals, or with more where they are not zero."""
    exact = Decimal(str(amount or 0))
    short = exact.quantize(Decimal("0.01"))
    return f"{short:f}" if short == exact else f"{exact.normalize():f}"


def as_toml(outcome: Outcome) -> str:
    """An outcome as the `[expected]` table of a history."""
    rows = ["[expected]"]
    for name, value in outcome.items():
        if isinstance(value, str):
            rows.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        else:
            rows += [f"{name} = [", *(f"    {json.dumps(item, ensure_ascii=False)}," for item in value), "]"]
    return "\n".join(rows) + "\n"


def main(paths: Sequence[str]) -> None:
    """Plays the histories of these files and prints their outcomes."""
    histories = [read_history(Path(path)) for path in paths]
    for company in sorted({history.company for history in histories}):
        played_together = [history for history in histories if history.company == company]
        with tempfile.TemporaryDirectory() as folder:
            play(Path(folder), played_together)
        for history in played_together:
            print(f"# {history.name}\n{as_toml(history.outcome)}")


if __name__ == "__main__":
    main(sys.argv[1:])
