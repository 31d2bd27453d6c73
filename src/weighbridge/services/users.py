"""What admins do about users and tokens, and everybody about their own."""

from __future__ import annotations

from datetime import datetime, timedelta

from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import Permission, Role
from weighbridge.access.sign_in import Refused
from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import require

TOKEN_DAYS = (30, 90, 365)


async def add_user(office: Office, user: User, name: str, role: Role, password: str) -> User:
    """A new user; without a password they sign in at the provider only. Raises UserProblem, WeakPassword, Unusable."""
    require(user, Permission.MANAGE_USERS)
    if not password and office.access.at_provider is None:
        raise Unusable("a user needs a password, since nobody signs in elsewhere")
    return await office.access.users.add(name, role, password, user.name)


async def change_user(
    office: Office, user: User, name: str, *, role: Role | None = None, password: str = "", locked: bool | None = None
) -> User:
    """Gives a user another role or password, locks or unlocks them: whatever is told. Raises as `add_user` does."""
    require(user, Permission.MANAGE_USERS)
    users = office.access.users
    if role is not None:
        await users.set_role(name, role, user.name)
    if password:
        await users.set_password(name, password, user.name)
    if locked is not None:
        await (users.lock if locked else users.unlock)(name, user.name)
    found = await users.find(name)
    if found is None:
        raise LookupError(f"there is no user {name!r}")
    return found


async def change_own_password(office: Office, user: User, old: str, new: str, address: str) -> None:
    """Changes one's own password; guesses of the old one are counted like those at the door. Raises Unusable."""
    if not office.takes_passwords:
        raise Unusable("nobody signs in here with a password")
    found = await office.access.sign_in.recognise(user.name, old, address)
    if isinstance(found, Refused):
        raise Unusable("too many tries; wait some minutes" if found.wait else "the old password is wrong")
    try:
        await office.access.users.set_password(user.name, new, user.name)
    except WeakPassword as problem:
        raise Unusable(str(problem)) from None


async def make_token(
    office: Office, user: User, name: str, *, days: int, read_only: bool, no_later_than: datetime | None = None
) -> str:
    """A new token of one's own, told this once. Raises UserProblem, Unusable.

    One that is asked for with a token ends no later than that: a key that leaks must not make another that lasts.
    """
    if days not in TOKEN_DAYS:
        raise Unusable(f"a token is taken for {', '.join(map(str, TOKEN_DAYS))} days, not {days}")
    if no_later_than is not None and office.people.now() + timedelta(days=days) > no_later_than:
        raise Unusable(f"a token made with a token ends no later than that, on {no_later_than:%Y-%m-%d}")
    return await office.access.tokens.make(user, name, read_only=read_only, days=days, actor=user.name)


async def revoke_own_token(office: Office, user: User, token_id: str) -> None:
    """Takes one's own token away. Raises UserProblem."""
    await office.access.tokens.revoke(token_id, user.name, of=user)


async def revoke_token(office: Office, user: User, token_id: str) -> None:
    """Takes anybody's token away. Raises UserProblem."""
    require(user, Permission.MANAGE_USERS)
    await office.access.tokens.revoke(token_id, user.name)
