"""What a running worker has at hand: its journal, its clock, and one site for each connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.domain.orders.capture_rule import CaptureRule
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.returns.refund import RefundPolicy
from weighbridge.persistence.repositories import Journal
from weighbridge.platforms.bigcommerce.client import BigCommerceClient
from weighbridge.platforms.cin7.client import Cin7Client


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a platform delivers a connection's hooks, with the secret that each delivery must show."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Site:
    """One connection, wired: its design, its clients, its policies."""

    name: str
    connection: Connection
    design_version: str
    company: str
    """The Cin7 company whose stock the shop sells; several sites may share one."""
    shop: BigCommerceClient
    books: Cin7Client
    sale_policy: SalePolicy
    refund_policy: RefundPolicy
    capture_rule: CaptureRule
    shop_hooks: Destination | None = None
    """Where the store delivers; None when hooks are off."""
    books_hooks: Destination | None = None


@dataclass(frozen=True, slots=True)
class Runtime:
    """The worker that the flows of this process belong to."""

    worker: str
    clock: Clock
    journal: Journal
    sites: Mapping[str, Site]

    def sharing_stock(self, site: Site) -> tuple[str, ...]:
        """The connections whose shops sell from the same company as `site`, itself among them."""
        return tuple(name for name, one in self.sites.items() if one.company == site.company)


_running: Runtime | None = None


def install(runtime: Runtime | None) -> None:
    """Makes `runtime` the one this process works with; None when it stops.

    The engine calls flows by name with plain arguments, so they find their worker here.
    """
    global _running
    _running = runtime


def running() -> Runtime:
    """This process's runtime. Raises RuntimeError outside a running worker."""
    if _running is None:
        raise RuntimeError("no worker is running in this process")
    return _running
