"""The API's application, mounted at /api/v1 beside the pages."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from weighbridge import __version__
from weighbridge.access.passwords import WeakPassword
from weighbridge.access.users import UserProblem
from weighbridge.app.context import Office
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import NotPermitted
from weighbridge.web.api import design, exceptions
from weighbridge.web.api import monitoring as watching
from weighbridge.web.api import reconciliation as comparing
from weighbridge.web.api import records as looking
from weighbridge.web.api import users as people
from weighbridge.web.api.auth import NoToken, OnlyReading
from weighbridge.web.api.responses import Problem

PATH = "/api/v1"
ANSWERS = {
    400: "What was asked for cannot be done; the problem says why.",
    401: "No token was shown, or one that is not taken.",
    403: "The role, or a token that may only look, does not allow it.",
    404: "There is no such thing.",
}


def api_app(office: Office) -> FastAPI:
    """The API over `office`."""
    app = FastAPI(
        title="Weighbridge",
        version=__version__,
        description="What the console shows and does, for programs. Money is text, moments are UTC.",
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": Problem, "description": words} for status, words in ANSWERS.items()},
        servers=[{"url": PATH}],
        root_path_in_servers=False,
    )
    app.state.office = office
    for part in (looking, comparing, exceptions, design, watching, people):
        app.include_router(part.router)
    app.add_exception_handler(NoToken, _no_token)
    app.add_exception_handler(OnlyReading, _only_reading)
    app.add_exception_handler(NotPermitted, _not_permitted)
    for refusal in (NotAllowed, Unusable, UserProblem, WeakPassword):
        app.add_exception_handler(refusal, _unusable)
    app.add_exception_handler(LookupError, _missing)
    app.add_exception_handler(RequestValidationError, _unreadable)
    return app


def _problem(status: int, words: str) -> JSONResponse:
    return JSONResponse({"problem": words}, status_code=status)


async def _no_token(_request: Request, _problem_: Exception) -> JSONResponse:
    words = "show a token: Authorization: Bearer wb_..."
    return JSONResponse({"problem": words}, status_code=401, headers={"www-authenticate": "Bearer"})


async def _only_reading(_request: Request, _problem_: Exception) -> JSONResponse:
    return _problem(403, "this token may only look")


async def _not_permitted(_request: Request, problem: Exception) -> JSONResponse:
    return _problem(403, str(problem))


async def _unusable(_request: Request, problem: Exception) -> JSONResponse:
    return _problem(400, str(problem))


async def _missing(_request: Request, problem: Exception) -> JSONResponse:
    if isinstance(problem, (KeyError, IndexError)):
        raise problem
    return _problem(404, str(problem))


async def _unreadable(_request: Request, problem: Exception) -> JSONResponse:
    """The same as everywhere, without echoing what was sent."""
    assert isinstance(problem, RequestValidationError)
    told = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in problem.errors()]
    return JSONResponse({"detail": told}, status_code=422)
