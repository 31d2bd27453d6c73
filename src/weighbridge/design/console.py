"""Where people work: the console's address, and how long somebody stays signed in."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from weighbridge.design.oidc import Oidc
from weighbridge.design.sections import Name, Part


def _origin_if_any(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#]+/?", text):
        raise ValueError("an address without a path, such as https://weighbridge.example.com")
    return text.rstrip("/")


class Console(Part):
    """The pages and the JSON API; `weighbridge users add` makes the first user."""

    enabled: bool = False
    """Whether `weighbridge run` serves the console too; `weighbridge console` serves it by itself."""
    host: Name = "127.0.0.1"
    """Address on which the console is served; behind a proxy that speaks HTTPS, leave it."""
    port: int = Field(default=8801, ge=0, le=65535)
    """Port for the same; 0 takes any free one."""
    public_url: Annotated[str, AfterValidator(_origin_if_any)] = ""
    """The address that people type, such as `https://weighbridge.example.com`; with https, cookies travel only so."""
    behind_proxy: bool = False
    """Whether requests come through a proxy of yours on this machine, which tells where they came from."""
    idle_minutes: float = Field(default=60, gt=0, le=1440)
    """How long somebody who does nothing stays signed in."""
    session_hours: float = Field(default=12, gt=0, le=168)
    """How long somebody stays signed in at most."""
    oidc: Oidc | None = None
    """Signing in at your identity provider."""

    @model_validator(mode="after")
    def _foreign_address_speaks_https(self) -> Console:
        local = self.host in ("127.0.0.1", "::1", "localhost")
        if not local and not self.public_url:
            raise ValueError(f"field 'public_url' beside host = {self.host!r}, which others than this machine reach")
        return self
