"""The base of all sections of the configuration: frozen, strict about unknown fields, and free of secrets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
"""A name in one of the two systems. Source: Cin7 Core API v2, names have up to 256 characters."""

INLINE_SECRET = 'a reference such as { env = "NAME" } or { file = "PATH" }; a secret is never written into this file'


class Section(BaseModel):
    """A frozen section of the configuration; unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SecretReference(Section):
    """Where a secret is kept: the name of an environment variable or the path of a file, never the secret itself."""

    env: Name | None = None
    """Name of an environment variable that holds the secret."""
    file: Name | None = None
    """Path of a file that holds the secret, relative to the configuration file."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_inline(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError(INLINE_SECRET)
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if (self.env is None) == (self.file is None):
            raise ValueError('exactly one of { env = "NAME" } and { file = "PATH" }')
        return self

    def __str__(self) -> str:
        return f"environment variable {self.env}" if self.env else f"file {self.file}"
