"""Authentication and authorisation of pages, and protection of forms against requests of other sites."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from weighbridge.access.roles import Permission
from weighbridge.access.sessions import Session
from weighbridge.access.users import User
from weighbridge.app.context import AppContext, app_context_of
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import NotPermitted

CSRF_FIELD = "csrf"
COOKIE = "weighbridge"
LIVE = "x-live"
"""Header of a page's background requests: they do not extend the session."""


class NotSignedIn(Exception):
    """No user is signed in, or the session is over."""


class CrossSiteRequest(Exception):
    """The request was not sent by one of our own pages."""


def cookie_name(app: AppContext) -> str:
    """The name of the session cookie; with HTTPS, one that browsers accept from this host only."""
    return f"__Host-{COOKIE}" if app.is_secure else COOKIE


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """The signed-in user of a request."""

    session: Session

    @property
    def user(self) -> User:
        return self.session.user

    @property
    def name(self) -> str:
        return self.session.user.name

    def may(self, permission: Permission) -> bool:
        return self.user.may(permission)


async def current_user_of(request: Request) -> CurrentUser:
    """The signed-in user. Raises NotSignedIn."""
    app = app_context_of(request)
    is_background = LIVE in request.headers
    session = await app.access.sessions.find(request.cookies.get(cookie_name(app), ""), touch=not is_background)
    if session is None:
        raise NotSignedIn
    return CurrentUser(session)


def requires(permission: Permission = Permission.READ) -> Callable[[Request], Awaitable[CurrentUser]]:
    """A dependency of pages: the signed-in user, who has `permission`. Raises NotSignedIn, NotPermitted."""

    async def check(request: Request) -> CurrentUser:
        user = await current_user_of(request)
        if not user.may(permission):
            raise NotPermitted(user.user, permission)
        return user

    return check


def form_requires(permission: Permission) -> Callable[[Request], Awaitable[CurrentUser]]:
    """A dependency of forms: as `requires`, and the form has the session's CSRF token. Raises CrossSiteRequest too."""

    async def check(request: Request) -> CurrentUser:
        user = await current_user_of(request)
        form = await request.form()
        refuse_cross_site(request)
        if not same_secret(str(form.get(CSRF_FIELD, "")), user.session.csrf):
            raise CrossSiteRequest
        if not user.may(permission):
            raise NotPermitted(user.user, permission)
        if any("\x00" in value for value in form.values() if isinstance(value, str)):
            raise InvalidRequest("text must not hold NUL")
        return user

    return check


def refuse_cross_site(request: Request) -> None:
    """Refuses a request that a browser marks as sent by another site. Raises CrossSiteRequest."""
    origin = request.headers.get("origin", "")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSiteRequest
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise CrossSiteRequest


def same_secret(presented: str, expected: str) -> bool:
    """Compares secrets in constant time; an empty secret never matches."""
    return bool(expected) and hmac.compare_digest(presented.encode(), expected.encode())


def local_path(path: str) -> str:
    """`path` if it is a page of ours, otherwise the Today page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-in"))
    return path if is_ours and all(character.isprintable() for character in path) else "/"
