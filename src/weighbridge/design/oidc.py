"""Signing in at the company's own identity provider, by OpenID Connect."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from weighbridge.design.sections import Name, Part, SecretReference

RoleName = Literal["viewer", "operator", "finance", "admin"]
NO_ROLE = "none"
_LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?")


def speaks_safely(address: str) -> bool:
    """Whether nobody between here and `address` can read or change what is said: by HTTPS, or on this machine."""
    return bool(re.fullmatch(r"https://[^\s/?#]+(/\S*)?", address) or _LOCAL.fullmatch(address))


def _issuer(text: str) -> str:
    if not speaks_safely(text) or "?" in text or "#" in text:
        raise ValueError("the provider's issuer, an https address as it stands in its discovery document")
    return text


class Oidc(Part):
    """Signing in at your identity provider. It sends people back to `/sign-in/provider/back` below `public_url`."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    """The provider's issuer, letter for letter; what it publishes is read below it."""
    client_id: Name
    """Under which the provider knows Weighbridge."""
    client_secret: SecretReference | None = None
    """Where the client's secret is kept; none for a public client, which PKCE alone protects."""
    label: Name = "single sign-on"
    """What the button on the sign-in page names: "Sign in with ..."."""
    scopes: tuple[Name, ...] = ("openid", "profile", "email")
    """What is asked for; `openid` is always among it."""
    user_claim: Name = "email"
    """Claim that names the user; `preferred_username` or, with dots, one inside another."""
    require_verified_email: bool = True
    """Whether an `email` counts only when the provider says that it has verified it."""
    role_claim: Name = "groups"
    """Claim that holds groups or roles, such as `realm_access.roles`."""
    roles: dict[Name, RoleName] = Field(default_factory=dict)
    """Group -> role, given anew at each sign-in by the first entry that fits; none: roles are given in Weighbridge."""
    role_otherwise: Literal["none", "viewer", "operator", "finance", "admin"] = "none"
    """Role of whom no entry of `roles` fits; with `none` they are kept out, or keep theirs where `roles` is empty."""
    new_users: Literal["refuse", "create"] = "refuse"
    """Whether somebody whom Weighbridge does not know is refused, or becomes a user with the role from above."""
    passwords: bool = True
    """Whether people may sign in with a password too."""

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims without which a decision cannot be made."""
        verified = ("email_verified",) if self.user_claim == "email" and self.require_verified_email else ()
        return (self.user_claim, *verified, *((self.role_claim,) if self.roles else ()))

    @model_validator(mode="after")
    def _asks_for_an_identity(self) -> Oidc:
        if "openid" not in self.scopes:
            raise ValueError("'openid' among scopes: without it nobody's identity is told")
        if self.new_users == "create" and not self.roles and self.role_otherwise == NO_ROLE:
            raise ValueError("field 'roles' or 'role_otherwise' beside new_users = 'create', to give new users a role")
        return self
