"""The client of the console's API. Commands use the API of a running console, or without --server the same API in
this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import httpx2
import typer
from pydantic import TypeAdapter, ValidationError

from weighbridge.cli.context import choose_connection, fail
from weighbridge.cli.in_process import in_process_http
from weighbridge.common.connection_failure import failure_reason
from weighbridge.design.oidc import is_safe_address
from weighbridge.web.api.app import PATH
from weighbridge.web.api.monitoring import ConnectionResponse

ServerOption = Annotated[
    str,
    typer.Option(
        "--server", envvar="WEIGHBRIDGE_SERVER",
        help="URL of a running console to use instead of the database, with the token in WEIGHBRIDGE_TOKEN.",
    ),
]  # fmt: skip
ActorOption = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="WEIGHBRIDGE_ACTOR",
        help="Name of the acting user; default: your login name. With --server the user of the token acts.",
    ),
]
TOKEN = "WEIGHBRIDGE_TOKEN"
TIMEOUT_SECONDS = 60.0
Answer = TypeVar("Answer")


class ApiProblem(Exception):
    """The API does not answer or refuses the request; the message says why."""


class ApiClient:
    """Calls the API of one console. Every method raises ApiProblem."""

    def __init__(self, http: httpx2.AsyncClient, address: str) -> None:
        self._http = http
        self._address = address

    async def get(self, path: str, model: type[Answer] | Any, query: Mapping[str, Any] | None = None) -> Answer:
        return await self._request("GET", path, model, params=query)

    async def post(self, path: str, model: type[Answer] | Any, body: Mapping[str, Any] | None = None) -> Answer:
        return await self._request("POST", path, model, json=body)

    async def _request(self, method: str, path: str, model: type[Answer] | Any, **options: Any) -> Answer:
        try:
            response = await self._http.request(method, path, **options)
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            reason = failure_reason(problem, httpx2.URL(self._address).netloc.decode())
            advice = "check the address, and that the console runs there"
            raise ApiProblem(f"no answer from {self._address}: {reason}; {advice}") from None
        if response.status_code == 401:
            raise ApiProblem(f"{self._address} does not accept the token in {TOKEN}")
        if response.status_code != 200:
            raise ApiProblem(_error_message(response))
        try:
            answer: Answer = TypeAdapter(model).validate_json(response.content)
        except ValidationError:
            raise ApiProblem(f"{self._address} answers as no Weighbridge of this version does") from None
        return answer


def with_api(config: Path, server: str, actor: str, work: Callable[[ApiClient], Awaitable[Answer]]) -> Answer:
    """The result of `work` on the API at `server`, or without one on the API in this process, where `actor` acts.

    A refusal ends the command with its reason.
    """

    async def run() -> Answer:
        async with _server_http(server) if server else in_process_http(config, actor) as http:
            return await work(ApiClient(http, server or "this process"))

    try:
        return asyncio.run(run())
    except ApiProblem as problem:
        fail(str(problem))


async def connection_name(api: ApiClient, name: str) -> str:
    """The connection with this name; the only one of the installation if `name` is empty."""
    connections: list[ConnectionResponse] = await api.get("/connections", list[ConnectionResponse])
    return choose_connection([connection.name for connection in connections], name)


@asynccontextmanager
async def _server_http(server: str) -> AsyncIterator[httpx2.AsyncClient]:
    address = server.rstrip("/")
    token = os.environ.get(TOKEN, "").strip()
    if not is_safe_address(address):
        raise ApiProblem(f"--server is {address!r}; expected an https address, so that the token stays secret")
    if not token:
        raise ApiProblem(f"no token in {TOKEN}; create one in your account in the console")
    headers = {"authorization": f"Bearer {token}"}
    try:
        http = httpx2.AsyncClient(base_url=f"{address}{PATH}", timeout=TIMEOUT_SECONDS, headers=headers)
    except httpx2.InvalidURL:
        raise ApiProblem(f"--server is {address!r}; expected an https address") from None
    async with http:
        yield http


def _error_message(response: httpx2.Response) -> str:
    """The message of a refusal."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("problem"), str):
        return str(body["problem"])
    if isinstance(body, dict) and isinstance(body.get("detail"), list):
        return "; ".join(f"{'.'.join(map(str, error['loc'][1:]))}: {error['msg']}" for error in body["detail"])
    return f"{response.request.url} answered {response.status_code}"
