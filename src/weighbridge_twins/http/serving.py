"""Serves both twins in one process and one event loop: BigCommerce on one port, Cin7 Core on another."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.faults import FaultInjector
from weighbridge_twins.http import state_file
from weighbridge_twins.http.app import TwinApp
from weighbridge_twins.http.call import Platform
from weighbridge_twins.http.calls_log import CallsLog, Recorder
from weighbridge_twins.http.control import Control
from weighbridge_twins.http.listening import QuietServer, listen, server_config
from weighbridge_twins.http.tls import make_certificate
from weighbridge_twins.http.webhook_sender import WebhookSender
from weighbridge_twins.world.clock import MovableClock
from weighbridge_twins.world.options import WorldOptions
from weighbridge_twins.world.runner import WorldRunner

CIN7_PREFIX: Final = "/ExternalApi/v2"
FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of both twins."""

    store_hash: str
    access_token: str
    client_secret: str
    account_id: str
    application_key: str

    @classmethod
    def of_seed(cls, seed: int) -> Credentials:
        """Derives the credentials from a seed, so a client's settings stay valid after a restart of the twins."""
        return cls(
            store_hash=f"twin{seed}",
            access_token=f"twin-access-token-{seed}",
            client_secret=f"twin-client-secret-{seed:04d}-0123456789abcdef",
            account_id=f"00000000-0000-4000-8000-{seed:012d}",
            application_key=f"00000000-0000-4000-9000-{seed:012d}",
        )


@dataclass(frozen=True)
class ServeOptions:
    """Options of a pair of twins; port 0 selects a free port."""

    host: str = "127.0.0.1"
    bigcommerce_port: int = 0
    cin7_port: int = 0
    speed: float = 1.0
    start: datetime | None = None
    """Start time of the twins' clock; None: the machine's time."""
    seed: int = 1
    record: Path | None = None
    state: Path | None = None
    tls: bool = False
    cin7_switches: Mapping[str, Any] = field(default_factory=dict)
    bigcommerce_switches: Mapping[str, Any] = field(default_factory=dict)
    world: WorldOptions | None = None
    world_starts: bool = False
    """True: the world starts as soon as the twins answer; False: at POST /_twin/world."""
    webhook_timeout: float = 10.0
    """Wall seconds within which a webhook receiver must answer."""


@dataclass
class ServedTwin:
    """One twin with its application, control surface and webhook sender."""

    platform: Platform
    app: TwinApp
    control: Control
    sender: WebhookSender
    url: str
    root: str


@dataclass
class RunningTwins:
    """A pair of twins that answers calls."""

    bigcommerce: ServedTwin
    cin7: ServedTwin
    clock: MovableClock
    credentials: Credentials
    world_runner: WorldRunner
    certificate: Path | None

    def announcement(self) -> dict[str, Any]:
        """Returns everything that a client needs, as one JSON object."""
        return {
            "bigcommerce_url": self.bigcommerce.url,
            "cin7_url": self.cin7.url,
            "bigcommerce_control": f"{self.bigcommerce.root}/_twin",
            "cin7_control": f"{self.cin7.root}/_twin",
            **asdict(self.credentials),
            "clock": str(self.clock),
            "certificate": str(self.certificate) if self.certificate else None,
        }


async def serve(options: ServeOptions, on_ready: Callable[[RunningTwins], None], stop: asyncio.Event) -> None:
    """Serves both twins until `stop` is set; calls `on_ready` once both answer. Raises OSError when a port is taken."""
    with contextlib.ExitStack() as stack:
        certificate = None
        if options.tls:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="twins-tls-")))
            certificate = make_certificate(folder, datetime.now(UTC), options.host)
        sockets = [listen(options.host, port) for port in (options.bigcommerce_port, options.cin7_port)]
        for listener in sockets:
            stack.callback(listener.close)
        recorder = Recorder(options.record) if options.record else None
        if recorder:
            stack.callback(recorder.close)
        scheme = "https" if certificate else "http"
        roots = [f"{scheme}://{_url_host(options.host)}:{listener.getsockname()[1]}" for listener in sockets]
        twins = _build(options, roots, recorder, certificate.certificate if certificate else None)
        tls: dict[str, Any] = {}
        if certificate:
            tls = {"ssl_certfile": str(certificate.certificate), "ssl_keyfile": str(certificate.key)}
        servers = [QuietServer(server_config(app, tls)) for app in (twins.bigcommerce.app, twins.cin7.app)]
        await _run(options, twins, servers, sockets, recorder, on_ready, stop)
        if options.state:
            state_file.save(options.state, twins.clock.scaled, _platforms(twins))


async def _run(
    options: ServeOptions,
    twins: RunningTwins,
    servers: list[QuietServer],
    sockets: list[socket.socket],
    recorder: Recorder | None,
    on_ready: Callable[[RunningTwins], None],
    stop: asyncio.Event,
) -> None:
    serving = [
        asyncio.create_task(server.serve(sockets=[listener])) for server, listener in zip(servers, sockets, strict=True)
    ]
    beside: list[asyncio.Task[None]] = [
        asyncio.create_task(side.sender.run()) for side in (twins.bigcommerce, twins.cin7)
    ]
    if recorder:
        beside.append(asyncio.create_task(_flush(recorder)))
    try:
        for server in servers:
            await server.ready.wait()
        if options.world_starts and options.world:
            twins.world_runner.start_world()
        on_ready(twins)
        stopping = asyncio.create_task(stop.wait())
        # A background task never ends unless it failed. Without it the twins would send no webhooks, so stop.
        await asyncio.wait([stopping, *serving, *beside], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in beside:
            if task.done():
                task.result()
    finally:
        twins.world_runner.stop()
        for task in beside:
            task.cancel()
        for server in servers:
            server.should_exit = True
            server.force_exit = True
        await asyncio.gather(*serving, *beside, return_exceptions=True)


def _url_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _build(
    options: ServeOptions, roots: list[str], recorder: Recorder | None, certificate: Path | None
) -> RunningTwins:
    credentials = Credentials.of_seed(options.seed)
    saved = state_file.load(options.state) if options.state else None
    if saved and options.world:
        raise ValueError(f"state: a world needs new twins; move {options.state} away or serve without a world")
    scaled = (
        ScaledClock.parse(saved["clock"]) if saved else ScaledClock.starting_now(float(options.speed), options.start)
    )
    clock = MovableClock(scaled)
    bigcommerce_root, cin7_root = roots
    bigcommerce_prefix = f"/stores/{credentials.store_hash}"
    bigcommerce = BigCommerceTwin(
        clock,
        store_hash=credentials.store_hash,
        access_token=credentials.access_token,
        client_secret=credentials.client_secret,
        seed=options.seed,
        base_url=bigcommerce_root,
    )
    cin7 = Cin7Twin(
        clock, account_id=credentials.account_id, application_key=credentials.application_key, seed=options.seed
    )
    world_runner = WorldRunner(bigcommerce, cin7, clock, options.world or WorldOptions(seed=options.seed))
    served_twins = []
    for platform, switches, root, prefix in (
        (bigcommerce, options.bigcommerce_switches, bigcommerce_root, bigcommerce_prefix),
        (cin7, options.cin7_switches, cin7_root, CIN7_PREFIX),
    ):
        served_twins.append(_served_twin(platform, switches, root, prefix, clock, world_runner, options, recorder))
    twins = RunningTwins(served_twins[0], served_twins[1], clock, credentials, world_runner, certificate)
    if saved:
        state_file.put_back(saved, _platforms(twins))
    elif options.world:
        world_runner.prepare()
    return twins


def _served_twin(
    platform: Platform,
    switches: Mapping[str, Any],
    root: str,
    prefix: str,
    clock: MovableClock,
    world_runner: WorldRunner,
    options: ServeOptions,
    recorder: Recorder | None,
) -> ServedTwin:
    faults, log = FaultInjector(options.seed, prefix), CallsLog()
    control = Control(platform, clock, faults, log, world_runner)
    control.set_switches(switches)
    app = TwinApp(platform, clock, faults=faults, log=log, recorder=recorder, control=control, base_url=root)
    sender = WebhookSender(platform, clock, faults, timeout=options.webhook_timeout)
    return ServedTwin(platform, app, control, sender, root + prefix, root)


def _platforms(twins: RunningTwins) -> dict[str, Platform]:
    return {"bigcommerce": twins.bigcommerce.platform, "cin7": twins.cin7.platform}


async def _flush(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        recorder.flush()
