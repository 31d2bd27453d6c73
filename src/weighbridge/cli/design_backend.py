"""Where the commands about a design get their answers: at the database, or at a running console. Both answer alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.cli.context import fail, one_of
from weighbridge.cli.local_backend import in_the_office
from weighbridge.cli.server import Server, ServerProblem
from weighbridge.design.overrides import DesignChange
from weighbridge.design.schema import Design
from weighbridge.persistence.repositories.designs import AgreedChange
from weighbridge.services import design as deeds
from weighbridge.services.errors import Unusable
from weighbridge.web.api.design import ChangeAnswer, DesignAnswer
from weighbridge.web.api.monitoring import ConnectionAnswer

Answer = TypeVar("Answer")


class DesignDesk(Protocol):
    """What the commands ask. Raises Unusable and LookupError, with words for whoever asked."""

    async def connection(self, wanted: str) -> str:
        """The connection that is meant; may be left out where there is one."""
        ...

    async def shown(self, connection: str) -> tuple[Design, Sequence[AgreedChange]]:
        """The design as it counts now, and what was agreed beside the file, newest first."""
        ...

    async def change(self, connection: str, wanted: DesignChange, reason: str) -> int:
        """Answers the number of the change."""
        ...

    async def undo(self, number: int) -> None: ...

    async def version(self, connection: str, name: str) -> Any: ...


class AtDatabase:
    """The desk of whoever may open the database, under the name that they give."""

    def __init__(self, office: Office, person: User) -> None:
        self._office = office
        self._designs = office.journal.designs
        self._person = person

    async def connection(self, wanted: str) -> str:
        return one_of(self._office.connections, wanted)

    async def shown(self, connection: str) -> tuple[Design, Sequence[AgreedChange]]:
        return await self._effective(connection), await self._designs.changes(connection)

    async def change(self, connection: str, wanted: DesignChange, reason: str) -> int:
        return await deeds.change(self._office, self._person, connection, wanted, reason)

    async def undo(self, number: int) -> None:
        await deeds.undo(self._office, self._person, number)

    async def version(self, connection: str, name: str) -> Any:
        content = await self._designs.version(connection, name)
        if content is None:
            raise LookupError(f"{connection} never worked by {name}")
        return content

    async def _effective(self, connection: str) -> Design:
        return await self._designs.effective(connection, self._office.connections[connection].design)


class AtServer:
    """The desk of whom the token is for."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def connection(self, wanted: str) -> str:
        found: list[ConnectionAnswer] = await self._server.get("/connections", list[ConnectionAnswer])
        return one_of([one.name for one in found], wanted)

    async def shown(self, connection: str) -> tuple[Design, Sequence[AgreedChange]]:
        told: DesignAnswer = await self._server.get(f"/design/{connection}", DesignAnswer)
        return Design.model_validate(told.design), [AgreedChange(**dict(one)) for one in told.changes]

    async def change(self, connection: str, wanted: DesignChange, reason: str) -> int:
        asked = {"setting": wanted.setting, "key": wanted.key, "value": wanted.value, "reason": reason}
        agreed: ChangeAnswer = await self._server.post(f"/design/{connection}/changes", ChangeAnswer, asked)
        return agreed.id

    async def undo(self, number: int) -> None:
        await self._server.post(f"/design-changes/{number}/undo", ChangeAnswer)

    async def version(self, connection: str, name: str) -> Any:
        path = f"/design/{connection}/versions/{quote(name, safe='')}"
        content: dict[str, Any] = await self._server.get(path, dict[str, Any])
        return content


def at_the_desk(config: Path, server: str, by: str, work: Callable[[DesignDesk], Awaitable[Answer]]) -> Answer:
    """What `work` answers at the server, or at the database without one; a refusal ends the command with its reason."""
    try:
        if server:
            return asyncio.run(_afar(server, work))
        return in_the_office(config, by, lambda office, person: work(AtDatabase(office, person)))
    except (ServerProblem, Unusable, LookupError) as problem:
        fail(str(problem.args[0]))


async def _afar(server: str, work: Callable[[DesignDesk], Awaitable[Answer]]) -> Answer:
    return await work(AtServer(Server(server)))
