"""Settings: connections, users, tokens and alerts; and the account page with the user's own password and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import ROLE_DESCRIPTIONS, Permission, Role
from weighbridge.access.users import UserProblem
from weighbridge.app.context import app_context_of
from weighbridge.persistence.repositories.sent_alerts import SentAlerts
from weighbridge.services import alert_channels
from weighbridge.services import users as user_service
from weighbridge.services.errors import InvalidRequest, chosen
from weighbridge.web.console.auth import CurrentUser, form_requires, requires
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[CurrentUser, Depends(requires())]
Admin = Annotated[CurrentUser, Depends(form_requires(Permission.MANAGE_USERS))]
Oneself = Annotated[CurrentUser, Depends(form_requires(Permission.READ))]
Short = Annotated[str, Form(max_length=200)]
Secret = Annotated[str, Form(max_length=1000)]
MAX_ALERTS = 10


@router.get("/settings")
async def settings(request: Request, current_user: Reader, done: str = "") -> HTMLResponse:
    return await _settings(request, current_user, done=done)


async def _settings(
    request: Request, current_user: CurrentUser, *, done: str = "", tried: tuple[str, str] | None = None
) -> HTMLResponse:
    app = app_context_of(request)
    manages = current_user.may(Permission.MANAGE_USERS)
    return page(
        request,
        "settings.html",
        current_user,
        app=app,
        users=await app.access.users.all() if manages else [],
        tokens=await app.access.tokens.valid() if manages else [],
        roles=ROLE_DESCRIPTIONS,
        wall_clock_now=app.wall_clock.now(),
        done=done == "1",
        alerts=await SentAlerts(app.database, app.clock).latest(MAX_ALERTS) if manages else [],
        tried=tried,
    )


@router.post("/settings/alerts/{channel}/test")
async def try_channel(request: Request, current_user: Admin, channel: str) -> HTMLResponse:
    """Sends a test message to a channel and shows the result."""
    problem = await alert_channels.try_channel(app_context_of(request), current_user.user, channel)
    return await _settings(request, current_user, tried=(channel, problem))


@router.post("/settings/users")
async def add(request: Request, current_user: Admin, name: Short, role: Short, password: Secret = "") -> Response:
    chosen_role = chosen(Role, role, "role")
    if chosen_role is None:
        raise InvalidRequest(f"role is empty; expected one of {', '.join(Role)}")
    await user_service.add_user(app_context_of(request), current_user.user, name, chosen_role, password)
    return RedirectResponse("/settings?done=1", 303)


@router.post("/settings/users/{name}")
async def change(
    request: Request, current_user: Admin, name: str, role: Short = "", password: Secret = "", lock: Short = ""
) -> Response:
    """Changes the role or password of a user, locks or unlocks the user; empty fields change nothing."""
    is_locked = lock == "yes" if lock else None
    await user_service.change_user(
        app_context_of(request),
        current_user.user,
        name,
        role=chosen(Role, role, "role"),
        password=password,
        locked=is_locked,
    )
    return RedirectResponse("/settings?done=1", 303)


@router.post("/settings/tokens/{token_id}/revoke")
async def revoke_any(request: Request, current_user: Admin, token_id: str) -> Response:
    await user_service.revoke_token(app_context_of(request), current_user.user, token_id)
    return RedirectResponse("/settings?done=1", 303)


@router.get("/account")
async def account(request: Request, current_user: Reader, done: str = "") -> HTMLResponse:
    return await _account(request, current_user, done=done == "1")


@router.post("/account/password")
async def own_password(request: Request, current_user: Oneself, old: Secret, new: Secret) -> Response:
    """Changes the user's own password; wrong guesses of the old one count as failed sign-ins."""
    address = request.client.host if request.client else ""
    await user_service.change_own_password(app_context_of(request), current_user.user, old, new, address)
    return RedirectResponse("/sign-in", 303)


@router.post("/account/tokens")
async def make_token(
    request: Request, current_user: Oneself, name: Short, days: Annotated[int, Form()] = 90, read_only: Short = ""
) -> HTMLResponse:
    """Creates a token and shows its secret, only now."""
    secret = await user_service.make_token(
        app_context_of(request), current_user.user, name, days=days, read_only=bool(read_only)
    )
    return await _account(request, current_user, new_token=secret)


@router.post("/account/tokens/{token_id}/revoke")
async def revoke(request: Request, current_user: Oneself, token_id: str) -> Response:
    await user_service.revoke_own_token(app_context_of(request), current_user.user, token_id)
    return RedirectResponse("/account?done=1", 303)


async def _account(
    request: Request, current_user: CurrentUser, *, new_token: str = "", done: bool = False
) -> HTMLResponse:
    app = app_context_of(request)
    return page(
        request,
        "account.html",
        current_user,
        tokens=await app.access.tokens.valid(current_user.name),
        days=user_service.TOKEN_DAYS,
        new_token=new_token,
        done=done,
        wall_clock_now=app.wall_clock.now(),
        role_description=ROLE_DESCRIPTIONS[current_user.user.role],
        has_password=app.allows_passwords and current_user.user.password_at is not None,
    )


PROBLEMS = (UserProblem, WeakPassword)
"""Refusals of users and tokens, with a message for the user."""
