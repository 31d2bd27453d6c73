"""Settings: connections, users and their roles; and everybody's own password and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import ROLE_WORDS, Permission, Role
from weighbridge.access.users import UserProblem
from weighbridge.app.context import office_of
from weighbridge.persistence.repositories.sent_alerts import AlertLedger
from weighbridge.services import alert_channels as channels
from weighbridge.services import users as people
from weighbridge.services.errors import Unusable, chosen
from weighbridge.web.console.auth import Visitor, acts, reads
from weighbridge.web.console.templating import page

router = APIRouter()
Reader = Annotated[Visitor, Depends(reads())]
Admin = Annotated[Visitor, Depends(acts(Permission.MANAGE_USERS))]
Oneself = Annotated[Visitor, Depends(acts(Permission.READ))]
Short = Annotated[str, Form(max_length=200)]
Secret = Annotated[str, Form(max_length=1000)]
SHOWN_ALERTS = 10


@router.get("/settings")
async def settings(request: Request, visitor: Reader, done: str = "") -> HTMLResponse:
    return await _settings(request, visitor, done=done)


async def _settings(
    request: Request, visitor: Visitor, *, done: str = "", tried: tuple[str, str] | None = None
) -> HTMLResponse:
    office = office_of(request)
    manages = visitor.may(Permission.MANAGE_USERS)
    return page(
        request,
        "settings.html",
        visitor,
        office=office,
        users=await office.access.users.all() if manages else [],
        tokens=await office.access.tokens.valid() if manages else [],
        roles=ROLE_WORDS,
        people_now=office.people.now(),
        done=done == "1",
        alerts=await AlertLedger(office.database, office.clock).latest(SHOWN_ALERTS) if manages else [],
        tried=tried,
    )


@router.post("/settings/alerts/{channel}/test")
async def try_channel(request: Request, visitor: Admin, channel: str) -> HTMLResponse:
    """Sends a test message to one channel and says how it went."""
    problem = await channels.try_channel(office_of(request), visitor.user, channel)
    return await _settings(request, visitor, tried=(channel, problem))


@router.post("/settings/users")
async def add(request: Request, visitor: Admin, name: Short, role: Short, password: Secret = "") -> Response:
    wanted = chosen(Role, role, "role")
    if wanted is None:
        raise Unusable("a user has a role")
    await people.add_user(office_of(request), visitor.user, name, wanted, password)
    return RedirectResponse("/settings?done=1", 303)


@router.post("/settings/users/{name}")
async def change(
    request: Request, visitor: Admin, name: str, role: Short = "", password: Secret = "", lock: Short = ""
) -> Response:
    """Gives a user another role or password, locks or unlocks them: whatever was filled in."""
    locked = lock == "yes" if lock else None
    await people.change_user(
        office_of(request), visitor.user, name, role=chosen(Role, role, "role"), password=password, locked=locked
    )
    return RedirectResponse("/settings?done=1", 303)


@router.post("/settings/tokens/{token_id}/revoke")
async def revoke_any(request: Request, visitor: Admin, token_id: str) -> Response:
    await people.revoke_token(office_of(request), visitor.user, token_id)
    return RedirectResponse("/settings?done=1", 303)


@router.get("/account")
async def account(request: Request, visitor: Reader, done: str = "") -> HTMLResponse:
    return await _account(request, visitor, done=done == "1")


@router.post("/account/password")
async def own_password(request: Request, visitor: Oneself, old: Secret, new: Secret) -> Response:
    """Changes one's own password; guesses of the old one are counted like those at the door."""
    address = request.client.host if request.client else ""
    await people.change_own_password(office_of(request), visitor.user, old, new, address)
    return RedirectResponse("/sign-in", 303)


@router.post("/account/tokens")
async def make_token(
    request: Request, visitor: Oneself, name: Short, days: Annotated[int, Form()] = 90, read_only: Short = ""
) -> HTMLResponse:
    """Makes a token and shows it, this once."""
    made = await people.make_token(office_of(request), visitor.user, name, days=days, read_only=bool(read_only))
    return await _account(request, visitor, made=made)


@router.post("/account/tokens/{token_id}/revoke")
async def revoke(request: Request, visitor: Oneself, token_id: str) -> Response:
    await people.revoke_own_token(office_of(request), visitor.user, token_id)
    return RedirectResponse("/account?done=1", 303)


async def _account(request: Request, visitor: Visitor, *, made: str = "", done: bool = False) -> HTMLResponse:
    office = office_of(request)
    return page(
        request,
        "account.html",
        visitor,
        tokens=await office.access.tokens.valid(visitor.name),
        days=people.TOKEN_DAYS,
        made=made,
        done=done,
        people_now=office.people.now(),
        role_words=ROLE_WORDS[visitor.user.role],
        has_password=office.takes_passwords and visitor.user.password_at is not None,
    )


PROBLEMS = (UserProblem, WeakPassword)
"""What users and tokens refuse, with words for whoever asked."""
