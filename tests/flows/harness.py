"""The test harness: Weighbridge between two twins. A test places orders at the store and checks the sales in Cin7."""

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
import sqlalchemy as sa
import uvloop

from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import resolve_channels, resolve_secrets
from weighbridge.domain.job_types import Flow
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.fulfilment.order_status import READ_STATUS_AFTER
from weighbridge.flows.orders import flow as orders
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.persistence.tables.work import jobs
from weighbridge.worker.worker import Worker
from weighbridge_simulation.demo.run import free_port
from weighbridge_twins.faults import SWITCH_FAULTS
from weighbridge_twins.http.server import TwinServer

SPEED = 600.0
"""Ten minutes of the twins' time pass in one second, so that no test waits."""
MOST_TRANSFERS = 1000
ORDERS = (reference_data.FLOW, sweeps.ORDER_SWEEP)
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
NAMES = ("access_token", "client_secret", "account_id", "application_key", "webhooks")
WEBHOOK_SECRET = "harness-webhook-secret-harness-webhook-secret"
SECRETS = {name: f"HARNESS_{name.upper()}" for name in NAMES}


class Harness:
    """One connection between two twins with sample data."""

    def __init__(
        self,
        twins: TwinServer,
        folder: Path,
        *,
        post: str = "order",
        database: str = "",
        design: str = "",
        currencies: tuple[str, ...] = ("USD",),
        store_rate: str = "order_per_store",
        sale: str = "",
        stock: str = "",
        file: Mapping[str, str] = MappingProxyType({}),
        double_submit_minutes: float = 0.0,
        is_seeded: bool = False,
    ) -> None:
        """`is_seeded`: the twins have products already, because they go on from a saved state."""
        self.twins = twins
        self.folder = folder
        self._post = post
        self._database = database or f"sqlite:///{folder}/weighbridge.db"
        self._design = design
        self._currencies = currencies
        self._store_rate = store_rate
        self._double_submit_minutes = double_submit_minutes
        self._added_lines = {"sale": sale, "stock": stock}
        self._edits = dict(file)
        self._port = 0
        self._has_unread_reference_data = True
        if not is_seeded:
            self._open()
        if not database:
            shutil.copytree(empty_databases(), folder, dirs_exist_ok=True)

    def _open(self) -> None:
        """Gives both platforms their first products and stock: mugs and tea."""
        goods = [_store_product("MUG", "12.50", 0), _store_product("TEA", "4.00", 1)]
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
        store = self.twins.bigcommerce_url.partition("/stores/")[0]
        text = example_toml(
            Example(
                bigcommerce_api=store,
                store_hash=self.twins.credentials.store_hash,
                cin7_api=self.twins.cin7_url,
                secrets=SECRETS,
                database=self._database,
                clock=str(self.twins.clock),
                post=self._post,
                currencies=self._currencies,
                store_rate=self._store_rate,
                double_submit_minutes=self._double_submit_minutes,
                port=self._port or 8800,
                public_url=f"http://127.0.0.1:{self._port}" if self._port else "",
                installation={"polling_seconds": 0.03},
            )
        )
        for name, lines in self._added_lines.items():
            table = f"[connections.main.design.{name}]\n"
            text = text.replace(table, f"{table}{lines}\n")
        for before, after in self._edits.items():
            assert before in text, f"the file has no {before!r}"
            text = text.replace(before, after)
        return text + self._design

    def edit_file(self, before: str, after: str) -> None:
        """Changes the configuration file; workers that start from now on read the change."""
        self._edits[before] = after

    def design_of(self, table: str, lines: str) -> None:
        """Replaces the lines that the harness added to the design's table `sale` or `stock`."""
        self._added_lines[table] = lines

    def installation(self) -> Installation:
        return parse_installation(self.configuration()).resolved(self.folder)

    def environment(self) -> dict[str, str]:
        """The environment variables with the configuration's secrets."""
        keys = self.twins.credentials
        return {
            SECRETS["access_token"]: keys.access_token,
            SECRETS["client_secret"]: keys.client_secret,
            SECRETS["account_id"]: keys.account_id,
            SECRETS["application_key"]: keys.application_key,
            SECRETS["webhooks"]: WEBHOOK_SECRET,
        }

    def worker(self) -> Worker:
        installation = self.installation()
        environment = self.environment()
        secrets = resolve_secrets(installation, self.folder, environment)
        return Worker(installation, secrets, resolve_channels(installation, self.folder, environment))

    def run(
        self, *flows: str, until: Callable[[list[Transfer]], bool] | None = None, seconds: float = 90.0
    ) -> list[Transfer]:
        """Runs the flows until no order or refund is new or waiting; returns the orders' transfers.

        By default it runs the order sweep, and before the first one reads the reference data, which otherwise is read
        once a day. A test that changes the reference data passes `ORDERS`.
        """
        flows = flows or (ORDERS if self._has_unread_reference_data else ORDERS[1:])
        self._has_unread_reference_data = self._has_unread_reference_data and reference_data.FLOW not in flows

        async def work() -> list[Transfer]:
            worker = self.worker()
            deadline = time.monotonic() + seconds
            async with worker.working():
                await worker.run_once(flows)
                while True:
                    rows = await worker.repositories.transfers.in_flow("orders", MOST_TRANSFERS)
                    refunds = await worker.repositories.transfers.in_flow("refunds", MOST_TRANSFERS)
                    moving = [row for row in (*rows, *refunds) if row.state in (State.NEW, State.WAITING)]
                    if until(rows) if until else not moving:
                        await worker.settle()
                        return await worker.repositories.transfers.in_flow("orders", MOST_TRANSFERS)
                    assert time.monotonic() < deadline, [(r.key, r.state, r.reason) for r in moving]
                    await asyncio.sleep(0.05)

        return uvloop.run(work())

    def use_webhooks(self, port: int) -> None:
        """Lets workers that start from now on register webhooks and receive them at `port`."""
        self._port = port

    def listen(
        self,
        act: Callable[[Harness], None],
        done: Callable[[Harness], bool],
        seconds: float = 90.0,
        ready: Callable[[Harness], bool] = lambda trial: bool(trial.bigcommerce_webhooks() and trial.cin7_webhooks()),
    ) -> None:
        """Runs a worker with its webhook receiver and recurring jobs; calls `act` when `ready`, ends when `done`."""
        self.use_webhooks(free_port())

        async def work() -> None:
            deadline = time.monotonic() + seconds

            async def until(reached: Callable[[Harness], bool]) -> None:
                while not await asyncio.to_thread(reached, self):
                    assert time.monotonic() < deadline, await worker.repositories.transfers.counts()
                    await asyncio.sleep(0.05)

            worker = self.worker()
            async with worker.receiving():
                await until(ready)
                await asyncio.to_thread(act, self)
                await until(done)
                await worker.settle()

        uvloop.run(work())

    def bigcommerce_webhooks(self) -> list[dict[str, Any]]:
        """The webhooks that are registered at the store."""
        return self.twins.run(lambda: [dict(webhook) for webhook in self.twins.bigcommerce.store.webhooks.values()])

    def cin7_webhooks(self) -> list[dict[str, Any]]:
        """The webhooks that are registered at the company."""
        return self.twins.run(lambda: [dict(webhook) for webhook in self.twins.cin7.company.webhooks.values()])

    def deliver_webhook(self, scope: str, data: Mapping[str, Any]) -> int:
        """Delivers an event of the store with its secrets; returns the HTTP status."""
        url = f"http://127.0.0.1:{self._port}/webhooks/bigcommerce/main/{WEBHOOK_SECRET}"
        body = {"scope": scope, "data": dict(data)}
        return httpx2.post(url, json=body, headers={"x-weighbridge-secret": WEBHOOK_SECRET}, timeout=20).status_code

    def run_order(self, order_id: int) -> Transfer:
        """Runs the job of one order, as requested by a person; nothing else is read before."""

        async def work() -> Transfer:
            worker = self.worker()
            async with worker.working():
                await worker.run_once((orders.FLOW,), str(order_id))
                return await worker.repositories.transfers.open("main", orders.FLOW, str(order_id))

        return uvloop.run(work())

    def run_alone(self, flow: str) -> list[str]:
        """Runs one flow in a worker that leaves the other flows to others; returns the keys of the flow's jobs that are
        due next."""

        async def work() -> list[str]:
            worker = self.worker()
            async with worker.working(flows={Flow(flow)}):
                await worker.run_once((flow,))
                is_left = (jobs.c.flow == flow) & jobs.c.due_at.is_not(None)
                async with worker.database.reading() as reading:
                    return list((await reading.execute(sa.select(jobs.c.key).where(is_left))).scalars())

        return uvloop.run(work())

    def push_stock(self) -> None:
        flows = (reference_data.FLOW, stock.FLOW) if self._has_unread_reference_data else (stock.FLOW,)
        self.run(*flows, until=lambda rows: True)

    def ship(self) -> None:
        self.run(sweeps.FULFILMENT_SWEEP, until=lambda rows: True)

    def sweep_late(self) -> None:
        """Runs the order sweep when the status of every shipped order must be confirmed."""
        time.sleep(self.twins.clock.wall_seconds(READ_STATUS_AFTER.total_seconds() + 1))
        self.run()

    def transfers(self, flow: str) -> list[Transfer]:
        """The stored transfers of a flow."""

        async def read() -> list[Transfer]:
            worker = self.worker()
            try:
                return await worker.repositories.transfers.in_flow(flow, MOST_TRANSFERS)
            finally:
                await worker.database.close()

        return uvloop.run(read())

    def sales(self, order_id: int | None = None) -> list[dict[str, Any]]:
        """Live sales in Cin7, of one order or of all."""
        state = self.twins.run(lambda: self.twins.cin7.dump())
        suffix = f":{order_id}"
        return [
            sale
            for sale in state["sales"]
            if not sale["voided"] and (order_id is None or str(sale["header"].get("ExternalID")).endswith(suffix))
        ]

    def order(self, order_id: int) -> dict[str, Any]:
        """The order's own fields at the store."""
        return self.twins.run(lambda: dict(self.twins.bigcommerce.store.orders[order_id].fields))

    def shipments(self, order_id: int) -> list[dict[str, Any]]:
        return self.twins.run(
            lambda: [dict(shipment) for shipment in self.twins.bigcommerce.store.orders[order_id].shipments]
        )

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
    """A folder with the databases of a worker that started and stopped; creating them takes a second for each test."""
    folder = Path(tempfile.mkdtemp(prefix="weighbridge-"))

    async def start(worker: Worker) -> None:
        async with worker.working():
            pass

    with TwinServer(speed=SPEED) as twins:
        uvloop.run(start(Harness(twins, folder, database=f"sqlite:///{folder}/weighbridge.db").worker()))
    return folder


@contextmanager
def harness(
    folder: Path,
    *,
    post: str = "order",
    database: str = "",
    design: str = "",
    currencies: tuple[str, ...] = ("USD",),
    store_rate: str = "order_per_store",
    sale: str = "",
    stock: str = "",
    file: Mapping[str, str] = MappingProxyType({}),
    double_submit_minutes: float = 0.0,
    is_seeded: bool = False,
    **twins: Any,
) -> Iterator[Harness]:
    """A harness between new twins. `design` is appended to the configuration, `sale` and `stock` to those tables;
    `file` maps texts of the configuration to their replacements.

    Most tests place the same basket many times, so by default no order is taken for a double submit.
    """
    with TwinServer(speed=twins.pop("speed", SPEED), **twins) as server:
        yield Harness(
            server,
            folder,
            post=post,
            database=database,
            design=design,
            currencies=currencies,
            store_rate=store_rate,
            sale=sale,
            stock=stock,
            file=file,
            double_submit_minutes=double_submit_minutes,
            is_seeded=is_seeded,
        )
        rules = [*server.faults("cin7"), *server.faults("bigcommerce")]
        idle = [rule for rule in rules if rule["fault"] not in SWITCH_FAULTS and not rule["fired"]]
        assert idle == [], f"a fault that never fired proves nothing: {idle}"


def by_key(rows: list[Transfer]) -> Mapping[str, Transfer]:
    return {row.key: row for row in rows}


def _store_product(sku: str, price: str, tax_class_id: int) -> dict[str, Any]:
    return {"sku": sku, "name": f"Product {sku}", "price": price, "tax_class_id": tax_class_id, "inventory_level": 0}
