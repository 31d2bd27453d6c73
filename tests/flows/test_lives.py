"""Golden lives: what happens to an order, in a readable file, and how it ends at both sides.

Each file of `tests/flows/lives` is one life. Lives under the same design are played side by side between one pair
of twins, round by round: a round ends where the file says "we look". What a file may say is in `ACTS` and `End`.
"""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.rig import ADDRESS, Rig, by_key, rig
from tests.flows.test_edits import void_fulfilments
from weighbridge.journal.transfers import Transfer

FOLDER = Path(__file__).parent / "lives"
LOOK = "we look"


@dataclass(frozen=True, slots=True)
class Design:
    """How the sales of a life are made and what is done about edits."""

    post: str = "order"
    policy: str = "amend"
    cancelled: str = "void"
    type: str = "Advanced"


@dataclass(frozen=True, slots=True)
class End:
    """How a life ends. What a file leaves out is not looked at."""

    order: str
    """State of the order's transfer."""
    waits: str = ""
    """`owner: kind`, where a person must act."""
    says: tuple[str, ...] = ()
    """Words that the person reads."""
    sale: str = ""
    """Status of the order document and its units; `none` where no live sale is left."""
    stock: str = ""
    """Units that Cin7 holds for it."""
    invoices: tuple[str, ...] | None = None
    payments: tuple[str, ...] | None = None
    ships_to: str = ""
    """First line of the sale's shipping address."""
    writes: tuple[str, ...] = ()
    """Every write to Cin7, in order."""


@dataclass(frozen=True, slots=True)
class Life:
    name: str
    story: str
    events: tuple[str, ...]
    end: End
    design: Design = field(default_factory=Design)

    def rounds(self) -> list[list[str]]:
        """The events between one look and the next."""
        found: list[list[str]] = [[]]
        for event in self.events:
            if event == LOOK:
                found.append([])
            else:
                found[-1].append(event)
        return found


def read(path: Path) -> Life:
    text = tomllib.loads(path.read_text(encoding="utf-8"))
    end = {name: tuple(value) if isinstance(value, list) else value for name, value in text.pop("end").items()}
    story, events = text.pop("story"), tuple(text.pop("events"))
    return Life(path.stem, story, events, End(**end), Design(**text))


LIVES = [read(path) for path in sorted(FOLDER.glob("*.toml"))]
DESIGNS = sorted({life.design for life in LIVES}, key=str)


class Player:
    """One life in a rig."""

    def __init__(self, trial: Rig, life: Life) -> None:
        self.trial = trial
        self.life = life
        self.order_id = 0
        self.sale_id = ""

    def happen(self, event: str) -> None:
        for pattern, act in ACTS.items():
            found = re.fullmatch(pattern, event)
            if found:
                act(self, *found.groups())
                return
        raise AssertionError(f"{self.life.name}: nobody knows what {event!r} is; known: {', '.join(ACTS)}")

    def place(self, goods: str, how: str) -> None:
        lines = [{"sku": sku, "quantity": int(count)} for sku, count in counted(goods).items()]
        payment = {"": {}, " unpaid": {"payment": "authorized"}}[how or ""]
        self.order_id = self.trial.place(lines=lines, **payment)

    def staff(self, **changes: Any) -> None:
        self.trial.twins.act("bigcommerce", "edit_order", {"order_id": self.order_id, **changes})

    def line(self, sku: str) -> int:
        rows = self.trial.twins.run(lambda: self.trial.twins.bigcommerce.shop.orders[self.order_id].products)
        return next(int(row["id"]) for row in rows if row["sku"] == sku)

    def status(self, status_id: int) -> None:
        self.trial.twins.act("bigcommerce", "set_status", {"order_id": self.order_id, "status_id": status_id})

    def warehouse(self, act: str, **more: Any) -> None:
        self.trial.twins.act("cin7", act, {"sale_id": self.sale()["id"], **more})

    def ship(self, goods: str | None) -> None:
        lines = [{"sku": sku, "quantity": str(count)} for sku, count in counted(goods or "").items()]
        self.warehouse("pick_pack_ship", **({"lines": lines} if lines else {}))

    def put_back(self) -> None:
        void_fulfilments(self.trial, self.sale()["id"])

    def finance(self, what: str) -> None:
        sale_id = self.sale()["id"]

        def act() -> None:
            company = self.trial.twins.cin7.company
            sale = company.sales[sale_id]
            if what == "payment":
                sale.payments.clear()
            for invoice in sale.invoices:
                invoice["Status"] = "VOIDED" if what == "invoice" else "AUTHORISED"
            company.touch(sale)

        self.trial.twins.run(act)

    def sale(self) -> dict[str, Any]:
        (sale,) = self.trial.sales(self.order_id)
        self.sale_id = sale["id"]
        return sale

    def check(self, row: Transfer, writes: list[str]) -> None:
        """Asserts what the file says of the end."""
        end, sales = self.life.end, self.trial.sales(self.order_id)
        assert (row.state, f"{row.owner}: {row.reason_kind}" if row.owner else "") == (end.order, end.waits), row.reason
        for words in end.says:
            assert words in f"{row.reason} {[one['value'] for one in row.findings]}"
        if end.sale == "none":
            assert sales == []
        elif end.sale:
            status, _, goods = end.sale.partition(": ")
            lines = sales[0]["order"]["Lines"]
            bought = {sku: sum(one["Quantity"] for one in lines if one["SKU"] == sku) for sku in ("MUG", "TEA")}
            assert (sales[0]["order"]["Status"], {k: v for k, v in bought.items() if v}) == (status, counted(goods))
        if end.stock:
            assert self.held() == ({} if end.stock == "none" else counted(end.stock))
        if end.invoices is not None:
            assert tuple(f"{one['Status']} {one['Total']}" for one in sales[0]["invoices"]) == end.invoices
        if end.payments is not None:
            assert tuple(str(one["Amount"]) for one in sales[0]["payments"]) == end.payments
        if end.ships_to:
            assert sales[0]["header"]["ShippingAddress"]["Line1"] == end.ships_to
        assert tuple(writes) == end.writes
        if end.order == "posted":
            assert Decimal(str(sales[0]["order"]["Total"])) == self.trial.order(self.order_id)["total_inc_tax"]

    def held(self) -> dict[str, Decimal]:
        """What Cin7 has allocated for every sale that this order ever had."""

        def count() -> dict[str, Decimal]:
            company = self.trial.twins.cin7.company
            found: dict[str, Decimal] = {}
            for sale in company.sales.values():
                if str(sale.header.get("ExternalID")).endswith(f":{self.order_id}"):
                    for key, quantity in sale.allocations:
                        sku = company.products[key[0]]["SKU"]
                        found[sku] = found.get(sku, Decimal(0)) + quantity
            return found

        return self.trial.twins.run(count)


GOODS = r"[0-9]+ [A-Z]+(?:, [0-9]+ [A-Z]+)*"
ACTS: dict[str, Callable[..., None]] = {
    rf"shopper orders ({GOODS})( unpaid)?": Player.place,
    r"staff set ([A-Z]+) to (\d+)": lambda life, sku, count: life.staff(line=life.line(sku), quantity=int(count)),
    rf"staff add ({GOODS})": lambda life, goods: life.staff(
        add_lines=[{"sku": sku, "quantity": int(count)} for sku, count in counted(goods).items()]
    ),
    r"staff remove ([A-Z]+)": lambda life, sku: life.staff(remove_line=life.line(sku)),
    r"staff set shipping to ([\d.]+)": lambda life, cost: life.staff(shipping_cost=cost),
    r"staff take off ([\d.]+)": lambda life, amount: life.staff(order_discount=amount),
    r"staff send it to (.+)": lambda life, street: life.staff(shipping_address=ADDRESS | {"street_1": street}),
    r"staff cancel": lambda life: life.status(5),
    r"gateway disputes": lambda life: life.status(13),
    r"gateway settles": lambda life: life.status(11),
    r"warehouse picks": lambda life: life.warehouse("pick"),
    r"warehouse packs": lambda life: life.warehouse("pack"),
    rf"warehouse ships(?: ({GOODS}))?": Player.ship,
    r"warehouse puts back": Player.put_back,
    r"finance voids the invoice": lambda life: life.finance("invoice"),
    r"finance removes the payment": lambda life: life.finance("payment"),
    r"somebody voids the sale": lambda life: life.warehouse("void_sale"),
}


def counted(goods: str) -> dict[str, Decimal]:
    """`2 MUG, 3 TEA` as units."""
    pairs = (part.split(" ") for part in goods.split(", ") if part)
    return {sku: Decimal(count) for count, sku in pairs}


def written(trial: Rig, rows: list[Transfer]) -> dict[str, list[str]]:
    """What each order wrote to Cin7, in order, by the names of its intents."""

    async def work() -> dict[str, list[str]]:
        service = trial.service()
        try:
            found = {row.key: await service.journal.intents.of_transfer(row.id) for row in rows}
        finally:
            await service.database.close()
        return {key: [one.key.split(f":{key}:")[1] for one in intents] for key, intents in found.items()}

    return {
        key: [re.sub(r":(bc:\w+:|[0-9a-f]{8}-)[\w:-]*?(?=:\d+$|$)", "", one) for one in names]
        for key, names in asyncio.run(work()).items()
    }


@pytest.mark.parametrize("design", DESIGNS, ids=str)
def test_lives_end_as_their_files_say(tmp_path: Path, design: Design) -> None:
    edits = f'\n[connections.main.design.edits]\npolicy = "{design.policy}"\ncancelled = "{design.cancelled}"\n'
    with rig(tmp_path, post=design.post, design=edits, sale=f'type = "{design.type}"') as trial:
        players = [Player(trial, life) for life in LIVES if life.design == design]
        for number in range(max(len(one.life.rounds()) for one in players)):
            for player in players:
                for event in (player.life.rounds()[number : number + 1] or [[]])[0]:
                    player.happen(event)
            trial.ship()
            trial.run()
        rows = by_key(trial.transfers("orders"))
        writes = written(trial, list(rows.values()))
        for player in players:
            player.check(rows[str(player.order_id)], writes[str(player.order_id)])


def test_every_life_has_a_story_of_its_own() -> None:
    assert len(LIVES) >= 20
    assert len({life.story for life in LIVES}) == len(LIVES)
