"""Users and tokens in the console: admins manage all users, every user manages their own account."""

from __future__ import annotations

import re

from tests.web.installation import PASSWORD, RunningInstallation, csrf_of
from weighbridge.access.roles import Role

ANOTHER = "staple battery horse"


def test_an_admin_adds_changes_and_locks_users(installation: RunningInstallation) -> None:
    with installation.signed_in_as("ada") as ada:
        csrf = {"csrf": csrf_of(ada, "/settings")}
        new = {"name": "Nina", "role": "viewer", "password": PASSWORD}
        assert ada.post("/settings/users", data=new | csrf).status_code == 303
        again = ada.post("/settings/users", data=new | csrf)
        assert (again.status_code, "there is a user" in again.text.lower()) == (400, True)
        weak = ada.post("/settings/users", data={"name": "tim", "role": "viewer", "password": "short"} | csrf)
        assert (weak.status_code, "12 to 256 characters" in weak.text) == (400, True)
        assert ada.post("/settings/users/nina", data={"role": "finance"} | csrf).status_code == 303
        with installation.signed_in_as("nina") as nina:
            assert nina.get("/audit").status_code == 200
            assert ada.post("/settings/users/nina", data={"lock": "yes"} | csrf).status_code == 303
            assert nina.get("/").status_code == 303
        last = ada.post("/settings/users/ada", data={"role": "viewer"} | csrf)
        assert (last.status_code, "last admin" in last.text) == (400, True)
    nina = installation.do(lambda app: app.access.users.find("nina"))
    assert nina is not None
    assert (nina.role, nina.disabled_at is not None) == (Role.FINANCE, True)


def test_only_admins_manage_users(installation: RunningInstallation) -> None:
    for name in ("vera", "otto", "fina"):
        with installation.signed_in_as(name) as client:
            assert "Add a user" not in client.get("/settings").text
            form = {"name": "eve", "role": "admin", "password": PASSWORD, "csrf": csrf_of(client, "/")}
            assert client.post("/settings/users", data=form).status_code == 403
            assert client.post("/settings/users/ada", data=form | {"lock": "yes"}).status_code == 403
    assert installation.do(lambda app: app.access.users.find("eve")) is None


def test_a_new_password_needs_the_old_one_and_ends_the_session(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto:
        form = {"csrf": csrf_of(otto, "/account"), "new": ANOTHER}
        assert otto.post("/account/password", data=form | {"old": "guess of mine"}).status_code == 400
        assert otto.post("/account/password", data=form | {"old": PASSWORD}).status_code == 303
        assert otto.get("/").status_code == 303
        assert installation.sign_in(otto, "otto").status_code == 403
        assert installation.sign_in(otto, "otto", ANOTHER).status_code == 303


def test_a_token_is_displayed_once_and_revoked_only_by_its_owner_or_an_admin(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto, installation.signed_in_as("fina") as fina:
        created = otto.post("/account/tokens", data={"csrf": csrf_of(otto, "/account"), "name": "export", "days": "30"})
        secret = re.search(r"wb_[\w-]{40,}", created.text)
        assert secret is not None
        assert secret[0] not in otto.get("/account").text
        (token,) = installation.do(lambda app: app.access.tokens.valid())
        foreign = fina.post(f"/account/tokens/{token.id}/revoke", data={"csrf": csrf_of(fina, "/account")})
        assert foreign.status_code == 400
        assert otto.post(f"/account/tokens/{token.id}/revoke", data={"csrf": csrf_of(otto, "/account")})
    assert installation.do(lambda app: app.access.tokens.bearer(secret[0])) is None
