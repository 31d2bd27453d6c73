"""The service: one worker process, wired from its configuration, that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType

import structlog
import uvicorn
from pydantic import SecretStr

from weighbridge import __version__
from weighbridge.alerts.dispatcher import Telling
from weighbridge.app.client_factory import Roads
from weighbridge.common.clock import REAL_CLOCK, Clock, ScaledClock
from weighbridge.design.domain_policies import capture_rule, refund_policy, sale_policy
from weighbridge.design.schema import Connection, Installation, design_version
from weighbridge.design.secrets import Secrets
from weighbridge.exceptions.playbooks import Playbooks
from weighbridge.flows.catalogue import flow as catalogue
from weighbridge.flows.context import Destination, Runtime, Site, install
from weighbridge.flows.discovery import sweeps
from weighbridge.flows.discovery import webhooks as hooks
from weighbridge.flows.discovery.design_reload import FollowedDesigns
from weighbridge.flows.orders import replay as _registers_its_flow_too  # noqa: F401
from weighbridge.flows.reference_data import load as bookkeeping
from weighbridge.flows.stock import fast_lane as stock_fast
from weighbridge.flows.stock import flow as stock
from weighbridge.flows.stock import parity as stock_parity
from weighbridge.flows.stock import publish_decreases as _registers_its_flow  # noqa: F401
from weighbridge.flows.stock import stale_allocations as ghost_allocations
from weighbridge.jobs.dispatcher import Turns
from weighbridge.jobs.engine import APPLICATION_VERSION, Engine
from weighbridge.monitors import runner as monitors
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.job_queue import LEFT_TO_WORKERS
from weighbridge.platforms.api_credentials import company
from weighbridge.platforms.bigcommerce.client import BigCommerceClient
from weighbridge.platforms.cin7.client import Cin7Client
from weighbridge.web.webhooks.receiver import HookDoor, receiver

log = structlog.get_logger()

SETTLED_WALL_SECONDS = 0.02
HEARTBEAT_WALL_SECONDS = 2.0
ALERTS_WALL_SECONDS = 5.0
DEAD_AFTER_WALL_SECONDS = 20.0
RECURRING = (
    bookkeeping.FLOW,
    hooks.FLOW,
    sweeps.ORDER_SWEEP,
    sweeps.FULFILMENT_SWEEP,
    stock.FLOW,
    stock_fast.FLOW,
    stock_parity.FLOW,
    catalogue.FLOW,
    ghost_allocations.FLOW,
    monitors.FLOW,
)
PATIENCE_WITH_SWEEPS = timedelta(hours=26)


class Service:
    """One worker of an installation."""

    def __init__(
        self,
        installation: Installation,
        secrets: dict[str, Secrets],
        channels: Mapping[str, SecretStr] = MappingProxyType({}),
        clock: Clock | None = None,
    ) -> None:
        """`clock` takes the place of the configuration's, for twins in the same process whose clock is moved."""
        self._installation = installation
        self._secrets = secrets
        settings = installation.installation
        configured: Clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
        self.clock = clock or configured
        self.database = Database(settings.database)
        self.journal = Journal.of(self.database, self.clock)
        self.engine = Engine(
            settings.engine_database or settings.database,
            settings.worker,
            concurrency=settings.concurrency,
        )
        self._turns = Turns(
            self.journal, self.engine, settings.worker, installation.connections.keys(), settings.polling_seconds
        )
        self._sites: dict[str, Site] = {}
        of_file = {name: connection.design for name, connection in installation.connections.items()}
        self._designs = FollowedDesigns(self.database, self.clock, self.journal, of_file)
        self._telling = Telling(installation.alerts, channels, self.database, self.clock)
        self._playbooks = Playbooks(self.database, self.clock, of_file)

    @asynccontextmanager
    async def working(self, *, recurring: bool = False) -> AsyncIterator[None]:
        """The worker alive: tables there, clients open, engine running, agenda handed out. Stops in good order.

        With `recurring` it also does what comes round by itself; without, that is left to the workers.
        """
        settings = self._installation.installation
        await self.database.create_tables()
        await self.journal.exceptions.catch_up()
        self._sites = {
            name: self._site(name, connection) for name, connection in self._installation.connections.items()
        }
        await self._designs.follow(self._sites)
        self._turns.leave_to_others(() if recurring else LEFT_TO_WORKERS)
        install(Runtime(settings.worker, self.clock, self.journal, self._sites))
        await self.journal.workers.arrive(settings.worker, APPLICATION_VERSION)
        await self.engine.start(self._turns)
        polling = self._installation.installation.polling_seconds
        try:
            async with (
                self._repeating(self._turns.begin_due, polling, at_once=self._turns.room_again),
                self._repeating(self._turns.account, HEARTBEAT_WALL_SECONDS),
                self._repeating(self._stay_alive, HEARTBEAT_WALL_SECONDS),
            ):
                yield
        finally:
            await self.engine.stop(patience_seconds=5)
            await self.journal.workers.leave(settings.worker)
            install(None)
            for site in self._sites.values():
                await site.shop.close()
                await site.books.close()
            await self.database.close()

    async def run(self) -> None:
        """Works and receives hooks until the process is told to stop."""
        async with self.receiving() as stopped:
            await stopped

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[asyncio.Future[None]]:
        """The worker alive with its recurring looks and its receiver; the future is done when that was told to stop."""
        settings = self._installation.installation
        app = receiver(self.journal, self.clock, self._doors())
        config = uvicorn.Config(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        async with (
            self.working(recurring=True),
            self._repeating(self._keep_recurring, HEARTBEAT_WALL_SECONDS),
            self._repeating(self._telling.tell, ALERTS_WALL_SECONDS),
        ):
            serving = asyncio.create_task(server.serve())
            log.info("worker_started", worker=settings.worker, port=settings.port, version=__version__)
            try:
                yield serving
            finally:
                server.should_exit = True
                await serving

    async def run_once(self, flows: tuple[str, ...], key: str = "*") -> None:
        """Runs the named recurring flows one time, in order, each with everything it leads to."""
        for flow in flows:
            for name in self._sites:
                await self.journal.agenda.look_again(name, flow, key, "asked for")
            await self.settle()

    async def settle(self, besides: Sequence[str] = LEFT_TO_WORKERS) -> None:
        """Waits until nothing is due and nothing runs, but for looks asked for by a reason in `besides`. Those are not
        begun meanwhile: of what comes round by itself, one would always be under way on a busy machine."""
        before = self._turns.leave_to_others(besides)
        try:
            await self._quiet(besides)
        finally:
            self._turns.leave_to_others(before)

    async def _quiet(self, besides: Sequence[str]) -> None:
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(SETTLED_WALL_SECONDS)
            quiet = 0 if await self._turns.busy(besides) else quiet + 1

    @asynccontextmanager
    async def _repeating(
        self, work: Callable[[], Awaitable[None]], wall_seconds: float, at_once: asyncio.Event | None = None
    ) -> AsyncIterator[None]:
        """Does `work` again and again while the block runs, `at_once` when that is set. The last time is finished, not
        cut off: a transaction that is cancelled in the midst of a statement would leave SQLite locked."""
        stopping, nudge = False, at_once or asyncio.Event()

        async def repeat() -> None:
            while not stopping:
                nudge.clear()
                try:
                    await work()
                except Exception:
                    log.exception("work_of_the_worker_failed", work=work.__name__)
                if not stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(nudge.wait(), wall_seconds)

        task = asyncio.create_task(repeat())
        try:
            yield
        finally:
            stopping = True
            nudge.set()
            await task

    async def _stay_alive(self) -> None:
        """Beats, works by the designs that were agreed last, and takes over the work of workers that do not."""
        await self._designs.follow(self._sites)
        worker = self._installation.installation.worker
        patience = timedelta(seconds=DEAD_AFTER_WALL_SECONDS / self.clock.wall_seconds(1.0))
        await self.journal.workers.beat(worker, APPLICATION_VERSION)
        silent = [one for one in await self.journal.workers.silent(patience) if one.id != worker]
        # Taken for dead and buried, a worker may have gone on until it died.
        unknown = await self.journal.agenda.holders() - await self.journal.workers.known()
        if not silent and not unknown:
            return
        died = [one.id for one in silent if not one.left] + sorted(unknown)
        if died:
            log.warning("workers_died", workers=died)
        # Forgotten only afterwards: whoever dies in between leaves them to be found by the next.
        gone = [one.id for one in silent]
        await self._turns.take_over([*gone, *sorted(unknown)])
        await self.journal.workers.bury(gone, patience)

    async def _keep_recurring(self) -> None:
        """Sees to it that every recurring look is on the agenda, and that playbooks go as far as the design says."""
        await self._playbooks.act_by_itself()
        for name, site in self._sites.items():
            for flow in RECURRING:
                if _is_wanted(flow, site):
                    await self.journal.agenda.keep_recurring(name, flow, "*", PATIENCE_WITH_SWEEPS)

    def _site(self, name: str, connection: Connection) -> Site:
        secrets = self._secrets[name]
        shop_hooks, books_hooks = self._destinations(name, connection, secrets)
        roads = Roads(self.database, self.journal, self.clock)
        return Site(
            name=name,
            connection=connection,
            design_version=design_version(connection.design),
            company=company(secrets.account_id.get_secret_value()),
            shop=BigCommerceClient(roads.to_shop(name, connection, secrets)),
            books=Cin7Client(roads.to_books(name, connection, secrets)),
            sale_policy=sale_policy(connection),
            refund_policy=refund_policy(connection.design),
            capture_rule=capture_rule(connection.design),
            shop_hooks=shop_hooks,
            books_hooks=books_hooks,
        )

    def _destinations(
        self, name: str, connection: Connection, secrets: Secrets
    ) -> tuple[Destination | None, Destination | None]:
        if not connection.hooks.enabled or secrets.hook_secret is None:
            return None, None
        base = self._installation.installation.public_url.rstrip("/")
        secret = secrets.hook_secret.get_secret_value()
        return (
            Destination(f"{base}/hooks/bigcommerce/{name}/{secret}", secret),
            Destination(f"{base}/hooks/cin7/{name}/{secret}", secret),
        )

    def _doors(self) -> dict[str, HookDoor]:
        return {
            name: HookDoor(
                secrets.hook_secret.get_secret_value() if secrets.hook_secret else "",
                secrets.client_secret.get_secret_value() if secrets.client_secret else "",
            )
            for name, secrets in self._secrets.items()
        }


def _is_wanted(flow: str, site: Site) -> bool:
    """Whether the design of this connection asks for the flow at all."""
    if flow == catalogue.FLOW:
        return site.connection.design.catalogue.enabled
    if flow == stock_fast.FLOW:
        return bool(site.connection.design.stock.fast_lane)
    return flow != hooks.FLOW or site.shop_hooks is not None
