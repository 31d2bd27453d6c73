"""Plays golden lives against the twins: the events of many orders side by side, then what stands at the end of each.

`python -m tests.order_histories.player FILE ...` prints the outcome of lives in the form of their `[expected]` table.
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

from tests.flows.harness import ADDRESS, Rig, rig
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.fulfilment import flow as fulfilment_flow
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.persistence.repositories.transfers import State
from weighbridge_twins.bigcommerce.order_statuses import STATUSES
from weighbridge_twins.bigcommerce.tenders import add_transaction
from weighbridge_twins.cin7 import fulfilment

FOLDER = Path(__file__).parent
RATES = {"EUR": "0.92", "JPY": "150", "USD": "1"}
"""Units of the currency for one US dollar, the currency of store and books."""
ROUND = (bookkeeping.FLOW, sweeps.ORDER_SWEEP, sweeps.FULFILMENT_SWEEP)
WHO = ("shopper", "staff", "gateway", "warehouse", "finance")
TEASET = {"sku": "TEASET", "name": "Tea set", "price": "20.00", "tax_class_id": 0}
"""A kit of one mug and two packets of tea; a third packet is lost in the making."""
OVEN = {"sku": "OVEN", "name": "Camp oven", "price": "80.00", "tax_class_id": 0}
"""Cin7 leaves it open who sends it: "Optional Drop Ship"."""
PLENTY = [{"sku": "MUG", "on_hand": 1000}, {"sku": "TEA", "on_hand": 2000}, {"sku": "OVEN", "on_hand": 10}]
"""Enough for every life of a company: no life may go short because another was quicker."""
REASONS = 'restock_reasons = { damaged = "Returns Cage", lost = "" }\n'
Outcome = dict[str, Any]
Event = dict[str, Any]
Faults = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(slots=True)
class Life:
    """One file: the events of one order, and what is expected at their end."""

    name: str
    title: str
    posts: str
    refunds: str
    edits: str
    sale_type: str
    fulfils: str
    """How far Cin7 fulfils a Simple sale by itself."""
    restock: str
    prices_with_tax: bool
    currency: str
    events: list[Event]
    expected: Outcome
    order_id: int = 0
    outcome: Outcome = field(default_factory=dict)

    @property
    def company(self) -> tuple[str, ...]:
        """Lives of one company are played together."""
        return self.posts, self.refunds, self.restock, self.edits, self.sale_type, self.fulfils

    def rounds(self) -> list[list[Event]]:
        """The events, those together that happen before anybody looks."""
        together: list[list[Event]] = []
        for event in self.events:
            if event.get("at_once"):
                together[-1].append({name: value for name, value in event.items() if name != "at_once"})
            else:
                together.append([event])
        return together


def read_life(path: Path) -> Life:
    """The life that a file tells."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    prices = told.get("prices", "without tax")
    assert prices in ("with tax", "without tax"), f"{path.name}: prices is {prices!r}"
    return Life(
        name=path.stem,
        title=told["title"],
        posts=told.get("posts", "invoice_and_payment"),
        refunds=told.get("refunds", "credit_note"),
        edits=told.get("edits", "amend"),
        sale_type=told.get("sale_type", "Advanced"),
        fulfils=told.get("fulfils", "no"),
        restock=told.get("restock", "dispatched"),
        prices_with_tax=prices == "with tax",
        currency=told.get("currency", "USD"),
        events=told["event"],
        expected=told.get("expected", {}),
    )


def read_lives(folder: Path = FOLDER) -> list[Life]:
    """Every life of the folder."""
    return [read_life(path) for path in sorted(folder.glob("*.toml"))]


def play(folder: Path, lives: Sequence[Life], faults: Faults = (), **twins: Any) -> None:
    """Plays lives of one company: each event of each life, a round of sweeps after each; notes every outcome.

    `faults` are rules of the twins, in force from the first event to the last.
    """
    posts, refunds, restock, edits, sale_type, fulfils = lives[0].company
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
    with rig(folder, post=posts, design=design, sale=sale, currencies=tuple(RATES), **twins) as trial:
        trial.twins.act("bigcommerce", "seed_products", [TEASET, OVEN])
        parts = [{"sku": "MUG", "quantity": 1}, {"sku": "TEA", "quantity": 2, "wastage_percent": 50}]
        oven = {"sku": "OVEN", "name": "Camp oven", "drop_ship": "Optional Drop Ship"}
        made = [{"sku": "TEASET", "name": "Tea set", "bom": parts}, oven]
        trial.twins.act("cin7", "seed", {"products": made, "stock": PLENTY})
        for platform, rule in faults:
            trial.twins.fault(platform, dict(rule))
        rounds = {life.name: life.rounds() for life in lives}
        for number in range(max(map(len, rounds.values()))):
            for life in lives:
                for event in rounds[life.name][number] if number < len(rounds[life.name]) else ():
                    happen(trial, life, event)
            trial.run(*ROUND)
        trial.run(*ROUND)
        held: dict[int, list[str]] = {}
        told: dict[int, list[str]] = {}
        for parcel in trial.transfers("fulfilment"):
            if parcel.state is State.HELD:
                words = f"parcels: {parcel.reason_kind}, {parcel.owner} acts"
                held.setdefault(int(parcel.target_id), []).append(words)
        for transfer in (*trial.transfers("orders"), *trial.transfers("refunds")):
            for one in transfer.findings if transfer.flow == "refunds" and transfer.state == "posted" else ():
                words = f"{one['owner']}: {one['kind']}, {one['value']}"
                told.setdefault(int(transfer.key.partition(":")[0]), []).append(words)
            if transfer.state in ("held", "rejected"):
                order_id = int(transfer.key.partition(":")[0])
                words = f"{transfer.flow}: {transfer.reason_kind}, {transfer.owner} acts on {money(transfer.amount)}"
                held.setdefault(order_id, []).append(words)
        for life in lives:
            life.outcome = outcome_of(trial, life, held.get(life.order_id, []))
            if life.order_id in told:
                life.outcome["told"] = sorted(told[life.order_id])


def happen(trial: Rig, life: Life, event: Event) -> None:
    """One event of a life."""
    told = dict(event)
    act = next(
        (f"{who} {told.pop(who)}" for who in ("shopper", "staff", "gateway", "warehouse", "finance") if who in told), ""
    )
    order = {"order_id": life.order_id}
    match act:
        case "shopper orders":
            trial.twins.act("bigcommerce", "settings", {"prices_include_tax": life.prices_with_tax})
            told.setdefault("shipping_cost", "0")
            life.order_id = trial.place(currency=life.currency, exchange_rate=RATES[life.currency], **told)
        case "shopper pays":
            trial.twins.act("bigcommerce", "capture_payment", order)
        case "staff refund":
            items = [_item(trial, life, item) for item in told.pop("items")]
            typed = told.pop("typed", None)
            if typed:
                told["merchant_calculated_override"] = {"total_amount": typed["total"], "total_tax": typed["tax"]}
            trial.twins.act("bigcommerce", "refund_order", {**order, "items": items, **told})
        case "staff refund tax":
            wanted = {**order, "tax_adjustment_amount": told.pop("amount"), **told}
            trial.twins.act("bigcommerce", "refund_order", wanted)
        case "staff cancel":
            trial.twins.act("bigcommerce", "cancel_order", order)
        case "staff edit":
            for name in ("line", "remove_line"):
                if name in told:
                    told[name] = _line(trial, life, told[name])["id"]
            trial.twins.act("bigcommerce", "settings", {"prices_include_tax": life.prices_with_tax})
            trial.twins.act("bigcommerce", "edit_order", order | told)
        case "staff set status":
            trial.twins.act("bigcommerce", "set_status", order | told)
        case "gateway refund":
            trial.twins.run(lambda: _give_back_at_gateway(trial, life, Decimal(told["amount"])))
        case "warehouse ships":
            (sale,) = trial.sales(life.order_id)
            trial.twins.act("cin7", "pick_pack_ship", {"sale_id": sale["id"], "carrier": "UPS", **told})
        case "warehouse picks" | "warehouse packs":
            (sale,) = trial.sales(life.order_id)
            trial.twins.act("cin7", act.removeprefix("warehouse ").removesuffix("s"), {"sale_id": sale["id"], **told})
        case "warehouse sends" | "warehouse adds tracking":
            (sale,) = trial.sales(life.order_id)
            done = "ship" if act == "warehouse sends" else "add_tracking"
            trial.twins.act("cin7", done, {"sale_id": sale["id"], "carrier": "UPS", **told})
            if done == "add_tracking":
                _look_at_parcels(trial, sale["id"])
        case "warehouse puts back":
            trial.twins.run(lambda: _put_back(trial, life))
        case "finance voids the invoice" | "finance removes the payment":
            trial.twins.run(lambda: _take_back(trial, life, remove_payments="payment" in act))
        case "finance voids the sale":
            (sale,) = trial.sales(life.order_id)
            trial.twins.act("cin7", "void_sale", {"sale_id": sale["id"]})
        case _:
            raise AssertionError(f"{life.name}: no such event: {event}")


def _look_at_parcels(trial: Rig, sale_id: str) -> None:
    """Cin7's own hook asks for this look: a number that comes later need not move the sale's date of change."""

    async def work() -> None:
        service = trial.service()
        async with service.working():
            await service.run_once((fulfilment_flow.FLOW,), sale_id)

    asyncio.run(work())


def _give_back_at_gateway(trial: Rig, life: Life, amount: Decimal) -> None:
    shop = trial.twins.bigcommerce.shop
    order = shop.orders[life.order_id]
    add_transaction(shop, order, "refund", "credit_card", amount)
    order.fields["payment_status"] = "partially refunded"
    order.fields["date_modified"] = shop.now().replace(microsecond=0)


def _put_back(trial: Rig, life: Life) -> None:
    """The warehouse puts what it picked back on the shelf and voids the fulfilment."""
    company = trial.twins.cin7.company
    for sale in company.sales.values():
        if str(sale.header.get("ExternalID")).endswith(f":{life.order_id}"):
            for task in sale.fulfilments:
                fulfilment.void_task(company, sale, task)


def _take_back(trial: Rig, life: Life, *, remove_payments: bool) -> None:
    """Finance removes the payments of a sale, or voids its invoices."""
    company = trial.twins.cin7.company
    for sale in company.sales.values():
        if str(sale.header.get("ExternalID")).endswith(f":{life.order_id}"):
            if remove_payments:
                sale.payments.clear()
            for invoice in sale.invoices:
                invoice["Status"] = "AUTHORISED" if remove_payments else "VOIDED"
            company.touch(sale)


def _line(trial: Rig, life: Life, sku: str) -> dict[str, Any]:
    rows = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[life.order_id].products)
    return next(row for row in rows if sku in (row["sku"], row["name"]))


def _item(trial: Rig, life: Life, told: dict[str, Any]) -> dict[str, Any]:
    """A refund's item as the shop takes it."""
    more = {name: told[name] for name in ("quantity", "reason") if name in told}
    if "sku" in told:
        kept = [{"amount": f"-{told['kept']}", "description": "kept"}] if "kept" in told else []
        return {"item_type": "PRODUCT", "item_id": _line(trial, life, told["sku"])["id"], "adjustments": kept, **more}
    if "wrapping" in told:
        return {"item_type": "GIFT_WRAPPING", "item_id": _line(trial, life, told["wrapping"])["id"], **more}
    order = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[life.order_id])
    kind = next(name for name in ("shipping", "handling", "fee", "goodwill", "tax") if name in told)
    ids = {"shipping": order.addresses[0]["id"], "handling": order.addresses[0]["id"], "tax": order.addresses[0]["id"]}
    ids |= {"goodwill": order.id, "fee": order.fees[0]["id"] if order.fees else order.id}
    item_type = "ORDER" if kind == "goodwill" else kind.upper()
    return {"item_type": item_type, "item_id": ids[kind], "amount": told[kind], **more}


def outcome_of(trial: Rig, life: Life, held: list[str]) -> Outcome:
    """What stands in Cin7 and at the shop for the order of a life; empty parts are left out."""
    every = trial.twins.run(lambda: trial.twins.cin7.dump())["sales"]
    sales = [one for one in every if str(one["header"].get("ExternalID")).endswith(f":{life.order_id}")]
    live = [one for one in sales if not one["voided"]]
    assert len(live) <= 1, f"{life.name}: {len(live)} live sales"
    shop = trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[life.order_id])
    outcome: Outcome = {
        "order": STATUSES[shop.fields["status_id"]],
        "refunded": [money(one["total_amount"]) for one in shop.refunds if _moved(one)],
        "parcels": [", ".join(_parcel(shop, one)) + _tracked(one) for one in shop.shipments],
        "voided": [f"a sale of {money((one['order'] or {}).get('Total'))}" for one in sales if one["voided"]],
        "held": sorted(held),
    }
    for sale in live:
        outcome |= {
            "ships_to": _street(sale),
            "sale": _document(sale["order"]) if sale["order"] else [],
            "invoices": [row for one in sale["invoices"] for row in _billed(one)],
            "payments": [_payment(one) for one in sale["payments"]],
            "credit_notes": [row for one in sale["credit_notes"] for row in _credited(one)],
        }
    return {name: value for name, value in outcome.items() if value}


def _street(sale: dict[str, Any]) -> str:
    """Where the sale goes, unless it is where every shopper lives."""
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
        f"{units(one['Quantity'])} {one['SKU']} at {money(one['Price'])} = {_taxed(one)}" for one in document["Lines"]
    ]
    rows += [f"{one['Description']} {_taxed(one)}" for one in document["AdditionalCharges"]]
    return [*rows, f"total {money(document['Total'])}, tax in it {money(document['Tax'])}"]


def _taxed(row: dict[str, Any]) -> str:
    return f"{money(row['Total'])}, tax {money(row['Tax'])} by {row['TaxRule']}"


def _billed(invoice: dict[str, Any]) -> list[str]:
    return [f"{money(invoice['Total'])} {invoice['Status'].lower()}"]


def _credited(note: dict[str, Any]) -> list[str]:
    back = [f"back on the shelf: {units(one['Quantity'])} {one['SKU']}, {one['Location']}" for one in note["Restock"]]
    return [*_document(note), *back] if note["Status"] != "VOIDED" else ["voided"]


def _payment(payment: dict[str, Any]) -> str:
    way = "from" if payment["Type"] == "Refund" else "to"
    return f"{payment['Type']} {money(payment['Amount'])} {way} {payment['Account']}"


def units(quantity: Any) -> str:
    """A quantity as people write it."""
    return f"{Decimal(str(quantity)).normalize():f}"


def money(amount: Any) -> str:
    """An amount with two decimals, and more only where it has them."""
    exact = Decimal(str(amount or 0))
    short = exact.quantize(Decimal("0.01"))
    return f"{short:f}" if short == exact else f"{exact.normalize():f}"


def as_toml(outcome: Outcome) -> str:
    """An outcome as the `[expected]` table of a life."""
    rows = ["[expected]"]
    for name, value in outcome.items():
        if isinstance(value, str):
            rows.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        else:
            rows += [f"{name} = [", *(f"    {json.dumps(one, ensure_ascii=False)}," for one in value), "]"]
    return "\n".join(rows) + "\n"


def main(paths: Sequence[str]) -> None:
    """Prints what came out of the lives of these files."""
    chosen = [read_life(Path(path)) for path in paths]
    for company in sorted({life.company for life in chosen}):
        together = [life for life in chosen if life.company == company]
        with tempfile.TemporaryDirectory() as folder:
            play(Path(folder), together)
        for life in together:
            print(f"# {life.name}\n{as_toml(life.outcome)}")


if __name__ == "__main__":
    main(sys.argv[1:])
