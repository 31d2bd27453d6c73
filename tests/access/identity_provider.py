"""An identity provider for tests, served over real HTTP: it signs real tokens, follows the standard, and violates it
when a test says so. It shares no code with Weighbridge except the library that signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "weighbridge", "s3cret/with+letters%that need escaping"
LIFETIME_SECONDS = 300


class IdentityProvider:
    """Knows one person at a time, and redirects them at once unless `asks` shows a page first."""

    def __init__(self, now: datetime) -> None:
        self.url = ""
        self.now = now
        self.person: dict[str, Any] = {
            "sub": "p-1", "email": "otto@example.com", "email_verified": True, "preferred_username": "otto",
            "groups": ["warehouse"],
        }  # fmt: skip
        self.left_out: set[str] = set()
        """Claims that only the user info endpoint returns."""
        self.asks = False
        self.declines = False
        self.down = False
        self.accepts_used_codes = False
        self.changed: dict[str, Any] = {}
        """Claims of the ID token that are replaced with wrong ones."""
        self.algorithm = "RS256"
        self.signs_with_another_key = False
        self.calls: list[str] = []
        self._key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self._codes: dict[str, dict[str, str]] = {}
        self._used: set[str] = set()
        self._access: dict[str, dict[str, Any]] = {}

    def rotate(self) -> None:
        """Signs with a new key from now on; the old key is no longer published."""
        self._key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/realm/.well-known/openid-configuration", self._metadata),
                Route("/realm/keys", self._keys),
                Route("/realm/authorize", self._authorize, methods=["GET", "POST"]),
                Route("/realm/token", self._token, methods=["POST"]),
                Route("/realm/userinfo", self._user_info),
                Route("/realm/end", self._end),
            ]
        )

    @property
    def issuer(self) -> str:
        return f"{self.url}/realm"

    async def _metadata(self, request: Request) -> Response:
        self.calls.append("published")
        if self.down:
            return Response("<h1>Bad gateway</h1>", status_code=502)
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/end",
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, request: Request) -> Response:
        self.calls.append("keys")
        unknown_key = {"kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AA"}
        return JSONResponse({"keys": [unknown_key, self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        query = {name: values[0] for name, values in parse_qs(request.url.query).items()}
        if (query["client_id"], query["response_type"]) != (CLIENT, "code") or "openid" not in query["scope"].split():
            return Response("unknown client", status_code=400)
        assert query["code_challenge_method"] == "S256"
        if self.asks and request.method == "GET":
            return HTMLResponse(
                f"<!doctype html><title>Provider</title><h1>Company sign-in</h1><form method=post "
                f'action="?{request.url.query.replace("&", "&amp;")}"><button>Go on</button></form>'
            )
        answer = {"state": query["state"], "iss": self.issuer}
        if self.declines:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self._codes[answer["code"]] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(answer)}", 303)

    async def _token(self, request: Request) -> Response:
        self.calls.append("token")
        if self.down:
            return Response(status_code=503)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        client, _, secret = base64.b64decode(credentials).decode().partition(":")
        if (scheme, unquote_plus(client), unquote_plus(secret)) != ("Basic", CLIENT, SECRET):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        code = form["code"]
        query = self._codes.get(code)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        is_valid = query is not None and (query["redirect_uri"], query["code_challenge"]) == (
            form["redirect_uri"], challenge.rstrip("="),
        )  # fmt: skip
        if query is None or not is_valid or (code in self._used and not self.accepts_used_codes):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        self._used.add(code)
        access = secrets.token_urlsafe(16)
        self._access[access] = dict(self.person)
        return JSONResponse(
            {"token_type": "Bearer", "access_token": access, "id_token": self._id_token(query["nonce"])}
        )

    def _id_token(self, nonce: str) -> str:
        now = int(self.now.timestamp())
        own = {name: value for name, value in self.person.items() if name not in self.left_out}
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + LIFETIME_SECONDS, "nonce": nonce,
        } | own | self.changed  # fmt: skip
        header = {"alg": self.algorithm, "kid": self._key.kid}
        if self.algorithm == "none":
            return ".".join((_segment(header), _segment(claims), ""))
        if self.algorithm == "HS256":
            signed = f"{_segment(header)}.{_segment(claims)}"
            digest = hmac.digest(self._key.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{_letters(digest)}"
        key = RSAKey.generate_key(2048) if self.signs_with_another_key else self._key
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])

    async def _user_info(self, request: Request) -> Response:
        known = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        return JSONResponse(known) if known is not None else Response(status_code=401)

    async def _end(self, request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Provider</title><h1>Signed out at the company</h1>")


def _segment(content: dict[str, Any]) -> str:
    return _letters(json.dumps(content).encode())


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def identity_provider(now: datetime) -> Iterator[IdentityProvider]:
    """A provider that is served while the block runs."""
    provider = IdentityProvider(now)
    config = uvicorn.Config(provider.app(), port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(20)
