"""What every benchmark needs: twins in a separate process, a design, and orders that shoppers place."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from weighbridge.design.example import Example, example_toml

SECRETS = {
    "access_token": "BENCH_ACCESS_TOKEN",
    "client_secret": "BENCH_CLIENT_SECRET",
    "account_id": "BENCH_ACCOUNT_ID",
    "application_key": "BENCH_APPLICATION_KEY",
    "webhooks": "BENCH_WEBHOOK_SECRET",
}
WEBHOOK_SECRET = "bench-webhook-secret-not-for-real-use"
CONNECTION = "main"
GOODS = ("MUG", "TEA", "CUP", "POT", "BOWL")
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


@dataclass
class Harness:
    """A seeded pair of twins and the design that connects them."""

    announcement: Mapping[str, Any]
    folder: Path
    control: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=60.0))

    def act(self, platform: str, name: str, arguments: Any) -> Any:
        """Performs an action of people at a platform. Raises httpx2.HTTPStatusError when the twin does not know it."""
        answer = self.control.post(f"{self.announcement[f'{platform}_control']}/act/{name}", json=arguments)
        answer.raise_for_status()
        return answer.json()

    def quota(self, platform: str) -> dict[str, Any]:
        """The calls so far and the fullest window, as the twin counted them."""
        answer = self.control.get(f"{self.announcement[f'{platform}_control']}/quota")
        answer.raise_for_status()
        return dict(answer.json())

    def place_orders(self, orders: int) -> list[int]:
        """Places ordinary orders of two lines with shipping, paid by card; returns their ids."""
        return [int(self.act("bigcommerce", "place_order", _order(number))["id"]) for number in range(orders)]

    def environment(self) -> dict[str, str]:
        """The environment variables that hold the configuration's secrets."""
        secrets = {**self.announcement, "webhooks": WEBHOOK_SECRET}
        return {variable: str(secrets[name]) for name, variable in SECRETS.items()}

    def configuration(
        self,
        *,
        port: int = 0,
        webhooks: bool = False,
        post: str = "order",
        locations: tuple[str, ...] = ("Main Warehouse",),
        database: str = "sqlite:///weighbridge.db",
    ) -> Path:
        """A `weighbridge.toml` for one worker that sells the stock of `locations`."""
        text = example_toml(
            Example(
                bigcommerce_api=str(self.announcement["bigcommerce_url"]).partition("/stores/")[0],
                store_hash=self.announcement["store_hash"],
                cin7_api=self.announcement["cin7_url"],
                secrets=SECRETS,
                database=database,
                clock=self.announcement["clock"],
                connection=CONNECTION,
                port=port,
                public_url=f"http://127.0.0.1:{port}" if webhooks else "",
                post=post,
                locations=locations,
                double_submit_minutes=0.0,
            )
        )
        path = self.folder / "weighbridge.toml"
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def open_harness(folder: Path, *, speed: float, goods: Sequence[str] = GOODS) -> Iterator[Harness]:
    """Starts twins whose time passes `speed` times as fast, with a few products; stops them when the block ends."""
    command = [sys.executable, "-m", "weighbridge", "twins", "serve", "--bigcommerce-port", "0", "--cin7-port", "0"]
    twins = subprocess.Popen([*command, "--speed", str(speed)], stdout=subprocess.PIPE, text=True)
    assert twins.stdout is not None
    try:
        harness = Harness(json.loads(twins.stdout.readline()), folder)
        harness.act("bigcommerce", "seed_products", [_store_product(sku) for sku in goods])
        products = [{"sku": sku, "name": sku.capitalize(), "tier_price": "12.50"} for sku in goods]
        stock = [{"sku": sku, "on_hand": 1_000_000} for sku in goods]
        harness.act("cin7", "seed", {"products": products, "stock": stock})
        yield harness
        harness.control.close()
    finally:
        twins.terminate()
        twins.wait(10)


def _store_product(sku: str) -> dict[str, Any]:
    return {"sku": sku, "name": f"Product {sku}", "price": "12.50", "tax_class_id": 0, "inventory_level": 0}


def _order(number: int) -> dict[str, Any]:
    lines = [
        {"sku": GOODS[number % len(GOODS)], "quantity": 1 + number % 3},
        {"sku": GOODS[(number + 1) % len(GOODS)], "quantity": 1},
    ]
    return {
        "lines": lines,
        "shipping_cost": "6.00",
        "billing_address": ADDRESS,
        "shipping_addresses": [ADDRESS],
    }
