"""Calls the identity provider: its metadata, its keys, and its claims about a person."""

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
from weighbridge.access.oidc.id_token import IdentityNotProven, UnknownKey, claims_of
from weighbridge.common.certificates import ssl_context
from weighbridge.design.oidc import Oidc, is_safe_address

CACHE_SECONDS = 3600.0
"""How long the provider's metadata and keys are cached; keys are read again at once when none fits."""
TIMEOUT_SECONDS = 10.0
BASIC, POST = "client_secret_basic", "client_secret_post"
Read = TypeVar("Read", bound=BaseModel)


class ProviderDown(Exception):
    """The provider did not answer, or answered against the standard. The message says what happened, for the log."""


class ProviderMetadata(BaseModel):
    """The metadata that a provider publishes. Source: OpenID Connect Discovery 1.0, 3."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = (BASIC,)
    authorization_response_iss_parameter_supported: bool = False


class Tokens(BaseModel):
    """The tokens that the provider answers to a code."""

    id_token: str
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """The provider's answer as the browser brings it."""

    code: str
    state: str
    error: str
    issuer: str
    """Source: RFC 9207."""


class Provider:
    """One identity provider, called over HTTPS. Every method may raise ProviderDown."""

    def __init__(self, settings: Oidc, secret: SecretStr | None) -> None:
        self.settings = settings
        self._secret = secret
        self._metadata: tuple[float, ProviderMetadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def metadata(self) -> ProviderMetadata:
        """The provider's metadata."""
        cached = self._metadata
        if cached is None or cached[0] < time.monotonic():
            address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
            metadata = await self._get(address, ProviderMetadata)
            if metadata.issuer != self.settings.issuer:
                raise ProviderDown(f"the provider's issuer is {metadata.issuer}, not {self.settings.issuer}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_safe_address(getattr(metadata, name)):
                    raise ProviderDown(f"the provider's {name} is not an https address")
            cached = self._metadata = (time.monotonic() + CACHE_SECONDS, metadata)
        return cached[1]

    async def authorization_url(self, attempt: Attempt, redirect_uri: str) -> str:
        """The address at which the browser gets a code, to bring it to `redirect_uri`."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        address = (await self.metadata()).authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    async def logout_url(self, redirect_uri: str) -> str:
        """The address that also ends the session at the provider; empty when it has none."""
        address = (await self.metadata()).end_session_endpoint
        if not address or not is_safe_address(address):
            return ""
        query = urlencode({"client_id": self.settings.client_id, "post_logout_redirect_uri": redirect_uri})
        return f"{address}{'&' if '?' in address else '?'}{query}"

    async def verified_claims(
        self, response: AuthorizationResponse, attempt: Attempt, redirect_uri: str, now: datetime
    ) -> Mapping[str, Any]:
        """The provider's claims about the person who brought a code. Raises IdentityNotProven."""
        metadata = await self.metadata()
        issuer = response.issuer
        if issuer != metadata.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
            raise IdentityNotProven(f"the answer names the issuer {issuer!r}")
        tokens = await self._redeem(metadata, response.code, attempt, redirect_uri)
        check = partial(
            claims_of, tokens.id_token, issuer=metadata.issuer, client_id=self.settings.client_id,
            nonce=attempt.nonce, now=now,
        )  # fmt: skip
        try:
            claims = check(await self._key_set(metadata))
        except UnknownKey:
            claims = check(await self._key_set(metadata, refresh=True))
        return {**claims, **await self._userinfo_claims(metadata, tokens, claims)}

    async def _redeem(self, metadata: ProviderMetadata, code: str, attempt: Attempt, redirect_uri: str) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers = {"accept": "application/json"}
        client, secret = self.settings.client_id, self._secret.get_secret_value() if self._secret else ""
        methods = metadata.token_endpoint_auth_methods_supported
        if secret and (BASIC in methods or POST not in methods):
            # Source: RFC 6749, 2.3.1: both are form-encoded before they become a header.
            credentials = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        answer = await self._request("POST", metadata.token_endpoint, headers, urlencode(form))
        if answer.status_code == 400 and _error_of(answer) == "invalid_grant":
            raise IdentityNotProven("the provider does not accept the code")
        return _read(answer, Tokens)

    async def _key_set(self, metadata: ProviderMetadata, *, refresh: bool = False) -> KeySet:
        cached = self._keys
        if cached is None or refresh or cached[0] < time.monotonic():
            answer = await self._request("GET", metadata.jwks_uri, {"accept": "application/json"})
            try:
                cached = (time.monotonic() + CACHE_SECONDS, KeySet.import_key_set(_accepted(answer).json()))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError) as problem:
                raise ProviderDown(f"the provider's keys cannot be read: {type(problem).__name__}") from None
            self._keys = cached
        return cached[1]

    async def _userinfo_claims(
        self, metadata: ProviderMetadata, tokens: Tokens, claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Claims that are missing in the ID token, from the user info endpoint. Source: Core, 5.3.2, on `sub`."""
        missing = [name for name in self.settings.claims if claim(claims, name) is None]
        if not missing or not tokens.access_token or not is_safe_address(metadata.userinfo_endpoint):
            return {}
        headers = {"accept": "application/json", "authorization": f"Bearer {tokens.access_token}"}
        answer = _accepted(await self._request("GET", metadata.userinfo_endpoint, headers))
        try:
            userinfo = answer.json()
        except ValueError:
            return {}  # Some providers are configured to sign this answer.
        if not isinstance(userinfo, dict) or userinfo.get("sub") != claims["sub"]:
            raise IdentityNotProven("the subject of the user info is not that of the ID token")
        return {name: value for name, value in userinfo.items() if name not in claims}

    async def _get(self, address: str, model: type[Read]) -> Read:
        return _read(await self._request("GET", address, {"accept": "application/json"}), model)

    async def _request(self, method: str, address: str, headers: dict[str, str], form: str = "") -> httpx2.Response:
        if form:
            headers = headers | {"content-type": "application/x-www-form-urlencoded"}
        try:
            async with httpx2.AsyncClient(
                timeout=TIMEOUT_SECONDS, follow_redirects=False, verify=ssl_context()
            ) as client:
                return await client.request(method, address, headers=headers, content=form or None)
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise ProviderDown(f"{method} {address}: {type(problem).__name__}") from None


def _accepted(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code != 200:
        error = _error_of(answer)
        raise ProviderDown(f"{answer.request.url} answered {answer.status_code}{f', {error}' if error else ''}")
    return answer


def _read(answer: httpx2.Response, model: type[Read]) -> Read:
    try:
        return model.model_validate_json(_accepted(answer).content)
    except ValidationError as problem:
        fields = ", ".join(".".join(map(str, error["loc"])) for error in problem.errors(include_input=False))
        raise ProviderDown(f"{answer.request.url} answered without a usable {fields or 'JSON object'}") from None


def _error_of(answer: httpx2.Response) -> str:
    """The error code of a refusal. Source: RFC 6749, 5.2."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("error", ""))[:80] if isinstance(body, dict) else ""
