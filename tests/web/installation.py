"""A console that is served over real HTTP from its own thread, with four users and a clock that a test moves."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar

import httpx2
import uvicorn

from tests.design.examples import SMALL
from weighbridge.access.roles import Role
from weighbridge.app.context import AppContext
from weighbridge.common.certificates import ssl_context
from weighbridge.common.clock import ScaledClock
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app
from weighbridge_twins.world.clock import MovableClock

Answer = TypeVar("Answer")
PASSWORD = "correct horse battery"
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
USERS = {"vera": Role.VIEWER, "otto": Role.OPERATOR, "fina": Role.FINANCE, "ada": Role.ADMIN}
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class RunningInstallation:
    """A served console with its app context."""

    def __init__(self, app: AppContext, wall_clock: MovableClock, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.app = app
        self.url = f"http://127.0.0.1:{port}"
        self._wall_clock = wall_clock
        self._loop = loop

    def do(self, work: Callable[[AppContext], Awaitable[Answer]]) -> Answer:
        """Runs `work` on the app context, in the console's own event loop."""

        async def run() -> Answer:
            return await work(self.app)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    def wait(self, **passed: float) -> None:
        """Moves the wall clock: `wait(minutes=5)`."""
        self._wall_clock.set(now=self._wall_clock.now() + timedelta(**passed))

    def anonymous_client(self) -> httpx2.Client:
        """A client without a session."""
        return httpx2.Client(base_url=self.url, verify=ssl_context())

    def sign_in(self, client: httpx2.Client, name: str, password: str = PASSWORD) -> httpx2.Response:
        """Submits the sign-in form."""
        return client.post("/sign-in", data={"name": name, "password": password, "csrf": csrf_of(client, "/sign-in")})

    @contextmanager
    def signed_in_as(self, name: str) -> Iterator[httpx2.Client]:
        """A client in which `name` is signed in."""
        with self.anonymous_client() as client:
            response = self.sign_in(client, name)
            assert response.status_code == 303, response.text
            yield client


def csrf_of(client: httpx2.Client, page: str) -> str:
    """The CSRF token of a page's forms."""
    match = CSRF.search(client.get(page).text)
    assert match, page
    return match[1]


@cache
def template_database() -> Path:
    """A database with the four users, created once: hashing a password takes a tenth of a second."""
    path = Path(mkdtemp(prefix="weighbridge-")) / "weighbridge.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        app = AppContext.of(small(path.parent), path.parent, {}, database, _clock())
        await database.create_tables()
        for name, role in USERS.items():
            await app.access.users.add(name, role, PASSWORD, "tests")
        await database.close()

    asyncio.run(make())
    return path


def small(folder: Path) -> Installation:
    return parse_installation(SMALL).resolved(folder)


def _clock() -> MovableClock:
    return MovableClock(ScaledClock.starting_now(1e-9, MORNING))


@contextmanager
def running_installation(
    folder: Path, installation: Installation | None = None, environment: dict[str, str] | None = None
) -> Iterator[RunningInstallation]:
    """A console over the database of `installation`; without one, over a new database with the four users."""
    if installation is None:
        installation = small(folder)
        shutil.copy(template_database(), folder / "weighbridge.db")
    wall_clock = _clock()
    started: dict[str, RunningInstallation] = {}
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        database = Database(installation.installation.database)
        await database.create_tables()
        app = AppContext.of(installation, folder, environment or {}, database, wall_clock)
        config = uvicorn.Config(console_app(app), port=0, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        listening = config.bind_socket()
        started["console"] = RunningInstallation(
            app, wall_clock, asyncio.get_running_loop(), listening.getsockname()[1]
        )
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        ready.set()
        await stop.wait()
        server.should_exit = True
        await serving
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(20), "the console did not start"
    running = started["console"]
    try:
        yield running
    finally:
        running._loop.call_soon_threadsafe(stop.set)
        thread.join(20)
