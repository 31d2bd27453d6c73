"""Administration of users and tokens by admins, and of their own by every user."""

from __future__ import annotations

from datetime import datetime, timedelta

from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import Permission, Role
from weighbridge.access.sign_in import Refused
from weighbridge.access.users import User
from weighbridge.app.context import AppContext
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import require

TOKEN_DAYS = (30, 90, 365)


async def add_user(app: AppContext, user: User, name: str, role: Role, password: str) -> User:
    """Adds a user; without a password, one of the provider. Raises UserProblem, WeakPassword, InvalidRequest."""
    require(user, Permission.MANAGE_USERS)
    if not password and app.installation.console.oidc is None:
        raise InvalidRequest("a user needs a password, because no identity provider is configured")
    return await app.access.users.add(name, role, password, user.name)


async def change_user(
    app: AppContext, user: User, name: str, *, role: Role | None = None, password: str = "", locked: bool | None = None
) -> User:
    """Changes the role or password of a user, locks or unlocks the user. Raises as `add_user` does, LookupError."""
    require(user, Permission.MANAGE_USERS)
    users = app.access.users
    if role is not None:
        await users.set_role(name, role, user.name)
    if password:
        await users.set_password(name, password, user.name)
    if locked is not None:
        await (users.lock if locked else users.unlock)(name, user.name)
    return await _user_of(app, name)


async def unlink_identity(app: AppContext, user: User, name: str) -> User:
    """Unlinks a user from the identity provider. Raises UserProblem, LookupError."""
    require(user, Permission.MANAGE_USERS)
    unlinked = await _user_of(app, name)
    await app.access.identities.unlink(unlinked, user.name)
    return unlinked


async def make_token_of(
    app: AppContext,
    user: User,
    name: str,
    purpose: str,
    *,
    days: int | None,
    read_only: bool,
    no_later_than: datetime | None,
) -> str:
    """Creates a token of another user and returns it, only this once; without `days` it never expires.

    Raises UserProblem, InvalidRequest, LookupError.
    """
    require(user, Permission.MANAGE_USERS)
    owner = await _user_of(app, name)
    _check_end(app, days, no_later_than)
    return await app.access.tokens.create(owner, purpose, read_only=read_only, days=days, actor=user.name)


async def change_own_password(app: AppContext, user: User, old: str, new: str, address: str) -> None:
    """Changes the user's own password; wrong old passwords count as failed sign-ins. Raises InvalidRequest."""
    if not app.allows_passwords:
        raise InvalidRequest("signing in with a password is off")
    result = await app.access.sign_in.authenticate(user.name, old, address)
    if isinstance(result, Refused):
        raise InvalidRequest("too many attempts; wait some minutes" if result.wait else "the old password is wrong")
    try:
        await app.access.users.set_password(user.name, new, user.name)
    except WeakPassword as problem:
        raise InvalidRequest(str(problem)) from None


async def make_token(
    app: AppContext, user: User, name: str, *, days: int, read_only: bool, no_later_than: datetime | None = None
) -> str:
    """Creates a token of the user and returns it, only this once. Raises UserProblem, InvalidRequest."""
    if days not in TOKEN_DAYS:
        raise InvalidRequest(f"days is {days}; expected one of {', '.join(map(str, TOKEN_DAYS))}")
    _check_end(app, days, no_later_than)
    return await app.access.tokens.create(user, name, read_only=read_only, days=days, actor=user.name)


async def revoke_own_token(app: AppContext, user: User, token_id: str) -> None:
    """Revokes a token of the user. Raises UserProblem."""
    await app.access.tokens.revoke(token_id, user.name, owner=user)


async def revoke_token(app: AppContext, user: User, token_id: str) -> None:
    """Revokes a token of any user. Raises UserProblem."""
    require(user, Permission.MANAGE_USERS)
    await app.access.tokens.revoke(token_id, user.name)


async def _user_of(app: AppContext, name: str) -> User:
    user = await app.access.users.find(name)
    if user is None:
        raise LookupError(f"there is no user {name!r}")
    return user


def _check_end(app: AppContext, days: int | None, no_later_than: datetime | None) -> None:
    """Raises InvalidRequest if a token would outlive the token that creates it: a leaked token must not create a
    lasting one."""
    if no_later_than is None:
        return
    if days is None or app.wall_clock.now() + timedelta(days=days) > no_later_than:
        raise InvalidRequest(f"a token created with a token ends no later than it, on {no_later_than:%Y-%m-%d}")
