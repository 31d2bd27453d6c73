"""A console at hand: served over real HTTP from a thread of its own, with four users and a clock that a test moves."""

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
from weighbridge.app.context import Office
from weighbridge.common.certificates import trusted
from weighbridge.common.clock import ScaledClock
from weighbridge.design.loading import parse_installation
from weighbridge.design.schema import Installation
from weighbridge.persistence.database import Database
from weighbridge.web.console.app import console_app
from weighbridge_twins.world_clock import MovableClock

Answer = TypeVar("Answer")
PASSWORD = "correct horse battery"
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
USERS = {"vera": Role.VIEWER, "otto": Role.OPERATOR, "fina": Role.FINANCE, "ada": Role.ADMIN}
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class House:
    """A console that is served, and what stands behind it."""

    def __init__(self, office: Office, people: MovableClock, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.office = office
        self.url = f"http://127.0.0.1:{port}"
        self._people = people
        self._loop = loop

    def do(self, work: Callable[[Office], Awaitable[Answer]]) -> Answer:
        """Does something behind the counter, in the console's own loop."""

        async def doing() -> Answer:
            return await work(self.office)

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(30)

    def wait(self, **passed: float) -> None:
        """Lets people's time pass: `wait(minutes=5)`."""
        self._people.set(now=self._people.now() + timedelta(**passed))

    def stranger(self) -> httpx2.Client:
        """A browser that nobody has signed in with."""
        return httpx2.Client(base_url=self.url, verify=trusted())

    def sign_in(self, client: httpx2.Client, name: str, password: str = PASSWORD) -> httpx2.Response:
        """Fills in the form as a person does."""
        return client.post("/sign-in", data={"name": name, "password": password, "csrf": csrf_of(client, "/sign-in")})

    @contextmanager
    def as_(self, name: str) -> Iterator[httpx2.Client]:
        """A browser in which `name` is signed in."""
        with self.stranger() as client:
            answer = self.sign_in(client, name)
            assert answer.status_code == 303, answer.text
            yield client


def csrf_of(client: httpx2.Client, page: str) -> str:
    """What the forms of a page must show."""
    found = CSRF.search(client.get(page).text)
    assert found, page
    return found[1]


@cache
def template_database() -> Path:
    """A database with the four users, made once: each password costs a tenth of a second."""
    path = Path(mkdtemp(prefix="weighbridge-")) / "weighbridge.db"

    async def make() -> None:
        database = Database(f"sqlite:///{path}")
        office = Office.of(small(path.parent), path.parent, {}, database, _clock())
        await database.create_tables()
        for name, role in USERS.items():
            await office.access.users.add(name, role, PASSWORD, "tests")
        await database.close()

    asyncio.run(make())
    return path


def small(folder: Path) -> Installation:
    return parse_installation(SMALL).resolved(folder)


def _clock() -> MovableClock:
    return MovableClock(ScaledClock.starting_now(1e-9, MORNING))


@contextmanager
def house(
    folder: Path, installation: Installation | None = None, environment: dict[str, str] | None = None
) -> Iterator[House]:
    """A console over the database of `installation`; without one, over a new one with the four users in it."""
    if installation is None:
        installation = small(folder)
        shutil.copy(template_database(), folder / "weighbridge.db")
    people = _clock()
    started: dict[str, House] = {}
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        database = Database(installation.installation.database)
        await database.create_tables()
        office = Office.of(installation, folder, environment or {}, database, people)
        config = uvicorn.Config(console_app(office), port=0, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        listening = config.bind_socket()
        started["house"] = House(office, people, asyncio.get_running_loop(), listening.getsockname()[1])
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
    running = started["house"]
    try:
        yield running
    finally:
        running._loop.call_soon_threadsafe(stop.set)
        thread.join(20)
