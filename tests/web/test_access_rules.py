"""Access to the console: sign-in, the length of sessions, and requests of other sites."""

from __future__ import annotations

import re

import sqlalchemy as sa

from tests.web.installation import PASSWORD, RunningInstallation, csrf_of
from weighbridge.access.roles import Role
from weighbridge.access.sessions import Sessions
from weighbridge.app.context import AppContext
from weighbridge.persistence.tables.access import failed_sign_ins, sessions, users


def test_an_anonymous_user_signs_in_and_is_redirected_to_the_requested_page(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        redirect = client.get("/orders?state=held")
        assert (redirect.status_code, redirect.headers["location"]) == (303, "/sign-in?to=%2Forders%3Fstate%3Dheld")
        form = client.get(redirect.headers["location"]).text
        assert 'value="/orders?state=held"' in form
        token = csrf_of(client, "/sign-in")
        signed_in = client.post(
            "/sign-in", data={"name": "Otto", "password": PASSWORD, "csrf": token, "to": "/orders?state=held"}
        )
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/orders?state=held")
        assert client.get("/orders?state=held").status_code == 200


def test_sign_in_never_redirects_to_another_host(installation: RunningInstallation) -> None:
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        with installation.anonymous_client() as client:
            token = csrf_of(client, "/sign-in")
            data = {"name": "otto", "password": PASSWORD, "csrf": token, "to": elsewhere}
            assert client.post("/sign-in", data=data).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        wrong = installation.sign_in(client, "otto", "wrong horse battery")
        unknown = installation.sign_in(client, "nobody", "wrong horse battery")
        assert wrong.status_code == unknown.status_code == 403
        assert "The name or the password is wrong" in wrong.text
        assert "The name or the password is wrong" in unknown.text
        assert client.get("/").status_code == 303


def test_after_many_failures_even_the_right_password_has_to_wait(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        for _ in range(5):
            assert installation.sign_in(client, "otto", "wrong horse battery").status_code == 403
        refused = installation.sign_in(client, "otto")
        assert refused.status_code == 429
        assert "Wait 15 s" in refused.text
        assert refused.headers["retry-after"] == "16"
        assert installation.sign_in(client, "fina").status_code == 303, "other users are not affected"
    with installation.anonymous_client() as client:
        installation.wait(seconds=20)
        assert installation.sign_in(client, "otto").status_code == 303

    async def failure_count(app: AppContext) -> int:
        async with app.database.reading() as reading:
            return int((await reading.execute(sa.select(sa.func.count()).select_from(failed_sign_ins))).scalar_one())

    assert installation.do(failure_count) == 0, "a successful sign-in clears the failures"


def test_a_session_ends_when_idle_or_after_its_maximum_age(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as idle, installation.signed_in_as("fina") as busy:
        installation.wait(minutes=59)
        assert busy.get("/orders").status_code == 200
        installation.wait(minutes=2)
        assert idle.get("/orders").status_code == 303, "idle for more than an hour"
        statuses = []
        for _ in range(12):
            statuses.append(busy.get("/orders").status_code)
            installation.wait(minutes=59)
        assert statuses == [200] * 12
        assert busy.get("/orders").status_code == 303, "no session lasts more than twelve hours"


def test_the_cookie_is_invalid_after_signing_out(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as client:
        cookie = client.cookies["weighbridge"]
        signed_out = client.post("/sign-out", data={"csrf": csrf_of(client, "/")})
        assert signed_out.headers["location"] == "/sign-in"
        assert client.get("/", headers={"cookie": f"weighbridge={cookie}"}).status_code == 303


def test_a_lock_or_a_new_role_ends_sessions_at_once(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto, installation.signed_in_as("fina") as fina:
        installation.do(lambda app: app.access.users.lock("otto", "ada"))
        installation.do(lambda app: app.access.users.set_role("fina", Role.VIEWER, "ada"))
        assert otto.get("/").status_code == fina.get("/").status_code == 303
        assert installation.sign_in(otto, "otto").status_code == 403


def test_secrets_are_stored_as_digests_only(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as client:
        secret = client.cookies["weighbridge"]

    async def stored(app: AppContext) -> str:
        async with app.database.reading() as reading:
            rows = [*(await reading.execute(sa.select(sessions))), *(await reading.execute(sa.select(users)))]
        return repr(rows)

    text = installation.do(stored)
    assert secret not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text


def test_every_answer_forbids_foreign_and_inline_scripts(installation: RunningInstallation) -> None:
    with installation.signed_in_as("ada") as client:
        for path in ("/", "/orders", "/nowhere", "/static/console.css", "/sign-in"):
            answer = client.get(path)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == (
                "public, max-age=31536000, immutable" if "static" in path else "no-store"
            )
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.text), path


def test_a_form_of_another_origin_is_refused(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as client:
        token = csrf_of(client, "/")
        assert client.post("/sign-out").status_code == 403
        assert client.post("/sign-out", data={"csrf": "guess"}).status_code == 403
        foreign = client.post("/sign-out", data={"csrf": token}, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        framed = client.post("/sign-out", data={"csrf": token}, headers={"sec-fetch-site": "cross-site"})
        assert framed.status_code == 403
        assert client.get("/").status_code == 200, "still signed in"


def test_another_origin_cannot_submit_the_sign_in_form(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        assert client.post("/sign-in", data={"name": "otto", "password": PASSWORD}).status_code == 403
        assert "weighbridge" not in client.cookies


def test_a_body_that_is_too_large_is_refused_unread(installation: RunningInstallation) -> None:
    with installation.anonymous_client() as client:
        assert client.post("/sign-in", content=b"x" * 300_000).status_code == 413


def test_background_requests_do_not_extend_a_session(installation: RunningInstallation) -> None:
    with installation.signed_in_as("otto") as otto:
        for _ in range(2):
            installation.wait(minutes=25)
            assert otto.get("/", headers={"x-live": "1"}).status_code == 200
        installation.wait(minutes=11)
        assert otto.get("/", headers={"x-live": "1"}).status_code == 303, "an hour passed without a request of the user"


def test_a_session_is_not_written_for_each_page(installation: RunningInstallation) -> None:
    async def work(app: AppContext) -> list[bool]:
        otto = await app.access.users.find("otto")
        assert otto is not None
        secret = await app.access.sessions.start(otto)
        before = await last_seen(app.access.sessions, secret)
        installation.wait(seconds=30)
        soon = await last_seen(app.access.sessions, secret)
        installation.wait(seconds=40)
        later = await last_seen(app.access.sessions, secret)
        return [soon == before, later > before]

    async def last_seen(session_store: Sessions, secret: str) -> int:
        session = await session_store.find(secret)
        assert session is not None
        query = sa.select(sessions.c.seen_at).where(sessions.c.digest == session.digest)
        async with installation.app.database.reading() as reading:
            return int((await reading.execute(query)).scalar_one().timestamp())

    assert installation.do(work) == [True, True]
