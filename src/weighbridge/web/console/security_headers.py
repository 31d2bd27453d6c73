"""Security headers of every response, and the limits of request bodies."""

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


class SecurityHeaders:
    """Sets the headers of every response; refuses a body that is too large before reading it."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if secure:
            self._headers["strict-transport-security"] = f"max-age={YEAR_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                # Pages belong to the signed-in user and are not cached; assets set their own cache time.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if b"%00" in scope.get("query_string", b"") or "\x00" in scope["path"]:
            refused = PlainTextResponse("The address must not hold NUL.", status_code=400)
            await refused(scope, receive, send_with_headers)
            return
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and (refusal := _refusal(Headers(scope=scope))):
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _refusal(headers: Headers) -> PlainTextResponse | None:
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding") or (length and not length.isdigit()):
        return PlainTextResponse("The request must state its content length.", status_code=411)
    if length and int(length) > LARGEST_BODY:
        return PlainTextResponse(f"The body must have at most {LARGEST_BODY} bytes.", status_code=413)
    return None
