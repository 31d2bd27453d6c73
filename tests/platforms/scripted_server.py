"""A real HTTP server that gives the replies of a test, one per request, and records the requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """How the server answers one request."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    wall_seconds: float = 0.0
    """How long the answer takes."""
    hangs_up: bool = False
    """The server reads the request and closes the connection without an answer."""
    cut_to: int | None = None
    """The answer announces its whole length and ends after this many bytes."""
    closes_after: bool = False
    """The server closes the connection after the answer, without announcing it."""


HANG_UP = Reply(hangs_up=True)


@dataclass
class ScriptedServer:
    """Answers with `replies` in order, and repeats the last one."""

    replies: list[Reply]
    requests: list[RecordedRequest] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(reader)) is not None:
                reply = self.replies[min(len(self.requests), len(self.replies) - 1)]
                self.requests.append(request)
                if reply.wall_seconds:
                    await asyncio.sleep(reply.wall_seconds)
                if reply.hangs_up:
                    return
                writer.write(_rendered(reply))
                await writer.drain()
                if reply.cut_to is not None or reply.closes_after:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> RecordedRequest | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return RecordedRequest(method, path, headers, body)


def _rendered(reply: Reply) -> bytes:
    head = [f"HTTP/1.1 {reply.status} Scripted", f"content-length: {len(reply.body)}"]
    head += [f"{name}: {value}" for name, value in reply.headers.items()]
    body = reply.body if reply.cut_to is None else reply.body[: reply.cut_to]
    return "\r\n".join([*head, "", ""]).encode() + body


@asynccontextmanager
async def scripted(*replies: Reply) -> AsyncIterator[ScriptedServer]:
    """Serves until the block ends."""
    script = ScriptedServer(list(replies))
    server = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
