"""Who calls the API: the bearer of a token. Cookies count for nothing here, so no page of another site can call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from weighbridge.access.roles import Permission
from weighbridge.access.tokens import Bearer
from weighbridge.access.users import User
from weighbridge.app.context import office_of
from weighbridge.services.permission import NotPermitted

SCHEME = HTTPBearer(
    auto_error=False, description="A token made under your name in the console, or by weighbridge users."
)
Shown = Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)]


class NoToken(Exception):
    """No token was shown, or one that is not taken."""


class OnlyReading(Exception):
    """The token may only look."""


async def bearer_of(request: Request, shown: Shown) -> Bearer:
    """Who shows a token. Raises NoToken."""
    bearer = await office_of(request).access.tokens.bearer(shown.credentials if shown is not None else "")
    if bearer is None:
        raise NoToken
    return bearer


Shower = Annotated[Bearer, Depends(bearer_of)]


async def acting(bearer: Shower) -> Bearer:
    """Who shows a token that may do more than look. Raises NoToken, OnlyReading."""
    if bearer.read_only:
        raise OnlyReading
    return bearer


def calls(permission: Permission, *, writes: bool = False) -> Callable[[Bearer], Awaitable[User]]:
    """A dependency: whoever the token acts for. Raises NoToken, OnlyReading, NotPermitted."""

    async def check(bearer: Shower) -> User:
        if writes and bearer.read_only:
            raise OnlyReading
        if not bearer.user.may(permission):
            raise NotPermitted(bearer.user, permission)
        return bearer.user

    return check


Reader = Annotated[User, Depends(calls(Permission.READ))]
PayloadReader = Annotated[User, Depends(calls(Permission.READ_PAYLOADS))]
Auditor = Annotated[User, Depends(calls(Permission.READ_AUDIT))]
Worker = Annotated[User, Depends(calls(Permission.WORK, writes=True))]
AdminReader = Annotated[User, Depends(calls(Permission.MANAGE_USERS))]
Admin = Annotated[User, Depends(calls(Permission.MANAGE_USERS, writes=True))]
Oneself = Annotated[Bearer, Depends(acting)]
