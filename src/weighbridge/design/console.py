"""The console: its address, and how long a user stays signed in."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from weighbridge.design.oidc import Oidc
from weighbridge.design.sections import Name, Section


def _origin_if_any(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#]+/?", text):
        raise ValueError("an address without a path, such as https://weighbridge.example.com")
    return text.rstrip("/")


class Console(Section):
    """The pages and the JSON API; `weighbridge users add` creates the first user."""

    enabled: bool = False
    """Whether `weighbridge run` serves the console too; `weighbridge console` serves it alone."""
    host: Name = "127.0.0.1"
    """Address on which the console is served; leave it behind a proxy that serves HTTPS."""
    port: int = Field(default=8801, ge=0, le=65535)
    """Port of that address; 0 takes any free port."""
    public_url: Annotated[str, AfterValidator(_origin_if_any)] = ""
    """The address that users open, such as `https://weighbridge.example.com`; with https, cookies use HTTPS only."""
    behind_proxy: bool = False
    """Whether requests come through your proxy on this machine, which reports the client's address."""
    idle_minutes: float = Field(default=60, gt=0, le=1440)
    """How long an inactive user stays signed in."""
    session_hours: float = Field(default=12, gt=0, le=168)
    """How long a user stays signed in at most."""
    oidc: Oidc | None = None
    """Sign-in by your identity provider."""

    @model_validator(mode="after")
    def _public_host_needs_public_url(self) -> Console:
        is_local = self.host in ("127.0.0.1", "::1", "localhost")
        if not is_local and not self.public_url:
            raise ValueError(f"field 'public_url' with host = {self.host!r}, which other machines can reach")
        return self
