"""Sign-in by the company's own identity provider, with OpenID Connect."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from weighbridge.design.sections import Name, SecretReference, Section

RoleName = Literal["viewer", "operator", "finance", "admin"]
NO_ROLE = "none"
_LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?")


def is_safe_address(address: str) -> bool:
    """Whether requests to `address` cannot be read or changed on the way: by HTTPS, or on this machine."""
    return bool(re.fullmatch(r"https://[^\s/?#]+(/\S*)?", address) or _LOCAL.fullmatch(address))


def _issuer(text: str) -> str:
    if not is_safe_address(text) or "?" in text or "#" in text:
        raise ValueError("the provider's issuer, an https address exactly as in its discovery document")
    return text


class Oidc(Section):
    """Sign-in by your identity provider, which redirects users to `/sign-in/provider/callback` below `public_url`."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    """The provider's issuer, letter for letter; its metadata is read below it."""
    client_id: Name
    """The id of Weighbridge at the provider."""
    client_secret: SecretReference | None = None
    """Where the client's secret is kept; none for a public client, which only PKCE protects."""
    label: Name = "single sign-on"
    """Text of the button on the sign-in page: "Sign in with ..."."""
    scopes: tuple[Name, ...] = ("openid", "profile", "email")
    """The requested scopes; `openid` must be one of them."""
    user_claim: Name = "email"
    """Claim that names the user, such as `preferred_username`; dots name a nested claim."""
    require_verified_email: bool = True
    """Whether an `email` counts only when the provider has verified it."""
    role_claim: Name = "groups"
    """Claim that lists groups or roles, such as `realm_access.roles`."""
    roles: dict[Name, RoleName] = Field(default_factory=dict)
    """Group -> role, set at each sign-in by the first matching entry; without entries, roles are set in Weighbridge."""
    default_role: Literal["none", "viewer", "operator", "finance", "admin"] = "none"
    """Role of users without a matching entry; with `none` they are refused, or keep their role if `roles` is empty."""
    new_users: Literal["refuse", "create"] = "refuse"
    """Whether a person unknown to Weighbridge is refused, or becomes a user with the role from above."""
    passwords: bool = True
    """Whether users may sign in with a password too."""

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims that a decision needs."""
        verified = ("email_verified",) if self.user_claim == "email" and self.require_verified_email else ()
        return (self.user_claim, *verified, *((self.role_claim,) if self.roles else ()))

    @model_validator(mode="after")
    def _asks_for_an_identity(self) -> Oidc:
        if "openid" not in self.scopes:
            raise ValueError("'openid' among scopes: without it the provider returns no identity")
        if self.new_users == "create" and not self.roles and self.default_role == NO_ROLE:
            raise ValueError("field 'roles' or 'default_role' with new_users = 'create', to give new users a role")
        return self
