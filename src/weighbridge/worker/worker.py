"""The worker: one process, wired from its configuration, that does jobs until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import structlog
import uvicorn
from pydantic import SecretStr

from weighbridge import __version__
from weighbridge.alerts.dispatcher import AlertDispatcher
from weighbridge.app.connections import close_clients, connection_contexts
from weighbridge.app.jobs import JOB_RUNS, recurring_cadences
from weighbridge.common.clock import REAL_CLOCK, Clock, CorrectedClock, ScaledClock
from weighbridge.design.schema import Installation
from weighbridge.design.secrets import Secrets
from weighbridge.domain.job_types import WHOLE_CONNECTION
from weighbridge.exceptions.playbooks import PlaybookRunner
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.discovery.design_reload import DesignReloader
from weighbridge.jobs.runner import JobRunner
from weighbridge.jobs.sessions import HEARTBEAT_WALL_SECONDS, Sessions, new_session, share_of
from weighbridge.persistence.database import Database
from weighbridge.persistence.monitoring_database import MonitoringDatabase
from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.job_queue import RECURRING_REASONS, Scope
from weighbridge.queries.health import Watched
from weighbridge.web.listening import listen
from weighbridge.web.monitoring import MonitoringEndpoints, add_monitoring
from weighbridge.web.webhooks.receiver import WebhookEndpoint, receiver
from weighbridge.worker.file_handles import ensure_file_handles
from weighbridge.worker.repeating import repeating
from weighbridge.worker.watchdog import OBSERVE_WALL_SECONDS, REPORT_WALL_SECONDS, Watchdog

log = structlog.get_logger()

SETTLED_WALL_SECONDS = 0.02
ALERTS_WALL_SECONDS = 5.0
RECURRING_WALL_SECONDS = 5.0
SHARED_AFTER_WALL_SECONDS = 30.0
"""How long a due job waits for the worker whose share it is before any worker takes it."""
STOP_WALL_SECONDS = 5.0


class Worker:
    """One worker of an installation."""

    def __init__(
        self,
        installation: Installation,
        secrets: dict[str, Secrets],
        channels: Mapping[str, SecretStr] = MappingProxyType({}),
        clock: Clock | None = None,
        metrics_token: SecretStr | None = None,
    ) -> None:
        """`clock` replaces the configuration's, for twins in the same process whose clock is moved."""
        self._installation = installation
        self._secrets = secrets
        settings = installation.installation
        configured: Clock = ScaledClock.parse(settings.clock) if settings.clock else REAL_CLOCK
        self.clock = CorrectedClock(clock or configured)
        self.database = Database(settings.database, settings.lock_wait_seconds)
        self.repositories = Repositories.of(self.database, self.clock)
        self._session = new_session(settings.worker, __version__)
        self._runner = JobRunner[ConnectionContext](
            self.repositories.job_queue, self.clock, self._session.id, JOB_RUNS, concurrency=settings.concurrency
        )
        self._sessions = Sessions(self.repositories.workers, self._session)
        self._is_sharing = False
        """Whether this worker takes a share of the connections, or only does what it requests itself."""
        self.contexts: dict[str, ConnectionContext] = {}
        """By connection; filled while the worker works."""
        file_designs = {name: connection.design for name, connection in installation.connections.items()}
        self._design_reloader = DesignReloader(self.database, self.clock, self.repositories, file_designs)
        self._alert_dispatcher = AlertDispatcher(installation.alerts, channels, self.database, self.clock)
        self._playbook_runner = PlaybookRunner(self.database, self.clock, file_designs)
        self._metrics_token = metrics_token
        self._watched = Watched(
            connections=installation.connections,
            settings=installation.monitoring,
            database=self.database,
            monitoring_database=MonitoringDatabase(settings.database),
            clock=self.clock,
            account_ids={name: own.account_id.get_secret_value() for name, own in secrets.items()},
        )

    @asynccontextmanager
    async def working(
        self, *, recurring: bool = False, connections: Collection[str] = (), flows: Collection[str] = ()
    ) -> AsyncIterator[None]:
        """The worker while it does jobs: tables exist, clients are open, the runner runs. Stops in good order.

        With `recurring` it also does recurring jobs; without, those are left to other workers. With `connections` or
        `flows` it does only the jobs of those.
        Raises WorkerNameTaken while another process works under its name.
        """
        settings = self._installation.installation
        async with AsyncExitStack() as at_end:
            at_end.push_async_callback(self.database.close)
            ensure_file_handles(self._installation)
            await self.database.create_tables()
            self._is_sharing = recurring
            self.clock.correct(await self._sessions.start(self._installation.connections.keys() if recurring else ()))
            at_end.push_async_callback(self._sessions.end)
            await self.repositories.exception_records.open_missing()
            self.contexts = await connection_contexts(
                self._installation,
                self._secrets,
                self._session.id,
                self.database,
                self.repositories,
                self.clock,
                self._watched.clock_offsets,
            )
            at_end.push_async_callback(close_clients, self.contexts)
            await self._design_reloader.reload(self.contexts)
            self._runner.contexts = self.contexts
            excluded_reasons = () if recurring else RECURRING_REASONS
            self._runner.scope = Scope(
                connections or self.contexts.keys(), excluded_reasons=excluded_reasons, flows=flows
            )
            at_end.push_async_callback(self._runner.stop, STOP_WALL_SECONDS)
            async with (
                repeating(self._runner.start_due, settings.polling_seconds, self._runner.slot_freed),
                repeating(self._heartbeat, HEARTBEAT_WALL_SECONDS),
            ):
                yield

    async def run(self) -> None:
        """Does jobs and receives webhooks until the process is told to stop."""
        async with self.receiving() as stopped:
            await stopped

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[asyncio.Future[None]]:
        """The worker with recurring jobs and its webhook server; the future is done once that was told to stop.

        Raises CannotListen or DatabaseProblem before it does any job.
        """
        settings = self._installation.installation
        listening = listen("the webhook receiver", settings.host, settings.port, "installation")
        app = receiver(self.repositories, self.clock, self._webhook_endpoints())
        add_monitoring(app, MonitoringEndpoints.of(self._watched, self._metrics_token))
        config = uvicorn.Config(
            app, host=settings.host, port=settings.port, log_config=None, log_level="warning", access_log=False
        )
        server = uvicorn.Server(config)
        with listening:
            async with (
                self.working(recurring=True),
                self._watching(),
                repeating(self._ensure_recurring, RECURRING_WALL_SECONDS),
                repeating(self._run_playbooks, RECURRING_WALL_SECONDS),
                repeating(self._alert_dispatcher.notify, ALERTS_WALL_SECONDS),
            ):
                serving = asyncio.create_task(server.serve([listening]))
                port = listening.getsockname()[1]
                log.info("worker_started", worker=settings.worker, port=port, version=__version__)
                try:
                    yield serving
                finally:
                    server.should_exit = True
                    await serving

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        """The watchdog while the block runs. Its reports write, so they have to wait while its observations go on."""
        watchdog = Watchdog(self._watched, self.contexts)
        async with (
            repeating(watchdog.observe, OBSERVE_WALL_SECONDS),
            repeating(watchdog.report, REPORT_WALL_SECONDS),
        ):
            yield

    async def run_once(self, flows: tuple[str, ...], key: str = WHOLE_CONNECTION) -> None:
        """Runs the named recurring flows one time, in order, each with everything it leads to, on the connections of
        this worker."""
        for flow in flows:
            for name in self._runner.scope.connections:
                await self.repositories.job_queue.enqueue(name, flow, key, "requested")
            await self.settle()

    async def settle(self, excluded_reasons: Sequence[str] = RECURRING_REASONS) -> None:
        """Waits until no job is due and none runs, except jobs with a reason in `excluded_reasons`.

        Those are not started meanwhile: on a busy machine one recurring job would always be running.
        """
        before = self._runner.exclude_reasons(excluded_reasons)
        try:
            await self._wait_until_quiet(excluded_reasons)
        finally:
            self._runner.exclude_reasons(before)

    async def _wait_until_quiet(self, excluded_reasons: Sequence[str]) -> None:
        quiet = 0
        while quiet < 2:
            await asyncio.sleep(SETTLED_WALL_SECONDS)
            quiet = 0 if await self._runner.is_busy(excluded_reasons) else quiet + 1

    async def _heartbeat(self) -> None:
        """Applies the designs as they are now, shows that this worker is alive, and takes its share of the work."""
        await self._design_reloader.reload(self.contexts)
        server_time, sessions = await self._sessions.beat()
        self.clock.correct(server_time)
        await self._runner.release_lost()
        if self._is_sharing:
            own = share_of(self._session.id, self.contexts.keys(), sessions)
            patience = timedelta(seconds=SHARED_AFTER_WALL_SECONDS / self.clock.wall_seconds(1.0))
            self._runner.scope = replace(
                self._runner.scope,
                connections=own,
                others=self.contexts.keys() - own,
                others_since=self.clock.now() - patience,
            )

    async def _ensure_recurring(self) -> None:
        """Makes sure that every recurring job is due in time."""
        connections = {name: ctx.connection for name, ctx in self.contexts.items()}
        await self.repositories.job_queue.ensure_recurring(recurring_cadences(connections))

    async def _run_playbooks(self) -> None:
        """Runs the playbooks that the designs allow to run by themselves."""
        designs = {name: ctx.connection.design for name, ctx in self.contexts.items()}
        await self._playbook_runner.run_automatically(designs)

    def _webhook_endpoints(self) -> dict[str, WebhookEndpoint]:
        return {
            name: WebhookEndpoint(
                secrets.webhook_secret.get_secret_value() if secrets.webhook_secret else "",
                secrets.client_secret.get_secret_value() if secrets.client_secret else "",
            )
            for name, secrets in self._secrets.items()
        }
