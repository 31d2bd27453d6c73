"""Secrets: looked up once, when a process starts, from where the configuration file says they are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from weighbridge.design.parts import SecretReference
from weighbridge.design.schema import Connection, Installation

MOUNTED_SECRETS = Path("/run/secrets")
"""Where container platforms mount secrets."""


class SecretsMissing(Exception):
    """Secrets that were found nowhere. Its text has one line for each, with every place that was looked in."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one connection. Shown as stars wherever it is printed; `get_secret_value()` gives one away."""

    access_token: SecretStr
    client_secret: SecretStr | None
    account_id: SecretStr
    application_key: SecretStr
    hook_secret: SecretStr | None


class SecretFinder:
    """Looks secrets up and keeps a list of what it did not find."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.missing: list[str] = []

    def find(self, field: str, reference: SecretReference) -> SecretStr:
        """The secret that `reference` means, without white space around it; empty and on the list when not found."""
        looked: list[str] = []
        found = self._from_environment(reference.env, looked) if reference.env else None
        if found is None:
            for path in self._places(reference):
                found = _content(path, looked)
                if found is not None:
                    break
        if found is None:
            self.missing.append(f"{field}: no secret in {reference}; looked in {', '.join(looked)}; operations acts")
        return SecretStr(found or "")

    def _from_environment(self, name: str, looked: list[str]) -> str | None:
        value = self._environment.get(name, "").strip()
        looked.append(f"environment variable {name} ({'empty' if name in self._environment else 'not set'})")
        return value or None

    def _places(self, reference: SecretReference) -> list[Path]:
        """Files that may hold the secret: `NAME_FILE` for a variable; for a relative path, mounted secrets too."""
        if reference.env:
            pointed = self._environment.get(f"{reference.env}_FILE")
            return [self._folder / pointed] if pointed else []
        path = Path(reference.file or "")
        if path.is_absolute():
            return [path]
        credentials = self._environment.get("CREDENTIALS_DIRECTORY")
        folders = [self._folder, *([Path(credentials)] if credentials else []), MOUNTED_SECRETS]
        return [folder / path for folder in folders]


def resolve_secrets(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> dict[str, Secrets]:
    """The secrets of every connection, by connection name.

    `folder` is the configuration file's: relative paths are looked up there first, then in the folder that
    `CREDENTIALS_DIRECTORY` names and in /run/secrets. For `env = "NAME"`, a file that `NAME_FILE` names serves too.
    Raises SecretsMissing with all that were not found.
    """
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    found = {name: _secrets_of(name, connection, finder) for name, connection in installation.connections.items()}
    if finder.missing:
        raise SecretsMissing("\n".join(finder.missing))
    return found


def _secrets_of(name: str, connection: Connection, finder: SecretFinder) -> Secrets:
    def find(field: str, reference: SecretReference) -> SecretStr:
        return finder.find(f"connections.{name}.{field}", reference)

    shop, books, hooks = connection.bigcommerce, connection.cin7, connection.hooks
    return Secrets(
        access_token=find("bigcommerce.access_token", shop.access_token),
        client_secret=find("bigcommerce.client_secret", shop.client_secret) if shop.client_secret else None,
        account_id=find("cin7.account_id", books.account_id),
        application_key=find("cin7.application_key", books.application_key),
        hook_secret=find("hooks.secret", hooks.secret) if hooks.secret else None,
    )


def _content(path: Path, looked: list[str]) -> str | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        looked.append(f"file {path} ({reason})")
        return None
    looked.append(f"file {path} (empty)")
    return text or None
