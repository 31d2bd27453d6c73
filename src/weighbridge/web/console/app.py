"""The console's web application: pages, assets and the JSON API behind one guard."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from weighbridge.app.context import Office
from weighbridge.exceptions.actions import NotAllowed
from weighbridge.services.errors import NotFound, Unusable
from weighbridge.services.permission import NotPermitted
from weighbridge.web.api.app import PATH, api_app
from weighbridge.web.console.auth import ForeignRequest, NotSignedIn, Visitor, visitor_of
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
    today,
)
from weighbridge.web.console.security_headers import YEAR_SECONDS, Guard
from weighbridge.web.console.templating import STATIC, page

PAGES = (
    sign_in, provider_sign_in, today, exceptions, exception_actions, orders, refunds, stock, flows, design,
    reconciliation, settings, audit, search,
)  # fmt: skip


class Assets(StaticFiles):
    """Files of ours: their address changes with their content, so browsers keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        if answer.status_code == 200:
            answer.headers["cache-control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        return answer


def console_app(office: Office) -> FastAPI:
    """The web application over `office`."""
    app = FastAPI(title="Weighbridge console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.office = office
    app.add_middleware(Guard, secure=office.is_secure)
    app.mount("/static", Assets(directory=STATIC))
    app.mount(PATH, api_app(office))
    for module in PAGES:
        app.include_router(module.router)
    app.add_exception_handler(NotSignedIn, _ask_to_sign_in)
    app.add_exception_handler(NotPermitted, _not_permitted)
    app.add_exception_handler(ForeignRequest, _foreign)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Unusable, _unusable)
    for refusal in (NotAllowed, *settings.PROBLEMS):
        app.add_exception_handler(refusal, _unusable)
    app.add_exception_handler(LookupError, _missing)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(Exception, _broken)
    return app


async def _ask_to_sign_in(request: Request, _problem: Exception) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = f"?to={quote(wanted, safe='')}" if request.method == "GET" and wanted != "/" else ""
    return RedirectResponse(f"/sign-in{to}", 303)


async def _not_permitted(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotPermitted)
    wanted = str(problem.permission).replace("_", " ")
    words = (
        f"You are signed in as {problem.user.name}, and your role, {problem.user.role}, does not include: {wanted}. "
        "An admin can change it."
    )
    return await _problem(request, 403, "This is not yours to see or do", words)


async def _foreign(request: Request, _problem_: Exception) -> Response:
    words = "The form was too old, or did not come from this console. Nothing was changed. Go back, reload, try again."
    return await _problem(request, 403, "Nothing was done", words)


async def _not_found(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotFound)
    return await _problem(request, 404, "Not found", str(problem), problem.way_out, problem.way_out_name)


async def _unusable(request: Request, problem: Exception) -> Response:
    words = f"{str(problem)[:1].upper()}{str(problem)[1:].removesuffix('.')}. Nothing was changed."
    place = request.url.path.split("/")
    way_out = "/".join(place[:3]) if place[1] == "exceptions" else f"/{place[1].partition('-')[0]}"
    return await _problem(request, 400, "That cannot be done", words, way_out, "Back")


async def _missing(request: Request, problem: Exception) -> Response:
    if isinstance(problem, (KeyError, IndexError)):
        raise problem
    return await _problem(request, 404, "Not found", f"{problem}.", "/exceptions", "All exceptions")


async def _unreadable(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    told = "; ".join(f"{error['loc'][-1]}: {error['msg'].lower()}" for error in problem.errors())
    return await _problem(request, 422, "That cannot be read", f"{told}. Nothing was changed.")


async def _http_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    if problem.status_code == 404:
        return await _problem(request, 404, "Not found", "There is no page at this address.")
    return await _problem(request, problem.status_code, "That cannot be done", str(problem.detail))


async def _broken(request: Request, _problem_: Exception) -> Response:
    words = (
        "The console has failed, not the integration: orders and stock go on. The log of this process has the details."
    )
    return await _problem(request, 500, "Something broke here", words)


async def _problem(
    request: Request, status: int, title: str, words: str, way_out: str = "/", way_out_name: str = "Today"
) -> HTMLResponse:
    try:
        visitor: Visitor | None = await visitor_of(request)
    except Exception:  # noqa: BLE001
        visitor = None
    return page(
        request,
        "problem.html",
        visitor,
        status=status,
        title=title,
        words=words,
        way_out=way_out,
        way_out_name=way_out_name,
    )
