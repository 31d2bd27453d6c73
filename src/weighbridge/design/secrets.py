"""Secrets: resolved once, at the start of a process, from the places that the configuration file names."""

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


WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{20,}")
"""The secret is part of an address, so it needs no escaping, and it is too long to be guessed."""


class SecretsProblem(Exception):
    """Missing or unusable secrets. The message has a line for each: the places searched, or what was expected."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one connection. They print as stars; `get_secret_value()` returns one."""

    access_token: SecretStr
    client_secret: SecretStr | None
    account_id: SecretStr
    application_key: SecretStr
    webhook_secret: SecretStr | None


class SecretFinder:
    """Resolves secrets and collects their problems."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self.problems: list[str] = []

    def find(self, field: str, reference: SecretReference) -> SecretStr:
        """The secret of `reference`, stripped of white space; when it is missing, empty and added to `problems`."""
        searched: list[str] = []
        secret = self._from_environment(reference.env, searched) if reference.env else None
        if secret is None:
            for path in self._candidate_paths(reference):
                secret = _content(path, searched)
                if secret is not None:
                    break
        if secret is None:
            self.problems.append(f"{field}: no secret in {reference}; searched {', '.join(searched)}; operations acts")
        return SecretStr(secret or "")

    def find_webhook_secret(self, field: str, reference: SecretReference | None) -> SecretStr | None:
        """The secret of `reference` for webhook addresses, which must be hard to guess and need no escaping."""
        if reference is None:
            return None
        secret = self.find(field, reference)
        value = secret.get_secret_value()
        if value and not WEBHOOK_SECRET.fullmatch(value):
            expected = "at least 20 letters, digits, - and _"
            self.problems.append(f"{field}: got {len(value)} characters, expected {expected}; operations acts")
        return secret

    def _from_environment(self, name: str, searched: list[str]) -> str | None:
        value = self._environment.get(name, "").strip()
        searched.append(f"environment variable {name} ({'empty' if name in self._environment else 'not set'})")
        return value or None

    def _candidate_paths(self, reference: SecretReference) -> list[Path]:
        """The files that may hold the secret: `NAME_FILE` for a variable; for a relative path, mounted secrets too."""
        if reference.env:
            named_file = self._environment.get(f"{reference.env}_FILE")
            return [self._folder / named_file] if named_file else []
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

    `folder` is that of the configuration file: relative paths are searched there first, then in the folder that
    `CREDENTIALS_DIRECTORY` names and in /run/secrets. For `env = "NAME"`, the file that `NAME_FILE` names is used too.
    Raises SecretsProblem with all secrets that are missing or unusable.
    """
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    secrets = {name: _secrets_of(name, connection, finder) for name, connection in installation.connections.items()}
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return secrets


def resolve_channels(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> dict[str, SecretStr]:
    """The addresses of the alert channels, by name; resolved like `resolve_secrets`, with the same exception."""
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    channels = installation.alerts.channels
    addresses = {name: finder.find(f"alerts.channels.{name}.url", channel.url) for name, channel in channels.items()}
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return addresses


def resolve_provider_secret(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> SecretStr | None:
    """The console's client secret at the provider; resolved like `resolve_secrets`, with the same exception."""
    oidc = installation.console.oidc
    if oidc is None or oidc.client_secret is None:
        return None
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    secret = finder.find("console.oidc.client_secret", oidc.client_secret)
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return secret


def resolve_metrics_token(
    installation: Installation, folder: Path, environment: Mapping[str, str] | None = None
) -> SecretStr | None:
    """The token that `/metrics` asks for; resolved like `resolve_secrets`, with the same exception."""
    reference = installation.monitoring.metrics_token
    if reference is None:
        return None
    finder = SecretFinder(folder, os.environ if environment is None else environment)
    token = finder.find("monitoring.metrics_token", reference)
    if finder.problems:
        raise SecretsProblem("\n".join(finder.problems))
    return token


def _secrets_of(name: str, connection: Connection, finder: SecretFinder) -> Secrets:
    def find(field: str, reference: SecretReference) -> SecretStr:
        return finder.find(f"connections.{name}.{field}", reference)

    store, company, webhooks = connection.bigcommerce, connection.cin7, connection.webhooks
    return Secrets(
        access_token=find("bigcommerce.access_token", store.access_token),
        client_secret=find("bigcommerce.client_secret", store.client_secret) if store.client_secret else None,
        account_id=find("cin7.account_id", company.account_id),
        application_key=find("cin7.application_key", company.application_key),
        webhook_secret=finder.find_webhook_secret(f"connections.{name}.webhooks.secret", webhooks.secret)
        if webhooks.enabled
        else None,
    )


def _content(path: Path, searched: list[str]) -> str | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        searched.append(f"file {path} ({reason})")
        return None
    searched.append(f"file {path} (empty)")
    return text or None
