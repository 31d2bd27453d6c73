"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.oidc.provider import ProviderDown
from weighbridge.access.roles import Permission
from weighbridge.access.sign_in import Entered, Refused
from weighbridge.access.token_secrets import new_secret
from weighbridge.app.context import Office, office_of
from weighbridge.web.console.auth import (
    ForeignRequest,
    NotSignedIn,
    Visitor,
    acts,
    cookie_name,
    own_path,
    refuse_foreign,
    same,
    visitor_of,
)
from weighbridge.web.console.templating import page, written_span

router = APIRouter()
FORM_COOKIE_SECONDS = 3600
WRONG = "The name or the password is wrong."
NO_PASSWORDS = "Nobody signs in here with a password."
SignedIn = Annotated[Visitor, Depends(acts(Permission.READ))]


def form_cookie(office: Office) -> str:
    """Holds what the form of a sign-in must show: nobody is signed in yet who could have a token."""
    return f"{cookie_name(office)}-form"


@router.get("/sign-in")
async def show_form(request: Request, to: str = "/", out: str = "") -> Response:
    try:
        await visitor_of(request)
    except NotSignedIn:
        return await sign_in_page(request, to, way_out=await _way_out(request) if out else "")
    return RedirectResponse(own_path(to), 303)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    csrf: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    office = office_of(request)
    refuse_foreign(request)
    if not office.takes_passwords:
        return await sign_in_page(request, to, NO_PASSWORDS, status=403)
    if not same(csrf, request.cookies.get(form_cookie(office), "")):
        raise ForeignRequest
    address = request.client.host if request.client else ""
    found = await office.access.sign_in.attempt(name, password, address)
    if isinstance(found, Refused):
        if found.wait:
            words = f"Too many tries. Wait {written_span(found.wait)}, then try again."
            return await sign_in_page(request, to, words, name, 429, retry_after=found.wait)
        return await sign_in_page(request, to, WRONG, name, 403)
    answer = let_in(office, found, to)
    answer.delete_cookie(form_cookie(office), secure=office.is_secure, httponly=True, samesite="strict")
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, visitor: SignedIn) -> Response:
    office = office_of(request)
    await office.access.sessions.end(visitor.session.digest)
    await office.access.audit.note(visitor.name, "signed_out", f"user {visitor.name}")
    answer = RedirectResponse("/sign-in?out=1" if office.access.at_provider else "/sign-in", 303)
    answer.delete_cookie(cookie_name(office), secure=office.is_secure, httponly=True, samesite="lax")
    return answer


def let_in(office: Office, entered: Entered, to: str) -> RedirectResponse:
    """Sends somebody who has signed in to where they wanted, with their session's cookie."""
    answer = RedirectResponse(own_path(to), 303)
    answer.set_cookie(cookie_name(office), entered.secret, httponly=True, secure=office.is_secure, samesite="lax")
    return answer


async def _way_out(request: Request) -> str:
    """Where somebody who has signed out here can sign out at the provider; empty when there is no such place."""
    office = office_of(request)
    if office.access.at_provider is None:
        return ""
    home = office.installation.console.public_url or str(request.base_url).rstrip("/")
    try:
        return await office.access.at_provider.provider.way_out(f"{home}/sign-in")
    except ProviderDown as problem:
        office.access.at_provider.note_down(problem)
        return ""


async def sign_in_page(
    request: Request,
    to: str,
    problem: str = "",
    name: str = "",
    status: int = 200,
    retry_after: timedelta = timedelta(0),
    way_out: str = "",
) -> HTMLResponse:
    """The page on which people sign in, with the problem of the try before."""
    office = office_of(request)
    token = request.cookies.get(form_cookie(office)) or new_secret()
    nobody = not await office.access.users.all()
    answer = page(
        request,
        "sign_in.html",
        None,
        status=status,
        to=own_path(to),
        problem=problem,
        name=name,
        token=token,
        nobody=nobody,
        oidc=office.installation.console.oidc,
        takes_passwords=office.takes_passwords,
        way_out=way_out,
    )
    answer.set_cookie(
        form_cookie(office),
        token,
        max_age=FORM_COOKIE_SECONDS,
        httponly=True,
        secure=office.is_secure,
        samesite="strict",
    )
    if retry_after:
        answer.headers["retry-after"] = str(int(retry_after.total_seconds()) + 1)
    return answer
