"""Three shops in one installation: two sell one company's stock, the third has a company of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.flows.harness import ADDRESS, ORDERS, SPEED
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.worker.worker import Service
from weighbridge_twins.server import TwinServer

NAMES = ("access_token", "client_secret", "account_id", "application_key")
PATIENCE_SECONDS = 60.0
GOODS = (("MUG", "12.50", 40), ("TEA", "4.00", 500))


class Trio:
    """Connections north and south share the company of `north`; `apart` has its own."""

    def __init__(self, shops: dict[str, TwinServer], folder: Path, database: str) -> None:
        self.shops = shops
        self.companies = {"north": shops["north"], "south": shops["north"], "apart": shops["apart"]}
        self.folder = folder
        self._database = database
        for name, twins in shops.items():
            goods = [{"sku": sku, "name": sku, "price": price, "inventory_level": 0} for sku, price, _ in GOODS]
            twins.act("bigcommerce", "seed_products", goods)
            if self.companies[name] is twins:
                products = [{"sku": sku, "name": sku, "tier_price": price} for sku, price, _ in GOODS]
                on_hand = [{"sku": sku, "on_hand": units} for sku, _, units in GOODS]
                twins.act("cin7", "seed", {"products": products, "stock": on_hand})

    def configuration(self, worker: str = "worker-1") -> str:
        texts = [example_toml(self._example(name, worker)) for name in self.shops]
        return texts[0] + "".join(text[text.index("\n[connections.") :] for text in texts[1:])

    def _example(self, name: str, worker: str) -> Example:
        shop = self.shops[name]
        return Example(
            bigcommerce_api=shop.bigcommerce_url.partition("/stores/")[0],
            store_hash=shop.credentials.store_hash,
            cin7_api=self.companies[name].cin7_url,
            secrets={secret: f"{name}_{secret}".upper() for secret in (*NAMES, "hooks")},
            database=self._database,
            worker=worker,
            clock=str(self.shops["north"].clock),
            connection=name,
            repeat_minutes=0.0,
            installation={"polling_seconds": 0.03},
        )

    def environment(self) -> dict[str, str]:
        found = {}
        for name, shop in self.shops.items():
            own = {secret: getattr(shop.credentials, secret) for secret in NAMES[:2]}
            books = {secret: getattr(self.companies[name].credentials, secret) for secret in NAMES[2:]}
            found |= {f"{name}_{secret}".upper(): value for secret, value in {**own, **books}.items()}
        return found

    def service(self) -> Service:
        installation = parse_installation(self.configuration()).resolved(self.folder)
        return Service(installation, resolve_secrets(installation, self.folder, self.environment()))

    def place(self, name: str, **units: int) -> int:
        order = {
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()],
            "billing_address": ADDRESS,
            "shipping_addresses": [ADDRESS],
        }
        return int(self.shops[name].act("bigcommerce", "place_order", order)["id"])

    def run(self, *flows: str, seconds_more: float = 0.0) -> None:
        """One round of the flows over all connections, and everything that follows from them within so many seconds of
        the twins' time."""

        async def work() -> None:
            service = self.service()
            async with service.working():
                await service.run_once(flows)
                deadline = time.monotonic() + PATIENCE_SECONDS
                waits = (transfers.c.flow == "orders") & transfers.c.state.in_(["new", "waiting"])
                while await service.journal.transfers.select(waits):
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.05)
                await asyncio.sleep(seconds_more / SPEED)
                await service.settle()

        asyncio.run(work())

    def sales(self, name: str) -> dict[str, Decimal]:
        """Live authorised sales of a connection's orders: external id and total. Fails where one stands twice."""
        twins = self.companies[name]
        prefix = self.shops[name].credentials.store_hash
        found: dict[str, Decimal] = {}
        for sale in twins.run(lambda: twins.cin7.dump())["sales"]:
            external = str(sale["header"].get("ExternalID"))
            if not sale["voided"] and prefix in external and (sale["order"] or {}).get("Status") == "AUTHORISED":
                assert external not in found
                found[external] = Decimal(str(sale["order"]["Total"]))
        return found

    def totals(self, name: str, placed: list[int]) -> list[Decimal]:
        orders = self.shops[name].bigcommerce.shop.orders
        return self.shops[name].run(lambda: [orders[one].fields["total_inc_tax"] for one in placed])

    def levels(self, name: str) -> dict[str, int]:
        return dict(self.shops[name].act("bigcommerce", "stock_levels"))

    def throttles(self) -> int:
        return sum(
            int(twins.quota(side)["throttled"]) for twins in self.shops.values() for side in ("bigcommerce", "cin7")
        )


@contextmanager
def trio(folder: Path, database: str = "") -> Iterator[Trio]:
    with ExitStack() as stack:
        names = ("north", "south", "apart")
        shops = {
            name: stack.enter_context(TwinServer(speed=SPEED, seed=number)) for number, name in enumerate(names, 1)
        }
        first = shops["north"].clock
        for twins in shops.values():
            _set(twins, first)
        yield Trio(shops, folder, database or f"sqlite:///{folder}/weighbridge.db")


def _set(twins: TwinServer, first: Any) -> None:
    twins.run(lambda: twins.running.clock.set(now=first.now()))


def test_each_order_reaches_its_own_company_once_and_both_shops_of_one_company_lose_what_either_sold(
    tmp_path: Path,
) -> None:
    with trio(tmp_path) as trial:
        trial.run(bookkeeping.FLOW, stock.FLOW)
        assert all(trial.levels(name) == {"MUG": 40, "TEA": 500} for name in trial.shops)
        placed = {name: [trial.place(name, MUG=2, TEA=1) for _ in range(4)] for name in trial.shops}
        trial.run(*ORDERS)
        for name in trial.shops:
            assert sorted(trial.sales(name).values()) == sorted(trial.totals(name, placed[name])), name
        trial.run(stock.FLOW)
        assert {name: trial.levels(name)["MUG"] for name in trial.shops} == {"north": 24, "south": 24, "apart": 32}
        assert trial.throttles() == 0


def test_what_one_shop_has_sold_and_the_company_has_not_heard_of_is_taken_off_the_other_shop(tmp_path: Path) -> None:
    with trio(tmp_path) as trial:
        trial.run(bookkeeping.FLOW, stock.FLOW)
        rule = {"fault": "error_before", "status": 400, "match": {"method": "POST", "path": "(?i)/sale/order$"}}
        trial.companies["north"].fault("cin7", rule)
        trial.place("north", MUG=7)
        trial.run(*ORDERS)
        assert trial.sales("north") == {}
        trial.run(stock.FLOW)
        assert {name: trial.levels(name)["MUG"] for name in trial.shops} == {"north": 33, "south": 33, "apart": 40}


def test_what_one_shop_sells_falls_at_the_other_before_the_next_round(tmp_path: Path) -> None:
    with trio(tmp_path) as trial:
        trial.run(bookkeeping.FLOW, stock.FLOW)
        calls = len(trial.companies["north"].calls("cin7", path="productavailability"))
        trial.place("north", MUG=9)
        trial.run(*ORDERS, seconds_more=10.0)
        assert {name: trial.levels(name)["MUG"] for name in trial.shops} == {"north": 31, "south": 31, "apart": 40}
        assert len(trial.companies["north"].calls("cin7", path="productavailability")) == calls


def test_two_workers_on_postgresql_serve_three_connections(
    tmp_path: Path, fresh_database: Callable[[str], str]
) -> None:
    with trio(tmp_path, fresh_database("trio")) as trial, ExitStack() as stack:
        for worker in ("worker-1", "worker-2"):
            path = tmp_path / f"{worker}.toml"
            path.write_text(trial.configuration(worker))
            log = stack.enter_context((tmp_path / f"{worker}.log").open("wb"))
            command = [sys.executable, "-m", "weighbridge", "run", "--config", str(path)]
            environment = {**os.environ, **trial.environment()}
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, PATIENCE_SECONDS)
            stack.callback(process.terminate)
        placed = {name: [trial.place(name, MUG=1, TEA=1) for _ in range(5)] for name in trial.shops}
        wanted = {name: sorted(trial.totals(name, orders)) for name, orders in placed.items()}
        levels = {"north": 30, "south": 30, "apart": 35}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (
            {name: sorted(trial.sales(name).values()) for name in trial.shops},
            {name: trial.levels(name)["MUG"] for name in trial.shops},
        ) != (wanted, levels):
            if time.monotonic() > deadline:
                pytest.fail((tmp_path / "worker-1.log").read_text()[-3000:])
            time.sleep(0.1)
        assert trial.throttles() == 0
