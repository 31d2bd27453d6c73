"""Secrets: looked up once, when a process starts, from where the configuration file says they are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from weighbridge.design.schema import Connection, Installation
from weighbridge.design.sections import SecretReference

MOUNTED_SECRETS = Path("/run/secrets")
"""Where container platforms mount secrets."""


HOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{20,}")
"""Part of an address, so it needs no escaping; long enough that nobody guesses it."""


class SecretsProblem(Exception):
    """Secrets that cannot be used. Its text has one line for each: every place looked in, or what was expected."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one connection. Shown as stars wherever it is printed; `get_secret_value()` gives one away."""

    access_token: SecretStr
    client_secret: SecretStr | None
    account_id: SecretStr
    application_key: SecretStr
    hook_secret: SecretStr | None


class SecretFinder:
    """Looks secrets up and keeps a list of what is wrong with them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.problems: list[str] = []

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
            self.problems.append(f"{field}: no secret in {reference}; looked in {', '.join(looked)}; operations acts")
        return SecretStr(found or "")

    def find_hook_secret(self, field: str, reference: SecretReference | None) -> SecretStr | None:
        """The same for the secret in a hook's address, which must be hard to guess and need no escaping."""
        if reference is None:
            return None
        secret = self.find(field, reference)
        value = secret.get_secret_value()
        if value and not HOOK_SECRET.fullmatch(value):
            expected = "at least 20 letters, digits, - and _"
            self.problems.append(f"{field}: got {len(value)} characters, expected {expected}; operations acts")
        return secret

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
    Raises SecretsProblem with all that were not found or cannot be used.
    """
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    found = {name: _secrets_of(name, connection, finder) for name, connection in installation.connections.items()}
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return found


def resolve_channels(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> dict[str, SecretStr]:
    """The addresses of the channels of alerts, by name; looked up as `resolve_secrets` does, and raises the same."""
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    channels = installation.alerts.channels
    found = {name: finder.find(f"alerts.channels.{name}.url", channel.url) for name, channel in channels.items()}
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return found


def resolve_provider_secret(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> SecretStr | None:
    """The secret with which the console is known to the identity provider; looked up as the others, raises the same."""
    oidc = installation.console.oidc
    if oidc is None or oidc.client_secret is None:
        return None
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    found = finder.find("console.oidc.client_secret", oidc.client_secret)
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
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
        hook_secret=finder.find_hook_secret(f"connections.{name}.hooks.secret", hooks.secret)
        if hooks.enabled
        else None,
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
