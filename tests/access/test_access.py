"""Users, tokens and the audit log: every action has a line, and no line can be changed unnoticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.persistence.conftest import NOON, Harness, OnBothDatabases
from weighbridge.access.audit import AuditLine, AuditLog, BrokenChain
from weighbridge.access.passwords import WeakPassword
from weighbridge.access.roles import Role
from weighbridge.access.service import Access
from weighbridge.access.throttle import COUNTED, LONGEST_WAIT, wait_after
from weighbridge.access.users import UserProblem
from weighbridge.persistence.tables.access import audit


def test_the_audit_chain_holds_until_a_line_is_changed(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        log = AuditLog(harness.database, harness.clock)
        for number in range(5):
            await log.record("ada", "user.locked", f"user {number}", {"why": "left — für immer"})
            harness.wait(seconds=1)
        assert await log.check() is None
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            await harness.database.execute(sa.update(audit).where(audit.c.number == 3).values(actor="otto"))
        assert [line.number for line in await log.lines(before=4, limit=2)] == [3, 2]
        await drop_trigger(harness)
        await harness.database.execute(sa.update(audit).where(audit.c.number == 3).values(actor="otto"))
        assert await log.check() == BrokenChain(3, "was changed, or the line before it")
        await harness.database.execute(sa.delete(audit).where(audit.c.number == 3))
        assert await log.check() == BrokenChain(3, "missing; the next line has the number 4")

    async def drop_trigger(harness: Harness) -> None:
        names = (
            ("audit_immutable_UPDATE", "audit_immutable_DELETE")
            if harness.database.is_sqlite
            else ("audit_immutable ON audit",)
        )
        for name in names:
            await harness.database.execute(sa.text(f"DROP TRIGGER {name}"))

    on_both_databases(work)


def test_user_changes_are_audited_and_the_last_admin_stays(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        access = Access.of(harness.database, harness.clock)
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
        assert await access.users.authenticate("ada", "correct horse battery") is None

    on_both_databases(work)


def test_a_token_acts_for_its_user_until_it_is_revoked_or_expires(on_both_databases: OnBothDatabases[None]) -> None:
    async def work(harness: Harness) -> None:
        access = Access.of(harness.database, harness.clock)
        otto = await access.users.add("otto", Role.OPERATOR, "", "tests")
        secret = await access.tokens.create(otto, "  nightly   export ", read_only=True, days=1, actor="otto")
        other = await access.tokens.create(otto, "warehouse", read_only=False, days=None, actor="otto")
        bearer = await access.tokens.bearer(secret)
        assert bearer is not None
        assert (bearer.user.name, bearer.read_only, bearer.token) == ("otto", True, "nightly export")
        harness.wait(hours=25)
        assert await access.tokens.bearer(secret) is None
        (token,) = await access.tokens.valid("otto")
        assert token.name == "warehouse"
        await access.tokens.revoke(token.id, "otto", owner=otto)
        assert await access.tokens.bearer(other) is None
        assert await access.tokens.bearer("wb_guess") is None
        with pytest.raises(UserProblem, match="there is no token with the id"):
            await access.tokens.revoke(token.id, "otto")

    on_both_databases(work)


def test_the_digest_covers_every_field() -> None:
    line = AuditLine(7, NOON, "ada", "user.added", "user otto", "{}", "")
    others = [
        AuditLine(8, NOON, "ada", "user.added", "user otto", "{}", ""),
        AuditLine(7, NOON + timedelta(microseconds=1), "ada", "user.added", "user otto", "{}", ""),
        AuditLine(7, NOON, "adau", "ser.added", "user otto", "{}", ""),
        AuditLine(7, NOON, "ada", "user.added", "user ottp", "{}", ""),
        AuditLine(7, NOON, "ada", "user.added", "user otto", "{ }", ""),
    ]
    digests = {other.digest_after("a") for other in (line, *others)} | {line.digest_after("b")}
    assert len(digests) == 7


@settings(deadline=None)
@given(
    failures=st.lists(st.integers(min_value=0, max_value=1800), max_size=60),
    free=st.integers(min_value=1, max_value=25),
)
def test_a_wait_is_limited_and_never_shorter_after_one_more_failure(failures: list[int], free: int) -> None:
    timestamps = [NOON - timedelta(seconds=ago) for ago in failures]
    wait = wait_after(timestamps, free, NOON)
    assert timedelta(0) <= wait <= LONGEST_WAIT < COUNTED
    assert wait == timedelta(0) or len(timestamps) >= free
    assert wait_after([*timestamps, NOON], free, NOON) >= wait
