"""The person and the role that claims and settings give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.access.oidc.id_token import IdentityNotProven
from weighbridge.access.roles import Role
from weighbridge.access.users import NAME, NAME_RULE
from weighbridge.design.oidc import NO_ROLE, Oidc


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """A person whom the provider knows."""

    subject: str
    """Permanent at this provider, unlike names and addresses."""
    name: str
    """Their user name in Weighbridge."""
    groups: frozenset[str]


def identity_of(claims: Mapping[str, Any], settings: Oidc) -> ProviderIdentity:
    """The person that verified `claims` describe. Raises IdentityNotProven."""
    user_claim = claim(claims, settings.user_claim)
    if not isinstance(user_claim, str) or not user_claim.strip():
        raise IdentityNotProven(f"there is no claim {settings.user_claim!r} with a name")
    if settings.user_claim == "email" and settings.require_verified_email and claims.get("email_verified") is not True:
        raise IdentityNotProven("the provider does not say that it has verified the e-mail address (email_verified)")
    name = user_claim.strip().lower()
    if not NAME.fullmatch(name):
        raise IdentityNotProven(f"the claim {settings.user_claim!r} is not a user name, which must be {NAME_RULE}")
    groups = claim(claims, settings.role_claim)
    if isinstance(groups, str):
        groups = [groups]
    names = frozenset(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else frozenset()
    return ProviderIdentity(claims["sub"], name, names)


def role_of(identity: ProviderIdentity, settings: Oidc) -> Role | None:
    """The role that the provider's groups give: that of the first matching entry, in the order of the file."""
    for group, role in settings.roles.items():
        if group in identity.groups:
            return Role(role)
    return None if settings.default_role == NO_ROLE else Role(settings.default_role)


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim `name`. If no claim has exactly this name, dots name nested claims: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
