"""The identity provider as it answers: what it publishes of itself, and what it says of somebody."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, SecretStr, ValidationError

from weighbridge.access.oidc.attempt import Attempt
from weighbridge.access.oidc.claims import claim
from weighbridge.access.oidc.id_token import KeyNotKnown, NotVouched, claims_of
from weighbridge.common.certificates import trusted
from weighbridge.design.oidc import Oidc, speaks_safely

KEPT_SECONDS = 3600.0
"""How long what the provider publishes is taken as known; keys are read again at once when none fits."""
PATIENCE_SECONDS = 10.0
BASIC, POST = "client_secret_basic", "client_secret_post"
Read = TypeVar("Read", bound=BaseModel)


class ProviderDown(Exception):
    """The provider did not answer, or not as agreed. Its text says what happened, for the log."""


class Published(BaseModel):
    """What a provider publishes of itself. Source: OpenID Connect Discovery 1.0, 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = (BASIC,)
    authorization_response_iss_parameter_supported: bool = False


class Tokens(BaseModel):
    """Answer to a code."""

    id_token: str
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brings back from the provider."""

    code: str
    state: str
    error: str
    issuer: str
    """Source: RFC 9207."""


class Provider:
    """One identity provider, asked over HTTPS. Every method may raise ProviderDown."""

    def __init__(self, settings: Oidc, secret: SecretStr | None) -> None:
        self.settings = settings
        self._secret = secret
        self._published: tuple[float, Published] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def published(self) -> Published:
        """What the provider publishes of itself."""
        kept = self._published
        if kept is None or kept[0] < time.monotonic():
            address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = await self._get(address, Published)
            if found.issuer != self.settings.issuer:
                raise ProviderDown(f"it calls itself {found.issuer}, not {self.settings.issuer}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not speaks_safely(getattr(found, name)):
                    raise ProviderDown(f"its {name} is no https address")
            kept = self._published = (time.monotonic() + KEPT_SECONDS, found)
        return kept[1]

    async def way_there(self, attempt: Attempt, back: str) -> str:
        """The address at which the browser asks for a code, to be brought to `back`."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        address = (await self.published()).authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    async def way_out(self, back: str) -> str:
        """The address that ends the session at the provider too; empty when it has none."""
        address = (await self.published()).end_session_endpoint
        if not address or not speaks_safely(address):
            return ""
        told = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": back})
        return f"{address}{'&' if '?' in address else '?'}{told}"

    async def vouches(self, returned: Returned, attempt: Attempt, back: str, now: datetime) -> Mapping[str, Any]:
        """What the provider says of whoever brought a code. Raises NotVouched."""
        published = await self.published()
        issuer = returned.issuer
        if issuer != published.issuer and (issuer or published.authorization_response_iss_parameter_supported):
            raise NotVouched(f"the answer names the issuer {issuer!r}")
        tokens = await self._redeem(published, returned.code, attempt, back)
        check = partial(
            claims_of, tokens.id_token, issuer=published.issuer, client_id=self.settings.client_id,
            nonce=attempt.nonce, now=now,
        )  # fmt: skip
        try:
            claims = check(await self._key_set(published))
        except KeyNotKnown:
            claims = check(await self._key_set(published, anew=True))
        return {**claims, **await self._more(published, tokens, claims)}

    async def _redeem(self, published: Published, code: str, attempt: Attempt, back: str) -> Tokens:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": attempt.verifier,
        }  # fmt: skip
        headers = {"accept": "application/json"}
        client, secret = self.settings.client_id, self._secret.get_secret_value() if self._secret else ""
        methods = published.token_endpoint_auth_methods_supported
        if secret and (BASIC in methods or POST not in methods):
            # Source: RFC 6749, 2.3.1: both are form-encoded before they become a header.
            both = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(both).decode()}"
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        answer = await self._ask("POST", published.token_endpoint, headers, urlencode(form))
        if answer.status_code == 400 and _error_of(answer) == "invalid_grant":
            raise NotVouched("the provider does not take the code")
        return _read(answer, Tokens)

    async def _key_set(self, published: Published, *, anew: bool = False) -> KeySet:
        kept = self._keys
        if kept is None or anew or kept[0] < time.monotonic():
            answer = await self._ask("GET", published.jwks_uri, {"accept": "application/json"})
            try:
                kept = (time.monotonic() + KEPT_SECONDS, KeySet.import_key_set(_accepted(answer).json()))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError) as problem:
                raise ProviderDown(f"its keys cannot be read: {type(problem).__name__}") from None
            self._keys = kept
        return kept[1]

    async def _more(self, published: Published, tokens: Tokens, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """Claims that the ID token leaves out and the provider tells elsewhere. Source: Core, 5.3.2, on `sub`."""
        missing = [name for name in self.settings.claims if claim(claims, name) is None]
        if not missing or not tokens.access_token or not speaks_safely(published.userinfo_endpoint):
            return {}
        headers = {"accept": "application/json", "authorization": f"Bearer {tokens.access_token}"}
        answer = _accepted(await self._ask("GET", published.userinfo_endpoint, headers))
        try:
            told = answer.json()
        except ValueError:
            return {}  # A signed answer, which only some settings of a provider give.
        if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
            raise NotVouched("user info speaks of somebody else")
        return {name: value for name, value in told.items() if name not in claims}

    async def _get(self, address: str, model: type[Read]) -> Read:
        return _read(await self._ask("GET", address, {"accept": "application/json"}), model)

    async def _ask(self, method: str, address: str, headers: dict[str, str], form: str = "") -> httpx2.Response:
        if form:
            headers = headers | {"content-type": "application/x-www-form-urlencoded"}
        try:
            async with httpx2.AsyncClient(timeout=PATIENCE_SECONDS, follow_redirects=False, verify=trusted()) as client:
                return await client.request(method, address, headers=headers, content=form or None)
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise ProviderDown(f"{method} {address}: {type(problem).__name__}") from None


def _accepted(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code != 200:
        told = _error_of(answer)
        raise ProviderDown(f"{answer.request.url} answered {answer.status_code}{f', {told}' if told else ''}")
    return answer


def _read(answer: httpx2.Response, model: type[Read]) -> Read:
    try:
        return model.model_validate_json(_accepted(answer).content)
    except ValidationError as problem:
        fields = ", ".join(".".join(map(str, one["loc"])) for one in problem.errors(include_input=False))
        raise ProviderDown(f"{answer.request.url} answered without a usable {fields or 'JSON object'}") from None


def _error_of(answer: httpx2.Response) -> str:
    """The error code of a refusal. Source: RFC 6749, 5.2."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    return str(told.get("error", ""))[:80] if isinstance(told, dict) else ""
