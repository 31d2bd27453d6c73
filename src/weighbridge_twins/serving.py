"""Both twins in one process and one loop: BigCommerce on one port, Cin7 Core on another."""

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

from weighbridge_twins import state_file
from weighbridge_twins.app import TwinApp
from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.call import Platform
from weighbridge_twins.calls_log import CallsLog, Recorder
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.control import Control
from weighbridge_twins.faults import FaultBook
from weighbridge_twins.hook_sender import HookSender
from weighbridge_twins.listening import QuietServer, listen, server_config
from weighbridge_twins.tls import make_certificate
from weighbridge_twins.world_clock import MovableClock
from weighbridge_twins.world_office import WorldOffice
from weighbridge_twins.world_options import WorldOptions

CIN7_PREFIX: Final = "/ExternalApi/v2"
FLUSH_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client of the twins needs to know."""

    store_hash: str
    access_token: str
    client_secret: str
    account_id: str
    application_key: str

    @classmethod
    def of_seed(cls, seed: int) -> Credentials:
        """The same credentials for the same seed: a connector's settings survive a restart of the twins."""
        return cls(
            store_hash=f"twin{seed}",
            access_token=f"twin-access-token-{seed}",
            client_secret=f"twin-client-secret-{seed:04d}-0123456789abcdef",
            account_id=f"00000000-0000-4000-8000-{seed:012d}",
            application_key=f"00000000-0000-4000-9000-{seed:012d}",
        )


@dataclass(frozen=True)
class ServeOptions:
    """How the twins are served; port 0 takes any free one."""

    host: str = "127.0.0.1"
    bigcommerce_port: int = 0
    cin7_port: int = 0
    speed: float = 1.0
    start: datetime | None = None
    """What the twins' clock shows at the start; None: the machine's time."""
    seed: int = 1
    record: Path | None = None
    state: Path | None = None
    tls: bool = False
    cin7_switches: Mapping[str, Any] = field(default_factory=dict)
    bigcommerce_switches: Mapping[str, Any] = field(default_factory=dict)
    world: WorldOptions | None = None
    world_starts: bool = False
    """True: the people begin as soon as the twins answer; else at POST /_twin/world."""
    hook_timeout: float = 10.0
    """Wall seconds that a webhook receiver has."""


@dataclass
class Side:
    """One twin with all that stands around it."""

    platform: Platform
    app: TwinApp
    control: Control
    sender: HookSender
    url: str
    root: str


@dataclass
class RunningTwins:
    """Twins that answer."""

    bigcommerce: Side
    cin7: Side
    clock: MovableClock
    credentials: Credentials
    office: WorldOffice
    certificate: Path | None

    def announcement(self) -> dict[str, Any]:
        """All a client needs, as one JSON object."""
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
    with contextlib.ExitStack() as things:
        certificate = None
        if options.tls:
            folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="twins-tls-")))
            certificate = make_certificate(folder, datetime.now(UTC), options.host)
        sockets = [listen(options.host, port) for port in (options.bigcommerce_port, options.cin7_port)]
        for listener in sockets:
            things.callback(listener.close)
        recorder = Recorder(options.record) if options.record else None
        if recorder:
            things.callback(recorder.close)
        scheme = "https" if certificate else "http"
        roots = [f"{scheme}://{_shown(options.host)}:{listener.getsockname()[1]}" for listener in sockets]
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
            twins.office.begin()
        on_ready(twins)
        stopping = asyncio.create_task(stop.wait())
        # A side task that ends has failed: better no twins than twins without hooks.
        await asyncio.wait([stopping, *serving, *beside], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in beside:
            if task.done():
                task.result()
    finally:
        twins.office.stop()
        for task in beside:
            task.cancel()
        for server in servers:
            server.should_exit = True
            server.force_exit = True
        await asyncio.gather(*serving, *beside, return_exceptions=True)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _build(
    options: ServeOptions, roots: list[str], recorder: Recorder | None, certificate: Path | None
) -> RunningTwins:
    credentials = Credentials.of_seed(options.seed)
    saved = state_file.load(options.state) if options.state else None
    if saved and options.world:
        raise ValueError(f"a world begins with fresh twins: move {options.state} away or leave the world out")
    scaled = (
        ScaledClock.parse(saved["clock"]) if saved else ScaledClock.starting_now(float(options.speed), options.start)
    )
    clock = MovableClock(scaled)
    shop_root, cin7_root = roots
    shop_prefix = f"/stores/{credentials.store_hash}"
    shop = BigCommerceTwin(
        clock,
        store_hash=credentials.store_hash,
        access_token=credentials.access_token,
        client_secret=credentials.client_secret,
        seed=options.seed,
        base_url=shop_root,
    )
    company = Cin7Twin(
        clock, account_id=credentials.account_id, application_key=credentials.application_key, seed=options.seed
    )
    office = WorldOffice(shop, company, clock, options.world or WorldOptions(seed=options.seed))
    sides = []
    for platform, switches, root, prefix in (
        (shop, options.bigcommerce_switches, shop_root, shop_prefix),
        (company, options.cin7_switches, cin7_root, CIN7_PREFIX),
    ):
        sides.append(_side(platform, switches, root, prefix, clock, office, options, recorder))
    twins = RunningTwins(sides[0], sides[1], clock, credentials, office, certificate)
    if saved:
        state_file.put_back(saved, _platforms(twins))
    elif options.world:
        office.prepare()
    return twins


def _side(
    platform: Platform,
    switches: Mapping[str, Any],
    root: str,
    prefix: str,
    clock: MovableClock,
    office: WorldOffice,
    options: ServeOptions,
    recorder: Recorder | None,
) -> Side:
    faults, log = FaultBook(options.seed, prefix), CallsLog()
    control = Control(platform, clock, faults, log, office)
    control.set_switches(switches)
    app = TwinApp(platform, clock, faults=faults, log=log, recorder=recorder, control=control, base_url=root)
    sender = HookSender(platform, clock, faults, timeout=options.hook_timeout)
    return Side(platform, app, control, sender, root + prefix, root)


def _platforms(twins: RunningTwins) -> dict[str, Platform]:
    return {"bigcommerce": twins.bigcommerce.platform, "cin7": twins.cin7.platform}


async def _flush(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        recorder.flush()
