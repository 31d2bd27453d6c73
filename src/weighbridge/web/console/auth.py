"""The gate: who is asking, may they, and did the request come from one of our own pages?"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from weighbridge.access.roles import Permission
from weighbridge.access.sessions import Session
from weighbridge.access.users import User
from weighbridge.app.context import Office, office_of
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import NotPermitted

CSRF_FIELD = "csrf"
COOKIE = "weighbridge"
LIVE = "x-live"
"""Header of the looks that a page takes by itself: nobody sits before it because of them."""


class NotSignedIn(Exception):
    """Nobody is signed in, or their session is over."""


class ForeignRequest(Exception):
    """The request did not come from one of our own pages."""


def cookie_name(office: Office) -> str:
    """With HTTPS, a name that browsers take from this very host only."""
    return f"__Host-{COOKIE}" if office.is_secure else COOKIE


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page."""

    session: Session

    @property
    def user(self) -> User:
        return self.session.user

    @property
    def name(self) -> str:
        return self.session.user.name

    def may(self, permission: Permission) -> bool:
        return self.user.may(permission)


async def visitor_of(request: Request) -> Visitor:
    """Whoever is signed in. Raises NotSignedIn."""
    office = office_of(request)
    looks_by_itself = LIVE in request.headers
    session = await office.access.sessions.of(request.cookies.get(cookie_name(office), ""), noted=not looks_by_itself)
    if session is None:
        raise NotSignedIn
    return Visitor(session)


def reads(permission: Permission = Permission.READ) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency of pages that show something."""

    async def check(request: Request) -> Visitor:
        visitor = await visitor_of(request)
        if not visitor.may(permission):
            raise NotPermitted(visitor.user, permission)
        return visitor

    return check


def acts(permission: Permission) -> Callable[[Request], Awaitable[Visitor]]:
    """A dependency of forms: the same, and the form shows the session's own token."""

    async def check(request: Request) -> Visitor:
        visitor = await visitor_of(request)
        form = await request.form()
        refuse_foreign(request)
        if not same(str(form.get(CSRF_FIELD, "")), visitor.session.csrf):
            raise ForeignRequest
        if not visitor.may(permission):
            raise NotPermitted(visitor.user, permission)
        if any("\x00" in value for value in form.values() if isinstance(value, str)):
            raise Unusable("a text holds no NUL")
        return visitor

    return check


def refuse_foreign(request: Request) -> None:
    """Refuses what a browser says was sent by another site's page. Raises ForeignRequest."""
    origin = request.headers.get("origin", "")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ForeignRequest
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ForeignRequest


def same(shown: str, kept: str) -> bool:
    """Compares without telling by the time it takes; an empty secret fits nothing."""
    return bool(kept) and hmac.compare_digest(shown.encode(), kept.encode())


def own_path(path: str) -> str:
    """`path` if it leads to a page of ours, otherwise the first page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-in"))
    return path if is_ours and all(letter.isprintable() for letter in path) else "/"
