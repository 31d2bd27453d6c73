"""Secrets: resolved from the places that the file names, and never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.design.examples import SMALL, changed
from weighbridge.design.loading import parse_installation
from weighbridge.design.secrets import SecretsProblem, resolve_secrets

INSTALLATION = parse_installation(SMALL)
ENVIRONMENT = {"BC_TOKEN": "token-1", "CIN7_ACCOUNT": "account-1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "cin7").write_text("key-1\n")
    return tmp_path


def test_secrets_come_from_the_environment_and_from_files_next_to_the_configuration(folder: Path) -> None:
    secrets = resolve_secrets(INSTALLATION, folder, ENVIRONMENT)["main"]
    assert secrets.access_token.get_secret_value() == "token-1"
    assert secrets.account_id.get_secret_value() == "account-1"
    assert secrets.application_key.get_secret_value() == "key-1"
    assert secrets.client_secret is None


def test_a_secret_is_never_printed(folder: Path) -> None:
    secrets = resolve_secrets(INSTALLATION, folder, ENVIRONMENT)
    for text in (repr(secrets), str(secrets), f"{secrets['main']}", f"{secrets['main'].access_token}"):
        assert "token-1" not in text
        assert "key-1" not in text


def test_a_variable_may_point_at_a_file(folder: Path) -> None:
    (folder / "token").write_text("token-2")
    environment = {"BC_TOKEN_FILE": str(folder / "token"), "CIN7_ACCOUNT": "account-1"}
    secrets = resolve_secrets(INSTALLATION, folder, environment)["main"]
    assert secrets.access_token.get_secret_value() == "token-2"


def test_credentials_that_the_service_manager_mounts_are_found(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mounted = tmp_path_factory.mktemp("credentials")
    (mounted / "cin7-key").write_text("key-3")
    installation = parse_installation(changed(("keys/cin7", "cin7-key")))
    environment = {**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(mounted)}
    secrets = resolve_secrets(installation, folder, environment)["main"]
    assert secrets.application_key.get_secret_value() == "key-3"


def test_missing_secrets_are_reported_at_once_with_every_location_searched(tmp_path: Path) -> None:
    environment = {"BC_TOKEN": " ", "CIN7_ACCOUNT_FILE": "/nowhere/account"}
    with pytest.raises(SecretsProblem) as caught:
        resolve_secrets(INSTALLATION, tmp_path, environment)
    token, account, key = str(caught.value).splitlines()
    assert token.startswith("connections.main.bigcommerce.access_token: no secret in environment variable BC_TOKEN")
    assert "BC_TOKEN (empty)" in token
    assert "CIN7_ACCOUNT (not set)" in account
    assert "/nowhere/account (No such file or directory)" in account
    assert f"{tmp_path}/keys/cin7 (No such file or directory)" in key
    assert "/run/secrets/keys/cin7" in key
    assert key.endswith("operations acts")


WEBHOOKS = (
    '[installation]\npublic_url = "https://weighbridge.example.com"\n[connections.main.webhooks]\nenabled = true\n'
)
INSTALLATION_WITH_WEBHOOKS = parse_installation(WEBHOOKS + 'secret = { env = "WEBHOOK" }\n' + SMALL)


def test_a_webhook_secret_that_can_be_guessed_or_needs_escaping_is_refused(folder: Path) -> None:
    for secret in ("short", "with/slash-with/slash-with"):
        with pytest.raises(SecretsProblem, match="at least 20 letters, digits, - and _") as caught:
            resolve_secrets(INSTALLATION_WITH_WEBHOOKS, folder, {**ENVIRONMENT, "WEBHOOK": secret})
        assert secret not in str(caught.value)


def test_a_webhook_secret_is_needed_only_while_webhooks_are_enabled(folder: Path) -> None:
    environment = {**ENVIRONMENT, "WEBHOOK": "A1-_" * 5}
    secret = resolve_secrets(INSTALLATION_WITH_WEBHOOKS, folder, environment)["main"].webhook_secret
    assert secret is not None
    assert secret.get_secret_value() == "A1-_" * 5
    disabled = parse_installation(SMALL + '[connections.main.webhooks]\nsecret = { env = "WEBHOOK" }\n')
    assert resolve_secrets(disabled, folder, ENVIRONMENT)["main"].webhook_secret is None
