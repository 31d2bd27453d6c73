"""A real HTTP server that answers what a test wrote down, one line per request, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    wall_seconds: float = 0.0
    """How long the answer takes."""
    hangs_up: bool = False
    """The request is read, and the connection ends without an answer."""
    cut_to: int | None = None
    """The answer promises its whole length and ends after so many bytes."""
    closes_after: bool = False
    """The connection ends after the answer, without a word about it in the answer."""


HANG_UP = Reply(hangs_up=True)


@dataclass
class ScriptedServer:
    """Answers with `replies` in turn; with the last one for ever."""

    replies: list[Reply]
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await _request(reader)) is not None:
                reply = self.replies[min(len(self.asked), len(self.replies) - 1)]
                self.asked.append(asked)
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


async def _request(reader: asyncio.StreamReader) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


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
