"""Who is it that the provider vouches for, and which role do they have? Decided from claims and settings alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.access.oidc.id_token import NotVouched
from weighbridge.access.roles import Role
from weighbridge.access.users import NAME, NAME_WORDS
from weighbridge.design.oidc import NO_ROLE, Oidc


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the provider knows."""

    subject: str
    """Theirs for ever at this provider; names and addresses go from one to another."""
    name: str
    """What they are called here."""
    groups: frozenset[str]


def person_of(claims: Mapping[str, Any], settings: Oidc) -> Person:
    """The person that verified `claims` speak of. Raises NotVouched."""
    told = claim(claims, settings.user_claim)
    if not isinstance(told, str) or not told.strip():
        raise NotVouched(f"there is no claim {settings.user_claim!r} with a name")
    if settings.user_claim == "email" and settings.require_verified_email and claims.get("email_verified") is not True:
        raise NotVouched("the provider does not say that it has verified the e-mail address (email_verified)")
    name = told.strip().lower()
    if not NAME.fullmatch(name):
        raise NotVouched(f"the claim {settings.user_claim!r} is no name of a user here, which is {NAME_WORDS}")
    groups = claim(claims, settings.role_claim)
    if isinstance(groups, str):
        groups = [groups]
    of = frozenset(one for one in groups if isinstance(one, str)) if isinstance(groups, list) else frozenset()
    return Person(claims["sub"], name, of)


def role_of(person: Person, settings: Oidc) -> Role | None:
    """The role that the provider's groups give: of the first entry that fits, in the order of the file."""
    for group, role in settings.roles.items():
        if group in person.groups:
            return Role(role)
    return None if settings.role_otherwise == NO_ROLE else Role(settings.role_otherwise)


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim `name`; where there is none of exactly this name, dots lead inwards: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
