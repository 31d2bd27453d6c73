"""Checks an ID token: it proves an identity only if every rule of OpenID Connect Core 3.1.3.7 holds."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key that only the provider has; neither `none` nor those with a shared secret."""
LEEWAY_SECONDS = 60
LONGEST_SUBJECT = 255
"""Source: OpenID Connect Core, 2, sub."""


class IdentityNotProven(Exception):
    """The provider's answer proves no identity. The message says why, for the log and not for the page."""


class UnknownKey(IdentityNotProven):
    """No known key has signed the token; the provider may have a new one."""


def claims_of(token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, now: datetime) -> Mapping[str, Any]:
    """The claims of `token`. Raises IdentityNotProven, or UnknownKey where newer keys may help."""
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()), leeway=LEEWAY_SECONDS, iss={"essential": True, "value": issuer},
            sub={"essential": True}, aud={"essential": True, "value": client_id}, exp={"essential": True},
            iat={"essential": True}, nonce={"essential": True},
        )  # fmt: skip
        rules.validate(claims)
    except (BadSignatureError, InvalidKeyIdError) as problem:
        raise UnknownKey(f"{type(problem).__name__}: {problem}") from None
    except (JoseError, ValueError) as problem:
        raise IdentityNotProven(f"{type(problem).__name__}: {problem}") from None
    audiences = [claims["aud"]] if isinstance(claims["aud"], str) else claims["aud"]
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise IdentityNotProven(f"the token was issued for {claims.get('azp', audiences)!r}")
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise IdentityNotProven("the token's nonce is not that of this attempt")
    if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT:
        raise IdentityNotProven("the token's subject is empty or too long")
    return claims
