"""The API's application, mounted at /api/v1 next to the pages."""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from weighbridge import __version__
from weighbridge.access.passwords import WeakPassword
from weighbridge.access.users import UserProblem
from weighbridge.app.context import AppContext
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import reason_of
from weighbridge.persistence.locks import DatabaseLocked
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import NotPermitted
from weighbridge.web.api import design, exceptions, monitoring, reconciliation, records, reports, stock, users
from weighbridge.web.api.auth import NoToken, ReadOnlyToken
from weighbridge.web.api.responses import Problem

log = structlog.get_logger()

PATH = "/api/v1"
ANSWERS = {
    400: "The request is not possible; the problem says why.",
    401: "The token is missing or invalid.",
    403: "The role does not allow it, or the token is read-only.",
    404: "Not found.",
}


def api_app(app_context: AppContext) -> FastAPI:
    """The API over `app_context`."""
    app = FastAPI(
        title="Weighbridge",
        version=__version__,
        description="Everything the console shows and does, for programs. Money is text, timestamps are UTC.",
        docs_url=None,
        redoc_url=None,
        responses={status: {"model": Problem, "description": text} for status, text in ANSWERS.items()},
        servers=[{"url": PATH}],
        root_path_in_servers=False,
    )
    app.state.app_context = app_context
    for module in (records, stock, reports, reconciliation, exceptions, design, monitoring, users):
        app.include_router(module.router)
    app.add_exception_handler(NoToken, _no_token)
    app.add_exception_handler(ReadOnlyToken, _read_only_token)
    app.add_exception_handler(NotPermitted, _not_permitted)
    for refusal in (NotAllowed, InvalidRequest, UserProblem, WeakPassword):
        app.add_exception_handler(refusal, _invalid_request)
    for failure in (DatabaseError, DatabaseLocked):
        app.add_exception_handler(failure, _database_failed)
    app.add_exception_handler(LookupError, _missing)
    app.add_exception_handler(RequestValidationError, _unreadable)
    return app


def _problem(status: int, message: str) -> JSONResponse:
    return JSONResponse({"problem": message}, status_code=status)


async def _no_token(_request: Request, _problem_: Exception) -> JSONResponse:
    message = "a token is needed: Authorization: Bearer wb_..."
    return JSONResponse({"problem": message}, status_code=401, headers={"www-authenticate": "Bearer"})


async def _read_only_token(_request: Request, _problem_: Exception) -> JSONResponse:
    return _problem(403, "this token is read-only")


async def _not_permitted(_request: Request, problem: Exception) -> JSONResponse:
    return _problem(403, str(problem))


async def _invalid_request(_request: Request, problem: Exception) -> JSONResponse:
    return _problem(400, str(problem))


async def _database_failed(request: Request, error: Exception) -> JSONResponse:
    log.error("api_request_failed", path=request.url.path, reason=reason_of(error))
    return _problem(503, f"the database does not work at the moment: {reason_of(error)}")


async def _missing(_request: Request, problem: Exception) -> JSONResponse:
    if isinstance(problem, (KeyError, IndexError)):
        raise problem
    return _problem(404, str(problem))


async def _unreadable(_request: Request, problem: Exception) -> JSONResponse:
    """The validation errors without the values that were sent."""
    assert isinstance(problem, RequestValidationError)
    errors = [{"loc": list(error["loc"]), "msg": error["msg"], "type": error["type"]} for error in problem.errors()]
    return JSONResponse({"detail": errors}, status_code=422)
