"""The console's web application: pages, assets and the JSON API behind the same security headers."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from weighbridge.app.context import AppContext
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_reasons import reason_of
from weighbridge.persistence.locks import DatabaseLocked
from weighbridge.persistence.monitoring_database import MonitoringDatabase
from weighbridge.queries.health import Watched
from weighbridge.services.errors import InvalidRequest, NotFound
from weighbridge.services.permission import NotPermitted
from weighbridge.web.api.app import PATH, api_app
from weighbridge.web.console.auth import CrossSiteRequest, CurrentUser, NotSignedIn, current_user_of
from weighbridge.web.console.pages import (
    audit,
    design,
    exception_actions,
    exceptions,
    flows,
    orders,
    provider_sign_in,
    reconciliation,
    refunds,
    search,
    settings,
    sign_in,
    stock,
    storage,
    today,
)
from weighbridge.web.console.security_headers import YEAR_SECONDS, SecurityHeaders
from weighbridge.web.console.templating import STATIC, page
from weighbridge.web.monitoring import MonitoringEndpoints, add_monitoring

log = structlog.get_logger()

PAGES = (
    sign_in, provider_sign_in, today, exceptions, exception_actions, orders, refunds, stock, flows, design,
    reconciliation, settings, storage, audit, search,
)  # fmt: skip


class Assets(StaticFiles):
    """Our static files: their address changes with their content, so browsers cache them forever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        return response


def console_app(app_context: AppContext) -> FastAPI:
    """The web application over `app_context`."""
    app = FastAPI(title="Weighbridge console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.app_context = app_context
    app.add_middleware(SecurityHeaders, secure=app_context.is_secure)
    add_monitoring(app, MonitoringEndpoints.of(_watched(app_context), app_context.metrics_token))
    app.mount("/static", Assets(directory=STATIC))
    app.mount(PATH, api_app(app_context))
    for module in PAGES:
        app.include_router(module.router)
    app.add_exception_handler(NotSignedIn, _redirect_to_sign_in)
    app.add_exception_handler(NotPermitted, _not_permitted)
    app.add_exception_handler(CrossSiteRequest, _cross_site)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(InvalidRequest, _invalid_request)
    for refusal in (NotAllowed, *settings.PROBLEMS):
        app.add_exception_handler(refusal, _invalid_request)
    app.add_exception_handler(LookupError, _missing)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _unreadable)
    for failure in (DatabaseError, DatabaseLocked):
        app.add_exception_handler(failure, _database_failed)
    app.add_exception_handler(Exception, _broken)
    return app


def _watched(app_context: AppContext) -> Watched:
    """What the console's health checks and metrics look at."""
    return Watched(
        connections=app_context.connections,
        settings=app_context.installation.monitoring,
        database=app_context.database,
        monitoring_database=MonitoringDatabase(app_context.installation.installation.database),
        clock=app_context.clock,
        account_ids=app_context.account_ids,
    )


async def _redirect_to_sign_in(request: Request, _problem: Exception) -> Response:
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"?to={quote(address, safe='')}" if request.method == "GET" and address != "/" else ""
    return RedirectResponse(f"/sign-in{to}", 303)


async def _not_permitted(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotPermitted)
    permission = str(problem.permission).replace("_", " ")
    message = (
        f"You are signed in as {problem.user.name}. Your role, {problem.user.role}, does not include: {permission}. "
        "An admin can change your role."
    )
    return await _problem(request, 403, "Not allowed", message)


async def _cross_site(request: Request, _problem_: Exception) -> Response:
    message = "The form is expired or was not sent by this console. Nothing was changed. Reload the page and try again."
    return await _problem(request, 403, "Nothing was changed", message)


async def _not_found(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotFound)
    return await _problem(request, 404, "Not found", str(problem), problem.back_url, problem.back_label)


async def _invalid_request(request: Request, problem: Exception) -> Response:
    message = f"{str(problem)[:1].upper()}{str(problem)[1:].removesuffix('.')}. Nothing was changed."
    segments = request.url.path.split("/")
    back_url = "/".join(segments[:3]) if segments[1] == "exceptions" else f"/{segments[1].partition('-')[0]}"
    return await _problem(request, 400, "Not possible", message, back_url, "Back")


async def _missing(request: Request, problem: Exception) -> Response:
    if isinstance(problem, (KeyError, IndexError)):
        raise problem
    return await _problem(request, 404, "Not found", f"{problem}.", "/exceptions", "All exceptions")


async def _unreadable(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    errors = "; ".join(f"{error['loc'][-1]}: {error['msg'].lower()}" for error in problem.errors())
    return await _problem(request, 422, "Invalid request", f"{errors}. Nothing was changed.")


async def _http_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    if problem.status_code == 404:
        return await _problem(request, 404, "Not found", "There is no page at this address.")
    return await _problem(request, problem.status_code, "Not possible", str(problem.detail))


async def _database_failed(request: Request, error: Exception) -> Response:
    log.error("console_request_failed", path=request.url.path, reason=reason_of(error))
    message = f"The database does not work at the moment: {reason_of(error)}. Nothing was changed."
    return await _problem(request, 503, "Database not available", message)


async def _broken(request: Request, _problem_: Exception) -> Response:
    message = (
        "The console failed, not the integration: orders and stock continue. The log of this process has the details."
    )
    return await _problem(request, 500, "Console error", message)


async def _problem(
    request: Request, status: int, title: str, message: str, back_url: str = "/", back_label: str = "Today"
) -> HTMLResponse:
    try:
        user: CurrentUser | None = await current_user_of(request)
    except Exception:  # noqa: BLE001
        user = None
    return page(
        request,
        "problem.html",
        user,
        status=status,
        title=title,
        message=message,
        back_url=back_url,
        back_label=back_label,
    )
