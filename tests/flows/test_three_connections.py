"""Three stores in one installation: two sell the stock of one company, the third has its own company."""

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
from typer.testing import CliRunner

from tests.flows.harness import ADDRESS, ORDERS, SPEED
from weighbridge.cli.main import app
from weighbridge.design.example import Example, example_toml
from weighbridge.design.loading import parse_installation
from weighbridge.design.secrets import resolve_secrets
from weighbridge.flows.reference_data import load as reference_data
from weighbridge.flows.stock import flow as stock
from weighbridge.persistence.repositories.transfers import State
from weighbridge.worker.worker import Worker
from weighbridge_simulation.demo.run import free_port
from weighbridge_twins.http.server import TwinServer

NAMES = ("access_token", "client_secret", "account_id", "application_key")
TIMEOUT_SECONDS = 60.0
GOODS = (("MUG", "12.50", 40), ("TEA", "4.00", 500))


class Trio:
    """Connections north and south share the company of `north`; `apart` has its own."""

    def __init__(self, stores: dict[str, TwinServer], folder: Path, database: str) -> None:
        self.stores = stores
        self.companies = {"north": stores["north"], "south": stores["north"], "apart": stores["apart"]}
        self.folder = folder
        self._database = database
        for name, twins in stores.items():
            goods = [{"sku": sku, "name": sku, "price": price, "inventory_level": 0} for sku, price, _ in GOODS]
            twins.act("bigcommerce", "seed_products", goods)
            if self.companies[name] is twins:
                products = [{"sku": sku, "name": sku, "tier_price": price} for sku, price, _ in GOODS]
                on_hand = [{"sku": sku, "on_hand": units} for sku, _, units in GOODS]
                twins.act("cin7", "seed", {"products": products, "stock": on_hand})

    def configuration(self, worker: str = "worker-1") -> str:
        texts = [example_toml(self._example(name, worker)) for name in self.stores]
        return texts[0] + "".join(text[text.index("\n[connections.") :] for text in texts[1:])

    def _example(self, name: str, worker: str) -> Example:
        store = self.stores[name]
        return Example(
            bigcommerce_api=store.bigcommerce_url.partition("/stores/")[0],
            store_hash=store.credentials.store_hash,
            cin7_api=self.companies[name].cin7_url,
            secrets={secret: f"{name}_{secret}".upper() for secret in (*NAMES, "webhooks")},
            database=self._database,
            worker=worker,
            clock=str(self.stores["north"].clock),
            connection=name,
            double_submit_minutes=0.0,
            port=free_port(),
            installation={"polling_seconds": 0.03},
        )

    def environment(self) -> dict[str, str]:
        variables = {}
        for name, store in self.stores.items():
            own = {secret: getattr(store.credentials, secret) for secret in NAMES[:2]}
            company = {secret: getattr(self.companies[name].credentials, secret) for secret in NAMES[2:]}
            variables |= {f"{name}_{secret}".upper(): value for secret, value in {**own, **company}.items()}
        return variables

    def worker(self) -> Worker:
        installation = parse_installation(self.configuration()).resolved(self.folder)
        return Worker(installation, resolve_secrets(installation, self.folder, self.environment()))

    def place(self, name: str, **units: int) -> int:
        order = {
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()],
            "billing_address": ADDRESS,
            "shipping_addresses": [ADDRESS],
        }
        return int(self.stores[name].act("bigcommerce", "place_order", order)["id"])

    def run(self, *flows: str, seconds_more: float = 0.0) -> None:
        """Runs the flows once for all connections, and the jobs that follow within `seconds_more` of twin time."""

        async def work() -> None:
            worker = self.worker()
            async with worker.working():
                await worker.run_once(flows)
                deadline = time.monotonic() + TIMEOUT_SECONDS
                while await _has_moving_orders(worker):
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.05)
                await asyncio.sleep(seconds_more / SPEED)
                await worker.settle()

        asyncio.run(work())

    def sales(self, name: str) -> dict[str, Decimal]:
        """The totals of a connection's live authorised sales by external id; fails when one is not unique."""
        twins = self.companies[name]
        prefix = self.stores[name].credentials.store_hash
        totals: dict[str, Decimal] = {}
        for sale in twins.run(lambda: twins.cin7.dump())["sales"]:
            external = str(sale["header"].get("ExternalID"))
            if not sale["voided"] and prefix in external and (sale["order"] or {}).get("Status") == "AUTHORISED":
                assert external not in totals
                totals[external] = Decimal(str(sale["order"]["Total"]))
        return totals

    def totals(self, name: str, placed: list[int]) -> list[Decimal]:
        orders = self.stores[name].bigcommerce.store.orders
        return self.stores[name].run(lambda: [orders[order_id].fields["total_inc_tax"] for order_id in placed])

    def levels(self, name: str) -> dict[str, int]:
        return dict(self.stores[name].act("bigcommerce", "stock_levels"))

    def throttles(self) -> int:
        return sum(
            int(twins.quota(side)["throttled"]) for twins in self.stores.values() for side in ("bigcommerce", "cin7")
        )


async def _has_moving_orders(worker: Worker) -> bool:
    rows = await worker.repositories.transfers.in_flow("orders", limit=1000)
    return any(row.state in (State.NEW, State.WAITING) for row in rows)


@contextmanager
def trio(folder: Path, database: str = "") -> Iterator[Trio]:
    with ExitStack() as stack:
        names = ("north", "south", "apart")
        stores = {
            name: stack.enter_context(TwinServer(speed=SPEED, seed=number)) for number, name in enumerate(names, 1)
        }
        first = stores["north"].clock
        for twins in stores.values():
            _set(twins, first)
        yield Trio(stores, folder, database or f"sqlite:///{folder}/weighbridge.db")


def _set(twins: TwinServer, first: Any) -> None:
    twins.run(lambda: twins.running.clock.set(now=first.now()))


def test_each_order_reaches_its_company_once_and_both_stores_of_a_company_lose_units_sold_by_either(
    tmp_path: Path,
) -> None:
    with trio(tmp_path) as trial:
        trial.run(reference_data.FLOW, stock.FLOW)
        assert all(trial.levels(name) == {"MUG": 40, "TEA": 500} for name in trial.stores)
        placed = {name: [trial.place(name, MUG=2, TEA=1) for _ in range(4)] for name in trial.stores}
        trial.run(*ORDERS)
        for name in trial.stores:
            assert sorted(trial.sales(name).values()) == sorted(trial.totals(name, placed[name])), name
        trial.run(stock.FLOW)
        assert {name: trial.levels(name)["MUG"] for name in trial.stores} == {"north": 24, "south": 24, "apart": 32}
        assert trial.throttles() == 0


def test_units_sold_but_unknown_to_the_company_are_deducted_at_the_other_store(tmp_path: Path) -> None:
    with trio(tmp_path) as trial:
        trial.run(reference_data.FLOW, stock.FLOW)
        rule = {"fault": "error_before", "status": 400, "match": {"method": "POST", "path": "(?i)/sale/order$"}}
        trial.companies["north"].fault("cin7", rule)
        trial.place("north", MUG=7)
        trial.run(*ORDERS)
        assert trial.sales("north") == {}
        trial.run(stock.FLOW)
        assert {name: trial.levels(name)["MUG"] for name in trial.stores} == {"north": 33, "south": 33, "apart": 40}


def test_units_sold_by_one_store_decrease_at_the_other_before_the_next_run(tmp_path: Path) -> None:
    with trio(tmp_path) as trial:
        trial.run(reference_data.FLOW, stock.FLOW)
        calls = len(trial.companies["north"].calls("cin7", path="productavailability"))
        trial.place("north", MUG=9)
        trial.run(*ORDERS, seconds_more=10.0)
        assert {name: trial.levels(name)["MUG"] for name in trial.stores} == {"north": 31, "south": 31, "apart": 40}
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
            stack.callback(process.wait, TIMEOUT_SECONDS)
            stack.callback(process.terminate)
        placed = {name: [trial.place(name, MUG=1, TEA=1) for _ in range(5)] for name in trial.stores}
        expected = {name: sorted(trial.totals(name, orders)) for name, orders in placed.items()}
        levels = {"north": 30, "south": 30, "apart": 35}
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (
            {name: sorted(trial.sales(name).values()) for name in trial.stores},
            {name: trial.levels(name)["MUG"] for name in trial.stores},
        ) != (expected, levels):
            if time.monotonic() > deadline:
                pytest.fail((tmp_path / "worker-1.log").read_text()[-3000:])
            time.sleep(0.1)
        assert trial.throttles() == 0


def test_a_command_runs_the_named_connection_and_its_own_flows_only(tmp_path: Path) -> None:
    """`sync orders --connection` posts no order of another store, and `sync stock` posts none at all."""
    with trio(tmp_path) as trial:
        config = tmp_path / "weighbridge.toml"
        config.write_text(trial.configuration(), encoding="utf-8")

        def sync(flow: str, *options: str) -> str:
            arguments = ["sync", flow, "--config", str(config), *options]
            result = CliRunner().invoke(app, arguments, env=trial.environment())
            assert result.exit_code == 0, result.output
            return result.output

        sync("stock", "--connection", "north")
        assert {name: trial.levels(name)["TEA"] for name in trial.stores} == {"north": 500, "south": 0, "apart": 0}
        placed = {name: trial.place(name, MUG=1) for name in trial.stores}
        printed = sync("orders", "--connection", "apart")
        assert "apart orders posted" in printed
        assert "north" not in printed
        assert {name: len(trial.sales(name)) for name in trial.stores} == {"north": 0, "south": 0, "apart": 1}
        _request(trial, placed)
        sync("stock", "--connection", "north")
        assert {name: len(trial.sales(name)) for name in trial.stores} == {"north": 0, "south": 0, "apart": 1}
        sync("orders")
        assert {name: len(trial.sales(name)) for name in trial.stores} == {"north": 1, "south": 1, "apart": 1}
        wrong = CliRunner().invoke(app, ["sync", "orders", "--config", str(config), "--connection", "west"])
        assert (wrong.exit_code, "there are apart, north, south" in wrong.output) == (2, True)


def _request(trial: Trio, placed: dict[str, int]) -> None:
    """Requests the job of each order, as its webhook does."""

    async def work() -> None:
        worker = trial.worker()
        for name, order_id in placed.items():
            await worker.repositories.job_queue.enqueue(name, "orders", str(order_id), "webhook")
        await worker.database.close()

    asyncio.run(work())
