"""Both twins in a thread of their own, for tests and demonstrations in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

import uvloop

from weighbridge_twins.bigcommerce import BigCommerceTwin
from weighbridge_twins.call import Json
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.serving import Credentials, RunningTwins, ServeOptions, Side, serve
from weighbridge_twins.world_options import WorldOptions

__all__ = ["Credentials", "RunningTwins", "ServeOptions", "TwinServer", "serve"]

START_SECONDS: Final = 30.0
CALL_SECONDS: Final = 30.0
Result = TypeVar("Result")


class TwinServer:
    """`with TwinServer(speed=60) as twins:` serves both twins until the block ends.

    `bigcommerce` and `cin7` are the platform objects; they live in the server's thread, so read them through `run`
    while calls may arrive. Everything else here may be called from any thread. Ports are any free ones.
    """

    def __init__(
        self,
        *,
        speed: float = 1.0,
        seed: int = 1,
        start: datetime | None = None,
        record: Path | None = None,
        state: Path | None = None,
        world: WorldOptions | None = None,
        world_starts: bool = False,
        tls: bool = False,
        cin7_switches: Mapping[str, Any] | None = None,
        bigcommerce_switches: Mapping[str, Any] | None = None,
        bigcommerce_port: int = 0,
        cin7_port: int = 0,
        hook_timeout: float = 10.0,
    ) -> None:
        self._options = ServeOptions(
            speed=speed,
            seed=seed,
            start=start,
            record=record,
            state=state,
            tls=tls,
            world=world,
            world_starts=world_starts,
            cin7_switches=cin7_switches or {},
            bigcommerce_switches=bigcommerce_switches or {},
            bigcommerce_port=bigcommerce_port,
            cin7_port=cin7_port,
            hook_timeout=hook_timeout,
        )
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="twins", daemon=True)
        self._failure: BaseException | None = None
        self._twins: RunningTwins | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> TwinServer:
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise TimeoutError(f"the twins did not answer within {START_SECONDS:g} s")
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_SECONDS)
        if self._failure is not None and error is None:
            raise self._failure

    def _serve(self) -> None:
        try:
            uvloop.run(self._serving())
        except BaseException as error:  # noqa: BLE001 - the failure belongs to the thread that opened the server
            self._failure = error
        finally:
            self._ready.set()

    async def _serving(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self._options, self._announce, self._stop)

    def _announce(self, twins: RunningTwins) -> None:
        self._twins = twins
        self._ready.set()

    @property
    def running(self) -> RunningTwins:
        """The twins with all that stands around them. Raises RuntimeError outside the `with` block."""
        if self._twins is None:
            raise RuntimeError("the twins run only within the with block")
        return self._twins

    @property
    def bigcommerce(self) -> BigCommerceTwin:
        """The BigCommerce twin's rules and state."""
        return self.running.office.shop

    @property
    def cin7(self) -> Cin7Twin:
        """The Cin7 Core twin's rules and state."""
        return self.running.office.company

    @property
    def bigcommerce_url(self) -> str:
        """API base: scheme, host, port and /stores/{hash}; paths such as /v2/orders follow."""
        return self.running.bigcommerce.url

    @property
    def cin7_url(self) -> str:
        """API base: scheme, host, port and /ExternalApi/v2; paths such as /sale follow."""
        return self.running.cin7.url

    @property
    def credentials(self) -> Credentials:
        """Store hash, access token, client secret, account id, application key."""
        return self.running.credentials

    @property
    def clock(self) -> ScaledClock:
        """The twins' clock as a value; the product under test takes the same."""
        return self.running.clock.scaled

    @property
    def certificate(self) -> Path | None:
        """The certificate to verify against, with tls=True."""
        return self.running.certificate

    def run(self, work: Callable[[], Result]) -> Result:
        """Runs `work` in the twins' thread, between two calls, and gives its result or raises its error."""

        async def inside() -> Result:
            return work()

        return self._wait(inside())

    def _wait(self, waiting: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            waiting.close()
            raise RuntimeError("the twins run only within the with block")
        return asyncio.run_coroutine_threadsafe(waiting, self._loop).result(CALL_SECONDS)

    def act(self, platform: str, name: str, arguments: Json = None) -> Json:
        """What people do beside the API, as POST /_twin/act/{name}. Raises UnknownAct, RefusedAct."""
        return self.run(lambda: self._side(platform).control.act(name, arguments))

    def fault(self, platform: str, rule: Json) -> int:
        """Sets a fault rule and gives its number. Raises ValueError."""
        return self.run(lambda: self._side(platform).control.add_fault(rule).id)

    def clear_faults(self, platform: str, rule: int | None = None) -> int:
        """Takes back one fault rule or all, with the switches they turned; gives how many."""
        return self.run(lambda: self._side(platform).control.clear_faults(rule))

    def faults(self, platform: str) -> list[dict[str, Any]]:
        """The rules in force with `matched` and `fired`."""
        return self.run(lambda: [rule.as_json() for rule in self._side(platform).app.faults.rules])

    def calls(self, platform: str, *, since: int = 0, path: str = "") -> list[dict[str, Any]]:
        """The calls log: n, at, method, path, query, status, seconds, fault."""
        return self.run(lambda: [call.as_json() for call in self._side(platform).app.log.since(since, path)])

    def quota(self, platform: str) -> Json:
        """The platform's quota counters."""
        return self.run(lambda: self._side(platform).platform.quota())

    def set_switches(self, platform: str, wanted: Mapping[str, Any]) -> Json:
        """Turns switches; gives all. Raises ValueError on an unknown name."""
        return self.run(lambda: self._side(platform).control.set_switches(wanted))

    def start_world(self, options: Mapping[str, Any] | None = None) -> Json:
        """Lets the people begin; `options` as POST /_twin/world takes them."""
        return self.run(lambda: self.running.office.start(dict(options or {})))

    def stop_world(self) -> Json:
        """Sends the people home."""
        return self.run(lambda: self.running.office.stop())

    def world_status(self) -> Json:
        """Counts of what the people did, `done` among them."""
        return self.run(lambda: self.running.office.status())

    def _side(self, platform: str) -> Side:
        if platform not in ("bigcommerce", "cin7"):
            raise ValueError(f"{platform!r} is neither bigcommerce nor cin7")
        return self.running.bigcommerce if platform == "bigcommerce" else self.running.cin7
