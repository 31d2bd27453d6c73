"""The doors of the console: who gets in, for how long, and what a page of somebody else cannot make it do."""

from __future__ import annotations

import re

import sqlalchemy as sa

from tests.web.installation import PASSWORD, House, csrf_of
from weighbridge.access.roles import Role
from weighbridge.access.sessions import Sessions
from weighbridge.app.context import Office
from weighbridge.persistence.tables.access import failed_sign_ins, sessions, users


def test_a_stranger_is_asked_to_sign_in_and_comes_to_where_they_wanted(home: House) -> None:
    with home.stranger() as client:
        asked = client.get("/orders?state=held")
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?to=%2Forders%3Fstate%3Dheld")
        form = client.get(asked.headers["location"]).text
        assert 'value="/orders?state=held"' in form
        token = csrf_of(client, "/sign-in")
        entered = client.post(
            "/sign-in", data={"name": "Otto", "password": PASSWORD, "csrf": token, "to": "/orders?state=held"}
        )
        assert (entered.status_code, entered.headers["location"]) == (303, "/orders?state=held")
        assert client.get("/orders?state=held").status_code == 200


def test_nobody_is_sent_to_another_site_after_signing_in(home: House) -> None:
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        with home.stranger() as client:
            token = csrf_of(client, "/sign-in")
            data = {"name": "otto", "password": PASSWORD, "csrf": token, "to": elsewhere}
            assert client.post("/sign-in", data=data).headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(home: House) -> None:
    with home.stranger() as client:
        wrong = home.sign_in(client, "otto", "wrong horse battery")
        unknown = home.sign_in(client, "nobody", "wrong horse battery")
        assert wrong.status_code == unknown.status_code == 403
        assert "The name or the password is wrong" in wrong.text
        assert "The name or the password is wrong" in unknown.text
        assert client.get("/").status_code == 303


def test_after_many_failures_even_the_right_password_has_to_wait(home: House) -> None:
    with home.stranger() as client:
        for _ in range(5):
            assert home.sign_in(client, "otto", "wrong horse battery").status_code == 403
        refused = home.sign_in(client, "otto")
        assert refused.status_code == 429
        assert "Wait 15 s" in refused.text
        assert refused.headers["retry-after"] == "16"
        assert home.sign_in(client, "fina").status_code == 303, "others are not kept out"
    with home.stranger() as client:
        home.wait(seconds=20)
        assert home.sign_in(client, "otto").status_code == 303

    async def left(office: Office) -> int:
        async with office.database.reading() as reading:
            return int((await reading.execute(sa.select(sa.func.count()).select_from(failed_sign_ins))).scalar_one())

    assert home.do(left) == 0, "who is in has a clean sheet"


def test_a_session_ends_when_idle_and_at_the_latest_after_its_hours(home: House) -> None:
    with home.as_("otto") as idle, home.as_("fina") as busy:
        home.wait(minutes=59)
        assert busy.get("/orders").status_code == 200
        home.wait(minutes=2)
        assert idle.get("/orders").status_code == 303, "an hour passed without a look"
        seen = []
        for _ in range(12):
            seen.append(busy.get("/orders").status_code)
            home.wait(minutes=59)
        assert seen == [200] * 12
        assert busy.get("/orders").status_code == 303, "nobody stays for more than twelve hours"


def test_the_cookie_is_of_no_use_after_signing_out(home: House) -> None:
    with home.as_("otto") as client:
        kept = client.cookies["weighbridge"]
        gone = client.post("/sign-out", data={"csrf": csrf_of(client, "/")})
        assert gone.headers["location"] == "/sign-in"
        assert client.get("/", headers={"cookie": f"weighbridge={kept}"}).status_code == 303


def test_a_lock_or_a_new_role_ends_sessions_at_once(home: House) -> None:
    with home.as_("otto") as otto, home.as_("fina") as fina:
        home.do(lambda office: office.access.users.lock("otto", "ada"))
        home.do(lambda office: office.access.users.set_role("fina", Role.VIEWER, "ada"))
        assert otto.get("/").status_code == fina.get("/").status_code == 303
        assert home.sign_in(otto, "otto").status_code == 403


def test_secrets_are_kept_as_digests_only(home: House) -> None:
    with home.as_("otto") as client:
        secret = client.cookies["weighbridge"]

    async def stored(office: Office) -> str:
        async with office.database.reading() as reading:
            rows = [*(await reading.execute(sa.select(sessions))), *(await reading.execute(sa.select(users)))]
        return repr(rows)

    text = home.do(stored)
    assert secret not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text


def test_every_answer_forbids_foreign_and_inline_scripts(home: House) -> None:
    with home.as_("ada") as client:
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


def test_a_form_from_elsewhere_does_nothing(home: House) -> None:
    with home.as_("otto") as client:
        token = csrf_of(client, "/")
        assert client.post("/sign-out").status_code == 403
        assert client.post("/sign-out", data={"csrf": "guess"}).status_code == 403
        foreign = client.post("/sign-out", data={"csrf": token}, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        framed = client.post("/sign-out", data={"csrf": token}, headers={"sec-fetch-site": "cross-site"})
        assert framed.status_code == 403
        assert client.get("/").status_code == 200, "still signed in"


def test_the_form_to_sign_in_cannot_be_filled_in_by_another_site(home: House) -> None:
    with home.stranger() as client:
        assert client.post("/sign-in", data={"name": "otto", "password": PASSWORD}).status_code == 403
        assert "weighbridge" not in client.cookies


def test_a_body_that_is_too_large_is_refused_unread(home: House) -> None:
    with home.stranger() as client:
        assert client.post("/sign-in", content=b"x" * 300_000).status_code == 413


def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(home: House) -> None:
    with home.as_("otto") as otto:
        for _ in range(2):
            home.wait(minutes=25)
            assert otto.get("/", headers={"x-live": "1"}).status_code == 200
        home.wait(minutes=11)
        assert otto.get("/", headers={"x-live": "1"}).status_code == 303, "an hour passed, and nobody looked"


def test_a_session_is_seen_without_a_write_for_each_page(home: House) -> None:
    async def work(office: Office) -> list[bool]:
        otto = await office.access.users.find("otto")
        assert otto is not None
        secret = await office.access.sessions.begin(otto)
        before = await seen(office.access.sessions, secret)
        home.wait(seconds=30)
        soon = await seen(office.access.sessions, secret)
        home.wait(seconds=40)
        later = await seen(office.access.sessions, secret)
        return [soon == before, later > before]

    async def seen(kept: Sessions, secret: str) -> int:
        session = await kept.of(secret)
        assert session is not None
        query = sa.select(sessions.c.seen_at).where(sessions.c.digest == session.digest)
        async with home.office.database.reading() as reading:
            return int((await reading.execute(query)).scalar_one().timestamp())

    assert home.do(work) == [True, True]
