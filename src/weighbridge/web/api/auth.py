"""Authentication of the API by token. Cookies are ignored, so no page of another site can call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from weighbridge.access.roles import Permission
from weighbridge.access.tokens import Bearer
from weighbridge.access.users import User
from weighbridge.app.context import app_context_of
from weighbridge.services.permission import NotPermitted

SCHEME = HTTPBearer(
    auto_error=False, description="A token that you created in the console, or that `weighbridge users` created."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(SCHEME)]


class NoToken(Exception):
    """The token is missing or invalid."""


class ReadOnlyToken(Exception):
    """The token is read-only."""


async def bearer_of(request: Request, credentials: Credentials) -> Bearer:
    """The bearer of the request's token. Raises NoToken."""
    bearer = await app_context_of(request).access.tokens.bearer(
        credentials.credentials if credentials is not None else ""
    )
    if bearer is None:
        raise NoToken
    return bearer


CurrentBearer = Annotated[Bearer, Depends(bearer_of)]


async def writing_bearer(bearer: CurrentBearer) -> Bearer:
    """The bearer of a token that may write. Raises NoToken, ReadOnlyToken."""
    if bearer.read_only:
        raise ReadOnlyToken
    return bearer


def requires(permission: Permission, *, writes: bool = False) -> Callable[[Bearer], Awaitable[User]]:
    """A dependency: the user of the token. Raises NoToken, ReadOnlyToken, NotPermitted."""

    async def check(bearer: CurrentBearer) -> User:
        if writes and bearer.read_only:
            raise ReadOnlyToken
        if not bearer.user.may(permission):
            raise NotPermitted(bearer.user, permission)
        return bearer.user

    return check


Reader = Annotated[User, Depends(requires(Permission.READ))]
PayloadReader = Annotated[User, Depends(requires(Permission.READ_PAYLOADS))]
Auditor = Annotated[User, Depends(requires(Permission.READ_AUDIT))]
Operator = Annotated[User, Depends(requires(Permission.WORK, writes=True))]
AdminReader = Annotated[User, Depends(requires(Permission.MANAGE_USERS))]
Admin = Annotated[User, Depends(requires(Permission.MANAGE_USERS, writes=True))]
Oneself = Annotated[Bearer, Depends(writing_bearer)]
