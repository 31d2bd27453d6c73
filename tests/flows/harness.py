"""A product and two twins in one test: orders go in at the shop, and what stands in Cin7 at the end is looked at."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import uvloop

from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import resolve_channels, resolve_secrets
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.worker.worker import Service
from weighbridge_simulation.demo.run import free_port
from weighbridge_twins.faults import SWITCH_FAULTS
from weighbridge_twins.server import TwinServer

SPEED = 600.0
"""Ten minutes of the twins' time in one second: waiting costs nothing, and no test sleeps."""
ORDERS = (bookkeeping.FLOW, sweeps.ORDER_SWEEP)
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Barlow",
    "street_1": "12 Mill St",
    "city": "Austin",
    "state": "Texas",
    "zip": "78701",
    "country": "United States",
    "country_iso2": "US",
    "email": "ada@example.com",
    "phone": "555-0101",
}
NAMES = ("access_token", "client_secret", "account_id", "application_key", "hooks")
SECRETS = {name: f"RIG_{name.upper()}" for name in NAMES}


class Rig:
    """One connection between a seeded pair of twins."""

    def __init__(
        self,
        twins: TwinServer,
        folder: Path,
        *,
        post: str = "order",
        database: str = "",
        design: str = "",
        currencies: tuple[str, ...] = ("USD",),
        shop_rate: str = "order_per_store",
        sale: str = "",
        stock: str = "",
        file: Mapping[str, str] = MappingProxyType({}),
        repeat_minutes: float = 0.0,
    ) -> None:
        self.twins = twins
        self.folder = folder
        self._post = post
        self._database = database or f"sqlite:///{folder}/weighbridge.db"
        self._design = design
        self._currencies = currencies
        self._shop_rate = shop_rate
        self._repeat_minutes = repeat_minutes
        self._added = {"sale": sale, "stock": stock}
        self._edits = dict(file)
        self._port = 0
        self._books_unread = True
        self._open()
        if not database:
            shutil.copytree(empty_databases(), folder, dirs_exist_ok=True)

    def _open(self) -> None:
        """What both sides have on the first day: mugs and tea."""
        goods = [_shop_product("MUG", "12.50", 0), _shop_product("TEA", "4.00", 1)]
        self.twins.act("bigcommerce", "seed_products", goods)
        self.twins.act(
            "cin7",
            "seed",
            {
                "products": [{"sku": "MUG", "name": "Mug", "tier_price": "12.50"}, {"sku": "TEA", "name": "Tea"}],
                "stock": [{"sku": "MUG", "on_hand": 100}, {"sku": "TEA", "on_hand": 500}],
            },
        )

    def place(self, **changes: Any) -> int:
        """An ordinary order: two mugs and three packets of tea, shipping, paid by card."""
        spec: dict[str, Any] = {
            "lines": [{"sku": "MUG", "quantity": 2}, {"sku": "TEA", "quantity": 3}],
            "shipping_cost": "6.00",
            "billing_address": ADDRESS,
            "shipping_addresses": [ADDRESS],
        }
        return int(self.twins.act("bigcommerce", "place_order", spec | changes)["id"])

    def configuration(self) -> str:
        """The text of this installation's `weighbridge.toml`."""
        shop = self.twins.bigcommerce_url.partition("/stores/")[0]
        text = example_toml(
            Example(
                bigcommerce_api=shop,
                store_hash=self.twins.credentials.store_hash,
                cin7_api=self.twins.cin7_url,
                secrets=SECRETS,
                database=self._database,
                clock=str(self.twins.clock),
                post=self._post,
                currencies=self._currencies,
                shop_rate=self._shop_rate,
                repeat_minutes=self._repeat_minutes,
                port=self._port or 8800,
                public_url=f"http://127.0.0.1:{self._port}" if self._port else "",
                installation={"polling_seconds": 0.03},
            )
        )
        for name, lines in self._added.items():
            table = f"[connections.main.design.{name}]\n"
            text = text.replace(table, f"{table}{lines}\n")
        for before, after in self._edits.items():
            assert before in text, f"the file has no {before!r}"
            text = text.replace(before, after)
        return text + self._design

    def edit_file(self, before: str, after: str) -> None:
        """Somebody changes the configuration file; whatever runs from now on has read it."""
        self._edits[before] = after

    def design_of(self, table: str, lines: str) -> None:
        """From now on the design has these lines in `sale` or `stock` in place of those given at the beginning."""
        self._added[table] = lines

    def installation(self) -> Installation:
        return parse_installation(self.configuration()).resolved(self.folder)

    def environment(self) -> dict[str, str]:
        """Where the configuration's secrets are kept."""
        keys = self.twins.credentials
        return {
            SECRETS["access_token"]: keys.access_token,
            SECRETS["client_secret"]: keys.client_secret,
            SECRETS["account_id"]: keys.account_id,
            SECRETS["application_key"]: keys.application_key,
            SECRETS["hooks"]: "rig-hook-secret-rig-hook-secret",
        }

    def service(self) -> Service:
        installation = self.installation()
        environment = self.environment()
        secrets = resolve_secrets(installation, self.folder, environment)
        return Service(installation, secrets, resolve_channels(installation, self.folder, environment))

    def run(
        self, *flows: str, until: Callable[[list[Transfer]], bool] | None = None, seconds: float = 90.0
    ) -> list[Transfer]:
        """Runs the flows until no order or refund waits any more; answers the orders' transfers.

        By default that is the sweep for orders, after the reference books of Cin7 were read where nobody did so yet: in
        a life they are read once a day. A story that changes them names `ORDERS`.
        """
        wanted = flows or (ORDERS if self._books_unread else ORDERS[1:])
        self._books_unread = self._books_unread and bookkeeping.FLOW not in wanted

        async def work() -> list[Transfer]:
            service = self.service()
            deadline = time.monotonic() + seconds
            async with service.working():
                await service.run_once(wanted)
                while True:
                    rows = await service.journal.transfers.select(transfers.c.flow == "orders")
                    refunds = await service.journal.transfers.select(transfers.c.flow == "refunds")
                    moving = [row for row in (*rows, *refunds) if row.state in (State.NEW, State.WAITING)]
                    if until(rows) if until else not moving:
                        await service.settle()
                        return await service.journal.transfers.select(transfers.c.flow == "orders")
                    assert time.monotonic() < deadline, [(r.key, r.state, r.reason) for r in moving]
                    await asyncio.sleep(0.05)

        return uvloop.run(work())

    def listen(
        self,
        act: Callable[[Rig], None],
        done: Callable[[Rig], bool],
        seconds: float = 90.0,
        armed: Callable[[Rig], bool] = lambda rig: bool(rig.hooks() and rig.books_hooks()),
    ) -> None:
        """A worker with its receiver and recurring looks: once its hooks are `armed`, `act`; ends when `done`."""
        self._port = free_port()

        async def work() -> None:
            deadline = time.monotonic() + seconds

            async def until(reached: Callable[[Rig], bool]) -> None:
                while not await asyncio.to_thread(reached, self):
                    assert time.monotonic() < deadline, await service.journal.transfers.counts()
                    await asyncio.sleep(0.05)

            service = self.service()
            async with service.receiving():
                await until(armed)
                await asyncio.to_thread(act, self)
                await until(done)
                await service.settle()

        uvloop.run(work())

    def hooks(self) -> list[dict[str, Any]]:
        """The hooks that the shop has."""
        return self.twins.run(lambda: [dict(one) for one in self.twins.bigcommerce.shop.hooks.values()])

    def books_hooks(self) -> list[dict[str, Any]]:
        """The hooks that the company has."""
        return self.twins.run(lambda: [dict(one) for one in self.twins.cin7.company.webhooks.values()])

    def hook(self, scope: str, data: Mapping[str, Any]) -> int:
        """Delivers an event of the shop by our own hand, with its secrets; answers the status."""
        secret = "rig-hook-secret-rig-hook-secret"
        url = f"http://127.0.0.1:{self._port}/hooks/bigcommerce/main/{secret}"
        body = {"scope": scope, "data": dict(data)}
        return httpx2.post(url, json=body, headers={"x-weighbridge-secret": secret}).status_code

    def look(self, order_id: int) -> Transfer:
        """One look at one order, as a person asks for it; nothing else is read before."""

        async def work() -> Transfer:
            service = self.service()
            async with service.working():
                await service.run_once((orders.FLOW,), str(order_id))
                return await service.journal.transfers.open("main", orders.FLOW, str(order_id))

        return uvloop.run(work())

    def push_stock(self) -> None:
        flows = (bookkeeping.FLOW, stock.FLOW) if self._books_unread else (stock.FLOW,)
        self.run(*flows, until=lambda rows: True)

    def ship(self) -> None:
        self.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)

    def transfers(self, flow: str) -> list[Transfer]:
        """What the journal knows of a flow."""

        async def read() -> list[Transfer]:
            service = self.service()
            try:
                return await service.journal.transfers.select(transfers.c.flow == flow)
            finally:
                await service.database.close()

        return uvloop.run(read())

    def sales(self, order_id: int | None = None) -> list[dict[str, Any]]:
        """Live sales in Cin7, of one order or of all."""
        state = self.twins.run(lambda: self.twins.cin7.dump())
        ours = f":{order_id}"
        return [
            sale
            for sale in state["sales"]
            if not sale["voided"] and (order_id is None or str(sale["header"].get("ExternalID")).endswith(ours))
        ]

    def order(self, order_id: int) -> dict[str, Any]:
        """The order's own fields at the shop."""
        return self.twins.run(lambda: dict(self.twins.bigcommerce.shop.orders[order_id].fields))

    def shipments(self, order_id: int) -> list[dict[str, Any]]:
        return self.twins.run(lambda: [dict(one) for one in self.twins.bigcommerce.shop.orders[order_id].shipments])

    def writes(self) -> list[str]:
        """The Cin7 calls that write sales, in order."""
        return [
            f"{call['method']} {call['path'].partition('/v2')[2]}"
            for call in self.twins.calls("cin7")
            if call["method"] != "GET" and "/sale" in call["path"]
        ]

    def assert_one_sale(self, order_id: int) -> dict[str, Any]:
        """Exactly one live sale, authorised, equal to the order to the cent."""
        sales = self.sales(order_id)
        assert len(sales) == 1, [(sale["number"], sale["order"]) for sale in sales]
        assert sales[0]["order"]["Status"] == "AUTHORISED"
        assert Decimal(str(sales[0]["order"]["Total"])) == self.order(order_id)["total_inc_tax"]
        return sales[0]


@cache
def empty_databases() -> Path:
    """Where a worker once began and stopped: making the databases again for each test would take a second."""
    folder = Path(tempfile.mkdtemp(prefix="weighbridge-"))

    async def begin(service: Service) -> None:
        async with service.working():
            pass

    with TwinServer(speed=SPEED) as twins:
        uvloop.run(begin(Rig(twins, folder, database=f"sqlite:///{folder}/weighbridge.db").service()))
    return folder


@contextmanager
def rig(
    folder: Path,
    *,
    post: str = "order",
    database: str = "",
    design: str = "",
    currencies: tuple[str, ...] = ("USD",),
    shop_rate: str = "order_per_store",
    sale: str = "",
    stock: str = "",
    file: Mapping[str, str] = MappingProxyType({}),
    repeat_minutes: float = 0.0,
    **twins: Any,
) -> Iterator[Rig]:
    """A rig between new twins. `design` is added to the configuration's end, `sale` and `stock` to those tables;
    `file` says what stands there instead of something else.

    Most stories place the same basket again and again, so that by default none of them is taken for one sent twice.
    """
    with TwinServer(speed=twins.pop("speed", SPEED), **twins) as server:
        yield Rig(
            server,
            folder,
            post=post,
            database=database,
            design=design,
            currencies=currencies,
            shop_rate=shop_rate,
            sale=sale,
            stock=stock,
            file=file,
            repeat_minutes=repeat_minutes,
        )
        rules = [*server.faults("cin7"), *server.faults("bigcommerce")]
        idle = [rule for rule in rules if rule["fault"] not in SWITCH_FAULTS and not rule["fired"]]
        assert idle == [], "a fault that never struck proves nothing"


def by_key(rows: list[Transfer]) -> Mapping[str, Transfer]:
    return {row.key: row for row in rows}


def _shop_product(sku: str, price: str, tax_class_id: int) -> dict[str, Any]:
    return {"sku": sku, "name": f"Product {sku}", "price": price, "tax_class_id": tax_class_id, "inventory_level": 0}
