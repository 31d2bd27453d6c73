"""The guard: what every answer carries, and how large a request may be."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 262_144
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
YEAR_SECONDS = 31_536_000


class Guard:
    """Sets the headers of every answer; refuses a body that is too large before it is read."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["strict-transport-security"] = f"max-age={YEAR_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                # What is shown belongs to whoever is signed in; assets say themselves how long they keep.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            refused = PlainTextResponse("An address holds no NUL.", status_code=400)
            await refused(scope, receive, guarded)
            return
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and (refusal := _refusal(Headers(scope=scope))):
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


def _refusal(headers: Headers) -> PlainTextResponse | None:
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding") or (length and not length.isdigit()):
        return PlainTextResponse("A request says how long it is.", status_code=411)
    if length and int(length) > LARGEST_BODY:
        return PlainTextResponse(f"A request has at most {LARGEST_BODY} bytes.", status_code=413)
    return None
