"""Sign-in at the company's identity provider: only proven identities, only known users, each answer once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.access.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.design.examples import SMALL
from tests.web.installation import (
    MORNING,
    PASSWORD,
    RunningInstallation,
    csrf_of,
    running_installation,
    template_database,
)
from weighbridge.access.audit import AuditLine
from weighbridge.access.roles import Role
from weighbridge.access.users import User
from weighbridge.design.loading import parse_installation

NAMED = 'user_claim = "preferred_username"\n'
GROUPS = 'roles = { bookkeepers = "finance", warehouse = "operator" }\n'


@contextmanager
def company(folder: Path, settings: str = NAMED) -> Iterator[tuple[RunningInstallation, IdentityProvider]]:
    """A console with its four users, and an identity provider."""
    shutil.copy(template_database(), folder / "weighbridge.db")
    with identity_provider(MORNING) as provider:
        oidc = (
            f'[console.oidc]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = {{ env = "OIDC_SECRET" }}\nlabel = "Example Ltd"\n{settings}\n'
        )
        installation = parse_installation(oidc + SMALL).resolved(folder)
        with running_installation(folder, installation, {"OIDC_SECRET": SECRET}) as home:
            yield home, provider


def authorize(client: httpx2.Client, to: str = "/") -> str:
    """Follows the link to the provider; returns the address to which the provider redirects the browser."""
    redirect = client.get("/sign-in/provider", params={"to": to})
    assert redirect.status_code == 303, redirect.text
    back = httpx2.get(redirect.headers["location"])
    assert back.status_code == 303, back.text
    return back.headers["location"]


def sign_in(installation: RunningInstallation, to: str = "/") -> httpx2.Response:
    """Signs in at the provider with a new client."""
    with installation.anonymous_client() as client:
        answer = client.get(authorize(client, to))
        if answer.status_code == 303:
            assert client.get("/").status_code == 200, "signed in"
        else:
            assert client.get("/").status_code == 303, "not signed in"
        return answer


def lines(installation: RunningInstallation) -> list[AuditLine]:
    audit_lines = installation.do(lambda app: app.access.audit.lines())
    return [line for line in reversed(audit_lines) if line.actor != "tests"]


def user(installation: RunningInstallation, name: str) -> User:
    account = installation.do(lambda app: app.access.users.find(name))
    assert account is not None
    return account


def test_a_user_signs_in_at_the_provider_and_is_redirected_to_the_requested_page(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider), home.anonymous_client() as client:
        page = client.get("/sign-in?to=/orders%3Fstate=held").text
        assert "Sign in with Example Ltd" in page
        assert 'href="/sign-in/provider?to=/orders%3Fstate%3Dheld"' in page
        redirect = client.get("/sign-in/provider?to=/orders%3Fstate%3Dheld")
        query = parse_qs(urlsplit(redirect.headers["location"]).query)
        assert query["scope"] == ["openid profile email"]
        assert query["redirect_uri"] == [f"{home.url}/sign-in/provider/callback"]
        back = httpx2.get(redirect.headers["location"]).headers["location"]
        signed_in_response = client.get(back)
        assert (signed_in_response.status_code, signed_in_response.headers["location"]) == (303, "/orders?state=held")
        assert "otto" in client.get("/orders?state=held").text
        assert "weighbridge-provider" not in client.cookies
        linked, signed_in = lines(home)
        assert (linked.action, linked.subject) == ("user.identity_linked", "user otto")
        assert (signed_in.actor, signed_in.action) == ("otto", "signed_in")
        assert provider.issuer in signed_in.detail
        signed_out = client.post("/sign-out", data={"csrf": csrf_of(client, "/")})
        sign_in_page = client.get(signed_out.headers["location"]).text
        assert f"{provider.issuer}/end?client_id=weighbridge" in sign_in_page
        assert client.get("/").status_code == 303


def wrong(**changed: Any) -> Callable[[IdentityProvider], None]:
    return lambda provider: provider.changed.update(changed)


def faulty(name: str, value: object) -> Callable[[IdentityProvider], None]:
    return lambda provider: setattr(provider, name, value)


SECONDS = int(MORNING.timestamp())
FORGED: dict[str, Callable[[IdentityProvider], None]] = {
    "a nonce of another attempt": wrong(nonce="another"),
    "no nonce": wrong(nonce=None),
    "made for another client": wrong(aud="another"),
    "made for us and others, without an authorized party": wrong(aud=[CLIENT, "another"]),
    "presented by another client": wrong(azp="another"),
    "by another issuer": wrong(iss="https://evil.example"),
    "expired": wrong(exp=SECONDS - 61),
    "without an expiry": wrong(exp=None),
    "issued in the future": wrong(iat=SECONDS + 3600),
    "without a subject": wrong(sub=""),
    "without a name": wrong(preferred_username=None),
    "with an impossible name": wrong(preferred_username="otto or 1=1"),
    "unsigned": faulty("algorithm", "none"),
    "signed with the public key as a secret": faulty("algorithm", "HS256"),
    "signed with a key that is not published": faulty("signs_with_another_key", True),
}


@pytest.mark.parametrize("fault", FORGED)
def test_an_invalid_id_token_is_refused(tmp_path: Path, fault: str) -> None:
    with company(tmp_path) as (home, provider):
        FORGED[fault](provider)
        refused = sign_in(home)
        assert (refused.status_code, "does not prove who you are" in refused.text) == (403, True)
        assert lines(home) == []


def test_a_new_key_of_the_provider_is_read_at_once(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert sign_in(home).status_code == 303
        provider.rotate()
        assert sign_in(home).status_code == 303
        assert sign_in(home).status_code == 303
        assert provider.calls.count("keys") == 2, "and only then"
        assert provider.calls.count("published") == 1


def test_an_answer_is_valid_once_and_only_in_the_browser_of_its_attempt(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider), home.anonymous_client() as victim, home.anonymous_client() as other:
        provider.accepts_used_codes = True
        back = authorize(victim)
        for strange in (back, back.replace("state=", "state=x")):
            refused = other.get(strange)
            assert (refused.status_code, "belongs to no attempt" in refused.text) == (403, True)
        authorize(other)
        assert other.get(back).status_code == 403, "that browser has another attempt"
        cookie = victim.cookies["weighbridge-provider"]
        assert victim.get(back).status_code == 303
        again = other.get(back, headers={"cookie": f"weighbridge-provider={cookie}"})
        assert (again.status_code, "one that is over" in again.text) == (403, True)


def test_a_code_that_the_provider_refuses_is_refused(tmp_path: Path) -> None:
    with company(tmp_path) as (home, _), home.anonymous_client() as client:
        back = authorize(client)
        stolen = parse_qs(urlsplit(back).query)["code"][0]
        own = authorize(client)
        swapped = own.replace(parse_qs(urlsplit(own).query)["code"][0], stolen)
        refused = client.get(swapped)
        assert (refused.status_code, "does not prove" in refused.text) == (403, True), "its verifier is another"
        elsewhere = authorize(client).replace("realm", "other")
        assert client.get(elsewhere).status_code == 403, "the answer names another issuer"


def test_a_declined_sign_in_or_an_unavailable_provider_gets_a_clear_message(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        provider.declines = True
        assert "was cancelled at the provider" in sign_in(home).text
        provider.declines = False
        with home.anonymous_client() as client:
            back = authorize(client)
            provider.down = True
            failed = client.get(back)
            assert (failed.status_code, "Orders and stock continue" in failed.text) == (503, True)
            assert home.sign_in(client, "ada").status_code == 303, "passwords still work"
    with company(tmp_path) as (home, provider), home.anonymous_client() as client:
        provider.down = True
        assert client.get("/sign-in/provider").status_code == 503
        provider.down = False
        assert sign_in(home).status_code == 303, "failures are not cached"


def test_a_locked_user_is_refused_and_the_audit_log_names_them(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert sign_in(home).status_code == 303
        home.do(lambda app: app.access.users.lock("otto", "tests"))
        refused = sign_in(home)
        assert (refused.status_code, "you have no access here" in refused.text) == (403, True)
        line = lines(home)[-1]
        assert (line.actor, line.action, "the user is locked" in line.detail) == ("otto", "sign_in.refused", True)
        provider.person |= {"sub": "p-9", "preferred_username": "Stranger"}
        assert sign_in(home).status_code == 403
        assert '"the user is unknown"' in lines(home)[-1].detail


def test_a_renamed_person_keeps_their_account_and_no_other_person_inherits_it(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert sign_in(home).status_code == 303
        provider.person["preferred_username"] = "otto.married"
        with home.anonymous_client() as client:
            client.get(authorize(client))
            assert client.get("/account").text.count("<h1>otto</h1>") == 1
        provider.person |= {"sub": "p-2", "preferred_username": "otto"}
        assert sign_in(home).status_code == 403
        assert "another person at the provider" in lines(home)[-1].detail
        otto = user(home, "otto")
        home.do(lambda app: app.access.identities.unlink(otto, "tests"))
        assert sign_in(home).status_code == 303


def test_groups_set_the_role_at_each_sign_in(tmp_path: Path) -> None:
    with company(tmp_path, NAMED + GROUPS + 'new_users = "create"\n') as (home, provider):
        provider.person |= {"sub": "p-3", "preferred_username": "nina", "groups": ["warehouse", "bookkeepers"]}
        assert sign_in(home).status_code == 303
        assert (user(home, "nina").role, user(home, "nina").password_at) == (Role.FINANCE, None)
        provider.person["groups"] = ["warehouse"]
        provider.left_out = {"groups"}
        assert sign_in(home).status_code == 303, "user info holds what the token leaves out"
        assert user(home, "nina").role is Role.OPERATOR
        provider.person["groups"] = []
        assert sign_in(home).status_code == 403
        provider.person |= {"sub": "p-4", "preferred_username": "ada", "groups": ["warehouse"]}
        assert sign_in(home).status_code == 403
        assert "last admin" in lines(home)[-1].detail
        audit_lines = [line for line in lines(home) if line.subject == "user nina"]
        assert [(line.actor.partition(" ")[0], line.action) for line in audit_lines] == [
            ("provider", "user.added"), ("provider", "user.identity_linked"), ("nina", "signed_in"),
            ("provider", "user.role_set"), ("nina", "signed_in"), ("nina", "sign_in.refused"),
        ]  # fmt: skip


def test_an_email_counts_when_the_provider_has_verified_it(tmp_path: Path) -> None:
    with company(tmp_path, 'new_users = "create"\ndefault_role = "viewer"\n') as (home, provider):
        for verified in (False, "true", None):
            provider.person["email_verified"] = verified
            assert sign_in(home).status_code == 403
        provider.person["email_verified"] = True
        assert sign_in(home).status_code == 303
        assert user(home, "otto@example.com").role is Role.VIEWER


def test_passwords_are_ignored_where_they_are_disabled(tmp_path: Path) -> None:
    with company(tmp_path, NAMED + "passwords = false\n") as (home, _), home.anonymous_client() as client:
        page = client.get("/sign-in").text
        assert ('type="password"' in page, "Sign in with Example Ltd" in page) == (False, True)
        response = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        assert (response.status_code, "weighbridge" in client.cookies) == (403, False)
        client.get(authorize(client))
        assert 'type="password"' not in client.get("/account").text


def test_repeated_failures_at_the_provider_have_to_wait(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        provider.changed["nonce"] = "another"
        for _ in range(20):
            assert sign_in(home).status_code == 403
        provider.changed.clear()
        calls = len(provider.calls)
        waiting = sign_in(home)
        assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "16")
        assert len(provider.calls) == calls, "the provider gets no request meanwhile"
        home.wait(seconds=20)
        assert sign_in(home).status_code == 303


def test_without_a_provider_its_sign_in_page_is_not_found(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        assert "Sign in with" not in client.get("/sign-in").text
        assert client.get("/sign-in/provider").status_code == 404
        assert client.get("/sign-in/provider/callback?code=x&state=y").status_code == 404
