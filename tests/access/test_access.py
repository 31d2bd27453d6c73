"""Users, tokens and the audit log: every deed has a line, and no line can be changed unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.persistence.conftest import NOON, Desk, Desks
from weighbridge.access.audit import AuditLine, AuditLog, Broken
from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import Role
from weighbridge.access.service import Access
from weighbridge.access.throttle import COUNTED, LONGEST_WAIT, wait_after
from weighbridge.access.users import UserProblem
from weighbridge.persistence.tables.access import audit


def test_the_chain_holds_until_somebody_changes_a_line(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        log = AuditLog(desk.database, desk.clock)
        for number in range(5):
            await log.note("ada", "user.locked", f"user {number}", {"why": "left — für immer"})
            desk.wait(seconds=1)
        assert await log.check() is None
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            await desk.database.execute(sa.update(audit).where(audit.c.number == 3).values(actor="otto"))
        assert [line.number for line in await log.lines(before=4, limit=2)] == [3, 2]
        await without_the_trigger(desk)
        await desk.database.execute(sa.update(audit).where(audit.c.number == 3).values(actor="otto"))
        assert await log.check() == Broken(3, "was changed, or the line before it")
        await desk.database.execute(sa.delete(audit).where(audit.c.number == 3))
        assert await log.check() == Broken(3, "missing; the next line there is has number 4")

    async def without_the_trigger(desk: Desk) -> None:
        names = ("audit_stays_UPDATE", "audit_stays_DELETE") if desk.database.is_sqlite else ("audit_stays ON audit",)
        for name in names:
            await desk.database.execute(sa.text(f"DROP TRIGGER {name}"))

    at_desk(work)


def test_users_leave_a_line_for_everything_and_the_last_admin_stays(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        access = Access.of(desk.database, desk.clock)
        for name, role in (("Ada", Role.ADMIN), ("otto", Role.OPERATOR)):
            await access.users.add(name, role, "correct horse battery", "tests")
        for change in (access.users.lock("ada", "ada"), access.users.set_role("ada", Role.VIEWER, "ada")):
            with pytest.raises(UserProblem, match="last admin"):
                await change
        with pytest.raises(UserProblem, match="there is a user 'ada' already"):
            await access.users.add("ADA", Role.VIEWER, "", "tests")
        with pytest.raises(UserProblem, match="not 'a b'"):
            await access.users.add("a b", Role.VIEWER, "", "tests")
        for weak in ("short", "otto" * 5, "aaaaaaaaaaaaaaa"):
            with pytest.raises(WeakPassword):
                await access.users.set_password("otto", weak, "ada")
        await access.users.set_role("otto", Role.ADMIN, "ada")
        await access.users.lock("ada", "otto")
        lines = [(line.actor, line.action, line.subject) for line in reversed(await access.audit.lines())]
        assert lines == [
            ("tests", "user.added", "user ada"),
            ("tests", "user.added", "user otto"),
            ("ada", "user.role_set", "user otto"),
            ("otto", "user.locked", "user ada"),
        ]
        assert await access.users.with_password("ada", "correct horse battery") is None

    at_desk(work)


def test_a_token_acts_for_its_user_until_it_is_revoked_or_ends(at_desk: Desks[None]) -> None:
    async def work(desk: Desk) -> None:
        access = Access.of(desk.database, desk.clock)
        otto = await access.users.add("otto", Role.OPERATOR, "", "tests")
        secret = await access.tokens.make(otto, "  nightly   export ", read_only=True, days=1, actor="otto")
        other = await access.tokens.make(otto, "warehouse", read_only=False, days=None, actor="otto")
        bearer = await access.tokens.bearer(secret)
        assert bearer is not None
        assert (bearer.user.name, bearer.read_only, bearer.token) == ("otto", True, "nightly export")
        desk.wait(hours=25)
        assert await access.tokens.bearer(secret) is None
        (left,) = await access.tokens.valid("otto")
        assert left.name == "warehouse"
        await access.tokens.revoke(left.id, "otto", of=otto)
        assert await access.tokens.bearer(other) is None
        assert await access.tokens.bearer("wb_guess") is None
        with pytest.raises(UserProblem, match="no such token"):
            await access.tokens.revoke(left.id, "otto")

    at_desk(work)


def test_the_digest_covers_every_field() -> None:
    line = AuditLine(7, NOON, "ada", "user.added", "user otto", "{}", "")
    others = [
        AuditLine(8, NOON, "ada", "user.added", "user otto", "{}", ""),
        AuditLine(7, NOON + timedelta(microseconds=1), "ada", "user.added", "user otto", "{}", ""),
        AuditLine(7, NOON, "adau", "ser.added", "user otto", "{}", ""),
        AuditLine(7, NOON, "ada", "user.added", "user ottp", "{}", ""),
        AuditLine(7, NOON, "ada", "user.added", "user otto", "{ }", ""),
    ]
    digests = {one.digest_after("a") for one in (line, *others)} | {line.digest_after("b")}
    assert len(digests) == 7


@settings(deadline=None)
@given(
    failures=st.lists(st.integers(min_value=0, max_value=1800), max_size=60),
    free=st.integers(min_value=1, max_value=25),
)
def test_a_wait_is_never_endless_and_never_shorter_for_one_failure_more(failures: list[int], free: int) -> None:
    moments = [NOON - timedelta(seconds=ago) for ago in failures]
    wait = wait_after(moments, free, NOON)
    assert timedelta(0) <= wait <= LONGEST_WAIT < COUNTED
    assert wait == timedelta(0) or len(moments) >= free
    assert wait_after([*moments, NOON], free, NOON) >= wait
