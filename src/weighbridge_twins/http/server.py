"""Runs both twins in a thread, for tests and demonstrations in the same process."""

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
from weighbridge_twins.cin7 import Cin7Twin
from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.http.call import Json
from weighbridge_twins.http.serving import Credentials, RunningTwins, ServedTwin, ServeOptions, serve
from weighbridge_twins.world.options import WorldOptions

__all__ = ["Credentials", "RunningTwins", "ServeOptions", "TwinServer", "serve"]

START_SECONDS: Final = 30.0
CALL_SECONDS: Final = 30.0
Result = TypeVar("Result")


class TwinServer:
    """`with TwinServer(speed=60) as twins:` serves both twins until the block ends.

    `bigcommerce` and `cin7` are the platform objects. They belong to the server's thread, so read them through `run`
    while calls may arrive. All other members may be used from any thread. The default ports are free ones.
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
        webhook_timeout: float = 10.0,
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
            webhook_timeout=webhook_timeout,
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
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that opened the server
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
        """The running twins with their servers and world. Raises RuntimeError outside the `with` block."""
        if self._twins is None:
            raise RuntimeError("the twins run only inside the `with TwinServer()` block")
        return self._twins

    @property
    def bigcommerce(self) -> BigCommerceTwin:
        """The rules and state of the BigCommerce twin."""
        return self.running.world_runner.bigcommerce

    @property
    def cin7(self) -> Cin7Twin:
        """The rules and state of the Cin7 Core twin."""
        return self.running.world_runner.cin7

    @property
    def bigcommerce_url(self) -> str:
        """API base URL: scheme, host, port and /stores/{hash}; append paths such as /v2/orders."""
        return self.running.bigcommerce.url

    @property
    def cin7_url(self) -> str:
        """API base URL: scheme, host, port and /ExternalApi/v2; append paths such as /sale."""
        return self.running.cin7.url

    @property
    def credentials(self) -> Credentials:
        """Store hash, access token, client secret, account id, application key."""
        return self.running.credentials

    @property
    def clock(self) -> ScaledClock:
        """The twins' clock as a value, to give the program under test the same time."""
        return self.running.clock.scaled

    @property
    def certificate(self) -> Path | None:
        """The certificate that clients verify against; None without tls=True."""
        return self.running.certificate

    def run(self, work: Callable[[], Result]) -> Result:
        """Runs `work` in the twins' thread between two calls; returns its result or raises its error."""

        async def inside() -> Result:
            return work()

        return self._wait(inside())

    def _wait(self, waiting: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            waiting.close()
            raise RuntimeError("the twins run only inside the `with TwinServer()` block")
        return asyncio.run_coroutine_threadsafe(waiting, self._loop).result(CALL_SECONDS)

    def act(self, platform: str, name: str, arguments: Json = None) -> Json:
        """Carries out a user action, as POST /_twin/act/{name} does. Raises UnknownAction, RefusedAction."""
        return self.run(lambda: self._served_twin(platform).control.act(name, arguments))

    def fault(self, platform: str, rule: Json) -> int:
        """Adds a fault rule and returns its id. Raises ValueError."""
        return self.run(lambda: self._served_twin(platform).control.add_fault(rule).id)

    def clear_faults(self, platform: str, rule: int | None = None) -> int:
        """Removes one fault rule or all, and restores the switches they set; returns the number of rules removed."""
        return self.run(lambda: self._served_twin(platform).control.clear_faults(rule))

    def faults(self, platform: str) -> list[dict[str, Any]]:
        """Returns the current rules with `matched` and `fired`."""
        return self.run(lambda: [rule.as_json() for rule in self._served_twin(platform).app.faults.rules])

    def calls(self, platform: str, *, since: int = 0, path: str = "") -> list[dict[str, Any]]:
        """Returns the calls log: n, at, method, path, query, status, seconds, fault."""
        return self.run(lambda: [call.as_json() for call in self._served_twin(platform).app.log.since(since, path)])

    def quota(self, platform: str) -> Json:
        """Returns the platform's quota counters."""
        return self.run(lambda: self._served_twin(platform).platform.quota())

    def set_switches(self, platform: str, readings: Mapping[str, Any]) -> Json:
        """Sets switches and returns all of them. Raises ValueError for an unknown name."""
        return self.run(lambda: self._served_twin(platform).control.set_switches(readings))

    def start_world(self, options: Mapping[str, Any] | None = None) -> Json:
        """Starts the world; `options` have the form of POST /_twin/world."""
        return self.run(lambda: self.running.world_runner.start(dict(options or {})))

    def stop_world(self) -> Json:
        """Stops the world."""
        return self.run(lambda: self.running.world_runner.stop())

    def world_status(self) -> Json:
        """Returns counts of what the simulated people did, and `done`."""
        return self.run(lambda: self.running.world_runner.status())

    def _served_twin(self, platform: str) -> ServedTwin:
        if platform not in ("bigcommerce", "cin7"):
            raise ValueError(f"platform: expected bigcommerce or cin7, not {platform!r}")
        return self.running.bigcommerce if platform == "bigcommerce" else self.running.cin7
