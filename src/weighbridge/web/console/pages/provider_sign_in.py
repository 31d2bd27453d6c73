"""Signing in at the company's identity provider: there by a link, since a form may not lead to another site."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.oidc.provider import ProviderDown, Returned
from weighbridge.access.oidc.sign_in import ProviderSignIn, TurnedAway, Why
from weighbridge.access.sign_in import Entered
from weighbridge.app.context import Office, office_of
from weighbridge.services.errors import NotFound
from weighbridge.web.console.auth import cookie_name, own_path
from weighbridge.web.console.pages.sign_in import let_in, sign_in_page
from weighbridge.web.console.templating import written_span

router = APIRouter()
ATTEMPT_SECONDS = 900
"""How long somebody may take at the provider."""
BACK = "/sign-in/provider/back"
Told = Annotated[str, Query(max_length=4000)]
STATUS = {Why.WAIT: 429, Why.DOWN: 503}
WORDS = {
    Why.WAIT: "Too many tries. Wait {wait}, then try again.",
    Why.STALE: "That answer belongs to no attempt of this browser, or to one that is over. Begin again.",
    Why.DECLINED: "The sign-in was broken off there. Nothing has changed.",
    Why.DOWN: "The sign-in service does not answer as it should. Orders and stock go on. Try again in a minute.",
    Why.UNPROVEN: "The sign-in service's answer does not prove who you are. Begin again, or tell an admin.",
    Why.KEPT_OUT: "You are known there, and not let in here. An admin of Weighbridge can change that.",
}


def attempt_cookie(office: Office) -> str:
    """Holds the secret of an attempt; it has to come back with a visit from another site, so it is not strict."""
    return f"{cookie_name(office)}-provider"


@router.get("/sign-in/provider")
async def go_there(request: Request, to: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    office = office_of(request)
    door, attempt = _door(office), Attempt.new(own_path(to))
    try:
        address = await door.provider.way_there(attempt, _back(request, office))
    except ProviderDown as problem:
        door.note_down(problem)
        return await _turned_away(request, TurnedAway(Why.DOWN), attempt.to)
    answer = RedirectResponse(address, 303)
    answer.set_cookie(
        attempt_cookie(office), attempt.cookie, max_age=ATTEMPT_SECONDS, httponly=True, secure=office.is_secure,
        samesite="lax",
    )  # fmt: skip
    return answer


@router.get(BACK)
async def come_back(request: Request, code: Told = "", state: Told = "", error: Told = "", iss: Told = "") -> Response:
    office = office_of(request)
    attempt = Attempt.read(request.cookies.get(attempt_cookie(office), ""))
    address = request.client.host if request.client else ""
    returned = Returned(code, state, error, iss)
    found = await _door(office).finish(returned, attempt, _back(request, office), address)
    to = own_path(attempt.to) if attempt is not None else "/"
    if isinstance(found, Entered):
        answer: Response = let_in(office, found, to)
    else:
        answer = await _turned_away(request, found, to)
    answer.delete_cookie(attempt_cookie(office), secure=office.is_secure, httponly=True, samesite="lax")
    return answer


async def _turned_away(request: Request, found: TurnedAway, to: str) -> Response:
    words = WORDS[found.why].format(wait=written_span(found.wait))
    return await sign_in_page(request, to, words, status=STATUS.get(found.why, 403), retry_after=found.wait)


def _door(office: Office) -> ProviderSignIn:
    if office.access.at_provider is None:
        raise NotFound("People sign in here with a name and a password.", "/sign-in", "Sign in")
    return office.access.at_provider


def _back(request: Request, office: Office) -> str:
    """Where the provider sends people back to, as it was told when Weighbridge was registered there."""
    return (office.installation.console.public_url or str(request.base_url).rstrip("/")) + BACK
