"""Sign-in and sign-out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.oidc.provider import ProviderDown
from weighbridge.access.roles import Permission
from weighbridge.access.sign_in import Refused, SignInAccepted
from weighbridge.access.token_secrets import new_secret
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.web.console.auth import (
    CrossSiteRequest,
    CurrentUser,
    NotSignedIn,
    cookie_name,
    current_user_of,
    form_requires,
    local_path,
    refuse_cross_site,
    same_secret,
)
from weighbridge.web.console.templating import format_duration, page

router = APIRouter()
FORM_COOKIE_SECONDS = 3600
WRONG = "The name or the password is wrong."
NO_PASSWORDS = "Sign-in with a password is disabled here."
SignedIn = Annotated[CurrentUser, Depends(form_requires(Permission.READ))]


def form_cookie(app: AppContext) -> str:
    """The cookie with the CSRF token of the sign-in form, since there is no session yet."""
    return f"{cookie_name(app)}-form"


@router.get("/sign-in")
async def show_form(request: Request, to: str = "/", out: str = "") -> Response:
    try:
        await current_user_of(request)
    except NotSignedIn:
        return await sign_in_page(request, to, sign_out_url=await _provider_sign_out_url(request) if out else "")
    return RedirectResponse(local_path(to), 303)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    csrf: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    app = app_context_of(request)
    refuse_cross_site(request)
    if not app.allows_passwords:
        return await sign_in_page(request, to, NO_PASSWORDS, status=403)
    if not same_secret(csrf, request.cookies.get(form_cookie(app), "")):
        raise CrossSiteRequest
    address = request.client.host if request.client else ""
    outcome = await app.access.sign_in.attempt(name, password, address)
    if isinstance(outcome, Refused):
        if outcome.wait:
            message = f"Too many attempts. Wait {format_duration(outcome.wait)}, then try again."
            return await sign_in_page(request, to, message, name, 429, retry_after=outcome.wait)
        return await sign_in_page(request, to, WRONG, name, 403)
    response = signed_in_redirect(app, outcome, to)
    response.delete_cookie(form_cookie(app), secure=app.is_secure, httponly=True, samesite="strict")
    return response


@router.post("/sign-out")
async def sign_out(request: Request, current_user: SignedIn) -> Response:
    app = app_context_of(request)
    await app.access.sessions.end(current_user.session.digest)
    await app.access.audit.record(current_user.name, "signed_out", f"user {current_user.name}")
    response = RedirectResponse("/sign-in?out=1" if app.access.provider_sign_in else "/sign-in", 303)
    response.delete_cookie(cookie_name(app), secure=app.is_secure, httponly=True, samesite="lax")
    return response


def signed_in_redirect(app: AppContext, accepted: SignInAccepted, to: str) -> RedirectResponse:
    """Redirects a user who has signed in to the requested page, with the session's cookie."""
    response = RedirectResponse(local_path(to), 303)
    response.set_cookie(cookie_name(app), accepted.secret, httponly=True, secure=app.is_secure, samesite="lax")
    return response


async def _provider_sign_out_url(request: Request) -> str:
    """The provider's sign-out address; empty if there is none."""
    app = app_context_of(request)
    if app.access.provider_sign_in is None:
        return ""
    home = app.installation.console.public_url or str(request.base_url).rstrip("/")
    try:
        return await app.access.provider_sign_in.provider.logout_url(f"{home}/sign-in")
    except ProviderDown as problem:
        app.access.provider_sign_in.log_provider_down(problem)
        return ""


async def sign_in_page(
    request: Request,
    to: str,
    problem: str = "",
    name: str = "",
    status: int = 200,
    retry_after: timedelta = timedelta(0),
    sign_out_url: str = "",
) -> HTMLResponse:
    """The sign-in page, with the problem of the previous attempt."""
    app = app_context_of(request)
    token = request.cookies.get(form_cookie(app)) or new_secret()
    has_users = bool(await app.access.users.all())
    response = page(
        request,
        "sign_in.html",
        None,
        status=status,
        to=local_path(to),
        problem=problem,
        name=name,
        token=token,
        has_users=has_users,
        oidc=app.installation.console.oidc,
        allows_passwords=app.allows_passwords,
        sign_out_url=sign_out_url,
    )
    response.set_cookie(
        form_cookie(app),
        token,
        max_age=FORM_COOKIE_SECONDS,
        httponly=True,
        secure=app.is_secure,
        samesite="strict",
    )
    if retry_after:
        response.headers["retry-after"] = str(int(retry_after.total_seconds()) + 1)
    return response
