"""A small platform (a guest book) and its twin over real HTTP, to test `TwinApp` without a vendor's rules."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from weighbridge_twins.clock import ScaledClock
from weighbridge_twins.faults import FaultInjector
from weighbridge_twins.http.app import TwinApp
from weighbridge_twins.http.call import Answer, Call, Delivery, Json
from weighbridge_twins.http.calls_log import Recorder
from weighbridge_twins.http.control import Control
from weighbridge_twins.http.listening import QuietServer, listen, server_config
from weighbridge_twins.http.webhook_sender import WebhookSender
from weighbridge_twins.world.clock import MovableClock


class GuestBook:
    """Rules: POST /api/entries adds, GET /api/entries lists, X-Key must be `open sesame`."""

    name = "guestbook"

    def __init__(self) -> None:
        self.switches: dict[str, Any] = {"page_drift": 0, "greeting": "hello"}
        self.entries: list[Json] = []
        self.due: list[Delivery] = []
        self.outcomes: list[tuple[str, int | None]] = []
        self.calls = 0
        self.deactivated: list[str] = []

    def check_access(self, call: Call) -> Answer | None:
        self.calls += 1
        return None if call.headers.get("x-key") == "open sesame" else Answer(403, {"error": "no"})

    def answer(self, call: Call) -> Answer:
        if call.path == "/api/entries" and call.method == "POST":
            entry = {"id": len(self.entries) + 1, **call.body}
            self.entries.append(entry)
            return Answer(201, {"data": entry, "tags": [{"n": 1}, {"n": 2}]})
        if call.path == "/api/entries":
            return Answer(200, {"data": list(self.entries)}) if self.entries else Answer(204, empty=True)
        if call.path == "/api/echo":
            return Answer(200, {"query": dict(call.query), "price": Decimal("19.9900")})
        return Answer(404, {"error": "unknown"})

    def malformed(self, call: Call) -> Answer:
        return Answer(500, [{"Exception": "cannot read that"}])

    def finish(self, call: Call, answer: Answer) -> Answer:
        return answer.with_headers({"X-Calls": str(self.calls)})

    def throttled(self, style: str) -> Answer:
        return Answer(503 if style == "503" else 429, {"error": "too fast"})

    def server_error(self) -> Answer:
        return Answer(500, {"error": "oops"})

    def deliveries_due(self) -> list[Delivery]:
        due, self.due = self.due, []
        return due

    def delivered(self, delivery: Delivery, status: int | None) -> None:
        self.outcomes.append((delivery.event_id, status))

    def quota(self) -> Json:
        return {"calls": self.calls, "throttled": 0, "peak_share": 0, "limit": 10}

    def act(self, name: str, arguments: Json) -> Json:
        if name == "deactivate_webhook":
            self.deactivated.append(arguments["webhook_id"])
            return {}
        if name != "sign":
            raise KeyError(name)
        if not arguments["by"]:
            raise ValueError("nobody signs")
        self.entries.append({"id": len(self.entries) + 1, "by": arguments["by"]})
        return self.entries[-1]

    def dump(self) -> Json:
        return {"entries": self.entries}

    def restore(self, state: Json) -> None:
        self.entries = list(state["entries"])


@dataclass
class ServedGuestBook:
    """The guest book, served at `url`."""

    guest_book: GuestBook
    app: TwinApp
    clock: MovableClock
    url: str
    loop: asyncio.AbstractEventLoop

    @property
    def faults(self) -> FaultInjector:
        return self.app.faults


@contextmanager
def served_guest_book(*, speed: float = 1.0, recorder: Recorder | None = None) -> Iterator[ServedGuestBook]:
    """Serves a guest book in a thread until the block ends."""
    book, clock, faults = GuestBook(), MovableClock(ScaledClock.starting_now(speed)), FaultInjector(1, "/api")
    app = TwinApp(book, clock, faults=faults, recorder=recorder)
    app.control = Control(book, clock, faults, app.log)
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    servers: list[QuietServer] = []

    async def serving() -> None:
        servers.append(QuietServer(server_config(app, {})))
        loops.append(asyncio.get_running_loop())
        sender = asyncio.create_task(WebhookSender(book, clock, faults, timeout=2.0).run())
        task = asyncio.create_task(servers[0].serve(sockets=[listener]))
        await servers[0].ready.wait()
        ready.set()
        await task
        sender.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serving()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield ServedGuestBook(book, app, clock, url, loops[0])
    finally:
        servers[0].force_exit = servers[0].should_exit = True
        thread.join(10)
        listener.close()
