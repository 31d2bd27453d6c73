"""A running console, asked over its API: one place that knows addresses, the token, and what refusals mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import httpx2
import typer
from pydantic import TypeAdapter, ValidationError

from weighbridge.design.oidc import speaks_safely
from weighbridge.web.api.app import PATH

AtServer = Annotated[
    str,
    typer.Option(
        "--server", envvar="WEIGHBRIDGE_SERVER",
        help="Address of a running console to ask instead of the database, with the token in WEIGHBRIDGE_TOKEN; "
        "whom the token is for acts.",
    ),
]  # fmt: skip
TOKEN = "WEIGHBRIDGE_TOKEN"
PATIENCE_SECONDS = 60.0
Answer = TypeVar("Answer")


class ServerProblem(Exception):
    """The server cannot be asked, or refuses; its text says why."""


class Server:
    """Asks the API of one console. Every method raises ServerProblem, and LookupError where there is no such thing."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        token = os.environ.get(TOKEN, "").strip()
        if not speaks_safely(self._address):
            raise ServerProblem(f"--server is {address!r}; expected an https address, so that nobody reads the token")
        if not token:
            raise ServerProblem(f"no token in {TOKEN}; make one behind your name in the console")
        self._headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str, model: type[Answer] | Any, query: Mapping[str, Any] | None = None) -> Answer:
        return await self._ask("GET", path, model, params=query)

    async def post(self, path: str, model: type[Answer] | Any, body: Mapping[str, Any] | None = None) -> Answer:
        return await self._ask("POST", path, model, json=body)

    async def _ask(self, method: str, path: str, model: type[Answer] | Any, **what: Any) -> Answer:
        try:
            async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS, headers=self._headers) as client:
                answer = await client.request(method, f"{self._address}{PATH}{path}", **what)
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise ServerProblem(f"no answer from {self._address}: {type(problem).__name__}") from None
        if answer.status_code == 401:
            raise ServerProblem(f"{self._address} does not take the token in {TOKEN}")
        if answer.status_code == 404:
            raise LookupError(_told(answer))
        if answer.status_code != 200:
            raise ServerProblem(_told(answer))
        try:
            read: Answer = TypeAdapter(model).validate_json(answer.content)
        except ValidationError:
            raise ServerProblem(f"{self._address} answers as no Weighbridge of this version does") from None
        return read


def _told(answer: httpx2.Response) -> str:
    """What a refusal says, in the words of the server."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("problem"), str):
        return str(told["problem"])
    if isinstance(told, dict) and isinstance(told.get("detail"), list):
        return "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in told["detail"])
    return f"{answer.request.url} answered {answer.status_code}"
