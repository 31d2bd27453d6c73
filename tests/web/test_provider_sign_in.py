"""Signing in at the company's identity provider: only whom it vouches for, as whom we let in, once each time."""

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
from tests.web.installation import MORNING, PASSWORD, House, csrf_of, house, template_database
from weighbridge.access.audit import AuditLine
from weighbridge.access.roles import Role
from weighbridge.access.users import User
from weighbridge.design.loading import parse_installation

NAMED = 'user_claim = "preferred_username"\n'
GROUPS = 'roles = { bookkeepers = "finance", warehouse = "operator" }\n'


@contextmanager
def company(folder: Path, settings: str = NAMED) -> Iterator[tuple[House, IdentityProvider]]:
    """A console with its four users, and a provider beside it."""
    shutil.copy(template_database(), folder / "weighbridge.db")
    with identity_provider(MORNING) as provider:
        oidc = (
            f'[console.oidc]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = {{ env = "OIDC_SECRET" }}\nlabel = "Example Ltd"\n{settings}\n'
        )
        installation = parse_installation(oidc + SMALL).resolved(folder)
        with house(folder, installation, {"OIDC_SECRET": SECRET}) as home:
            yield home, provider


def goes(client: httpx2.Client, to: str = "/") -> str:
    """Follows the link on the sign-in page to the provider; answers the address at which it sends the browser back."""
    there = client.get("/sign-in/provider", params={"to": to})
    assert there.status_code == 303, there.text
    back = httpx2.get(there.headers["location"])
    assert back.status_code == 303, back.text
    return back.headers["location"]


def enters(home: House, to: str = "/") -> httpx2.Response:
    """Signs in at the provider with a new browser."""
    with home.stranger() as client:
        answer = client.get(goes(client, to))
        if answer.status_code == 303:
            assert client.get("/").status_code == 200, "signed in"
        else:
            assert client.get("/").status_code == 303, "not signed in"
        return answer


def lines(home: House) -> list[AuditLine]:
    found = home.do(lambda office: office.access.audit.lines())
    return [one for one in reversed(found) if one.actor != "tests"]


def user(home: House, name: str) -> User:
    found = home.do(lambda office: office.access.users.find(name))
    assert found is not None
    return found


def test_a_user_comes_in_through_the_provider_to_where_they_wanted(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider), home.stranger() as client:
        page = client.get("/sign-in?to=/orders%3Fstate=held").text
        assert "Sign in with Example Ltd" in page
        assert 'href="/sign-in/provider?to=/orders%3Fstate%3Dheld"' in page
        asked = client.get("/sign-in/provider?to=/orders%3Fstate%3Dheld")
        told = parse_qs(urlsplit(asked.headers["location"]).query)
        assert told["scope"] == ["openid profile email"]
        assert told["redirect_uri"] == [f"{home.url}/sign-in/provider/back"]
        back = httpx2.get(asked.headers["location"]).headers["location"]
        entered = client.get(back)
        assert (entered.status_code, entered.headers["location"]) == (303, "/orders?state=held")
        assert "otto" in client.get("/orders?state=held").text
        assert "weighbridge-provider" not in client.cookies
        bound, signed_in = lines(home)
        assert (bound.action, bound.subject) == ("user.identity_bound", "user otto")
        assert (signed_in.actor, signed_in.action) == ("otto", "signed_in")
        assert provider.issuer in signed_in.detail
        gone = client.post("/sign-out", data={"csrf": csrf_of(client, "/")})
        left = client.get(gone.headers["location"]).text
        assert f"{provider.issuer}/end?client_id=weighbridge" in left
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
    "made for us and others, without saying for whom": wrong(aud=[CLIENT, "another"]),
    "presented by another client": wrong(azp="another"),
    "by another issuer": wrong(iss="https://evil.example"),
    "expired": wrong(exp=SECONDS - 61),
    "without an end": wrong(exp=None),
    "issued in the future": wrong(iat=SECONDS + 3600),
    "of nobody": wrong(sub=""),
    "without a name": wrong(preferred_username=None),
    "with a name that none can have": wrong(preferred_username="otto or 1=1"),
    "unsigned": faulty("algorithm", "none"),
    "signed with the public key as a secret": faulty("algorithm", "HS256"),
    "signed with a key that is not published": faulty("signs_with_another_key", True),
}


@pytest.mark.parametrize("fault", FORGED)
def test_a_token_that_proves_nothing_lets_nobody_in(tmp_path: Path, fault: str) -> None:
    with company(tmp_path) as (home, provider):
        FORGED[fault](provider)
        refused = enters(home)
        assert (refused.status_code, "does not prove who you are" in refused.text) == (403, True)
        assert lines(home) == []


def test_a_new_key_of_the_provider_is_read_at_once(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert enters(home).status_code == 303
        provider.rotate()
        assert enters(home).status_code == 303
        assert enters(home).status_code == 303
        assert provider.calls.count("keys") == 2, "and only then"
        assert provider.calls.count("published") == 1


def test_an_answer_counts_in_the_browser_that_asked_and_once(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider), home.stranger() as victim, home.stranger() as other:
        provider.takes_codes_again = True
        back = goes(victim)
        for strange in (back, back.replace("state=", "state=x")):
            refused = other.get(strange)
            assert (refused.status_code, "belongs to no attempt" in refused.text) == (403, True)
        goes(other)
        assert other.get(back).status_code == 403, "another attempt is under way there"
        kept = victim.cookies["weighbridge-provider"]
        assert victim.get(back).status_code == 303
        again = other.get(back, headers={"cookie": f"weighbridge-provider={kept}"})
        assert (again.status_code, "one that is over" in again.text) == (403, True)


def test_a_code_that_the_provider_refuses_proves_nothing(tmp_path: Path) -> None:
    with company(tmp_path) as (home, _), home.stranger() as client:
        back = goes(client)
        stolen = parse_qs(urlsplit(back).query)["code"][0]
        mine = goes(client)
        swapped = mine.replace(parse_qs(urlsplit(mine).query)["code"][0], stolen)
        refused = client.get(swapped)
        assert (refused.status_code, "does not prove" in refused.text) == (403, True), "its verifier is another"
        elsewhere = goes(client).replace("realm", "other")
        assert client.get(elsewhere).status_code == 403, "the answer names another issuer"


def test_who_breaks_off_or_finds_the_provider_down_is_told_so(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        provider.declines = True
        assert "was broken off there" in enters(home).text
        provider.declines = False
        with home.stranger() as client:
            back = goes(client)
            provider.down = True
            failed = client.get(back)
            assert (failed.status_code, "Orders and stock go on" in failed.text) == (503, True)
            assert home.sign_in(client, "ada").status_code == 303, "a password still opens the door"
    with company(tmp_path) as (home, provider), home.stranger() as client:
        provider.down = True
        assert client.get("/sign-in/provider").status_code == 503
        provider.down = False
        assert enters(home).status_code == 303, "what failed is not remembered"


def test_who_is_locked_here_stays_locked_and_the_log_says_who_came(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert enters(home).status_code == 303
        home.do(lambda office: office.access.users.lock("otto", "tests"))
        refused = enters(home)
        assert (refused.status_code, "not let in here" in refused.text) == (403, True)
        line = lines(home)[-1]
        assert (line.actor, line.action, "the user is locked" in line.detail) == ("otto", "sign_in.refused", True)
        provider.person |= {"sub": "p-9", "preferred_username": "Stranger"}
        assert enters(home).status_code == 403
        assert '"the user is unknown"' in lines(home)[-1].detail


def test_a_person_stays_themselves_under_another_name_and_nobody_takes_theirs(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        assert enters(home).status_code == 303
        provider.person["preferred_username"] = "otto.married"
        with home.stranger() as client:
            client.get(goes(client))
            assert client.get("/account").text.count("<h1>otto</h1>") == 1
        provider.person |= {"sub": "p-2", "preferred_username": "otto"}
        assert enters(home).status_code == 403
        assert "another person at the provider" in lines(home)[-1].detail
        otto = user(home, "otto")
        home.do(lambda office: office.access.identities.unbind(otto, "tests"))
        assert enters(home).status_code == 303


def test_groups_give_the_role_anew_each_time(tmp_path: Path) -> None:
    with company(tmp_path, NAMED + GROUPS + 'new_users = "create"\n') as (home, provider):
        provider.person |= {"sub": "p-3", "preferred_username": "nina", "groups": ["warehouse", "bookkeepers"]}
        assert enters(home).status_code == 303
        assert (user(home, "nina").role, user(home, "nina").password_at) == (Role.FINANCE, None)
        provider.person["groups"] = ["warehouse"]
        provider.left_out = {"groups"}
        assert enters(home).status_code == 303, "user info tells what the token leaves out"
        assert user(home, "nina").role is Role.OPERATOR
        provider.person["groups"] = []
        assert enters(home).status_code == 403
        provider.person |= {"sub": "p-4", "preferred_username": "ada", "groups": ["warehouse"]}
        assert enters(home).status_code == 403
        assert "last admin" in lines(home)[-1].detail
        told = [(one.actor.partition(" ")[0], one.action) for one in lines(home) if one.subject == "user nina"]
        assert told == [
            ("provider", "user.added"), ("provider", "user.identity_bound"), ("nina", "signed_in"),
            ("provider", "user.role_set"), ("nina", "signed_in"), ("nina", "sign_in.refused"),
        ]  # fmt: skip


def test_an_email_counts_when_the_provider_has_verified_it(tmp_path: Path) -> None:
    with company(tmp_path, 'new_users = "create"\nrole_otherwise = "viewer"\n') as (home, provider):
        for verified in (False, "true", None):
            provider.person["email_verified"] = verified
            assert enters(home).status_code == 403
        provider.person["email_verified"] = True
        assert enters(home).status_code == 303
        assert user(home, "otto@example.com").role is Role.VIEWER


def test_where_passwords_are_off_none_is_looked_at(tmp_path: Path) -> None:
    with company(tmp_path, NAMED + "passwords = false\n") as (home, _), home.stranger() as client:
        page = client.get("/sign-in").text
        assert ('type="password"' in page, "Sign in with Example Ltd" in page) == (False, True)
        tried = client.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        assert (tried.status_code, "weighbridge" in client.cookies) == (403, False)
        client.get(goes(client))
        assert 'type="password"' not in client.get("/account").text


def test_failures_at_the_provider_slow_down_who_makes_them(tmp_path: Path) -> None:
    with company(tmp_path) as (home, provider):
        provider.changed["nonce"] = "another"
        for _ in range(20):
            assert enters(home).status_code == 403
        provider.changed.clear()
        calls = len(provider.calls)
        waiting = enters(home)
        assert (waiting.status_code, waiting.headers["retry-after"]) == (429, "16")
        assert len(provider.calls) == calls, "the provider is not asked meanwhile"
        home.wait(seconds=20)
        assert enters(home).status_code == 303


def test_without_a_provider_there_is_no_such_door(home: House) -> None:
    with home.stranger() as client:
        assert "Sign in with" not in client.get("/sign-in").text
        assert client.get("/sign-in/provider").status_code == 404
        assert client.get("/sign-in/provider/back?code=x&state=y").status_code == 404
