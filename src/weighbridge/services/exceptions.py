"""Actions of users on exceptions; each is written to the audit log before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from weighbridge.access.roles import Permission, permission_to_decide, permission_to_run
from weighbridge.access.users import User
from weighbridge.app.context import AppContext
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.exceptions.actions import Accept, Action
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.lifecycle import DONE_AS, Effect
from weighbridge.exceptions.playbooks import PlaybookRun
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import require


async def act(app: AppContext, user: User, ids: Sequence[int], action: Action) -> int:
    """Applies `action` to these exceptions; returns their number. Raises NotPermitted, NotAllowed, LookupError."""
    require(user, Permission.WORK)
    for number in ids if isinstance(action, Accept) else ():
        exception_record = await app.exception_queries.find(number)
        if exception_record is not None:
            require(user, permission_to_decide(exception_record.owner))
    verb = f"exception.{DONE_AS[type(action)]}"
    detail = {name: str(value) for name, value in asdict(action).items() if value is not None}
    await app.access.audit.record(user.name, verb, _subject(ids), detail | {"exceptions": list(ids)})
    return await app.lifecycle.act(ids, action, user.name)


async def act_on_many(app: AppContext, user: User, exception_filter: ExceptionFilter, action: Action, name: str) -> int:
    """Applies `action` to exactly the previewed exceptions. Raises InvalidRequest if the filter finds others now."""
    effect = await preview_many(app, user, exception_filter, action)
    if effect.name != name:
        raise InvalidRequest("The filter finds other exceptions than in your preview; preview the action again.")
    return await act(app, user, effect.ids, action)


async def merge(app: AppContext, user: User, ids: Sequence[int], into: int) -> int:
    """Merges exceptions with one cause; returns how many objects moved. Raises as `act` does."""
    require(user, Permission.WORK)
    detail = {"exceptions": list(ids), "into": into}
    await app.access.audit.record(user.name, "exception.merged", _subject([into]), detail)
    return await app.lifecycle.merge(ids, into, user.name)


async def unmerge(app: AppContext, user: User, number: int) -> int:
    """Reverses a merge; returns how many objects moved. Raises as `act` does."""
    require(user, Permission.WORK)
    await app.access.audit.record(user.name, "exception.unmerged", _subject([number]))
    return await app.lifecycle.unmerge(number, user.name)


async def run(
    app: AppContext, user: User, exception_id: int, playbook: Playbook, arguments: Mapping[str, str], reason: str
) -> PlaybookRun:
    """Runs a playbook. Raises NotPermitted, NotAllowed, LookupError."""
    exception_record = await app.exception_queries.find(exception_id)
    if exception_record is None:
        raise LookupError(f"no exception has the number {exception_id}")
    require(user, permission_to_run(playbook, exception_record.owner))
    detail = {"playbook": playbook, "arguments": dict(arguments), "reason": reason}
    await app.access.audit.record(user.name, "playbook.run", _subject([exception_id]), detail)
    return await app.playbook_runner.run(exception_id, playbook, arguments, user.name, reason)


async def undo(app: AppContext, user: User, run_id: int, reason: str) -> PlaybookRun:
    """Undoes a run. Raises NotPermitted, NotAllowed, LookupError."""
    stored = await _decidable(app, user, run_id)
    detail = {"run": run_id, "playbook": stored.playbook, "reason": reason}
    await app.access.audit.record(user.name, "playbook.undone", _subject([stored.exception_id]), detail)
    return await app.playbook_runner.undo(run_id, user.name, reason)


async def decide(app: AppContext, user: User, run_id: int, *, approve: bool) -> PlaybookRun:
    """Approves or refuses a proposed run. Raises NotPermitted, NotAllowed, LookupError."""
    stored = await _decidable(app, user, run_id)
    verb = "playbook.approved" if approve else "playbook.refused"
    detail = {"run": run_id, "playbook": stored.playbook}
    await app.access.audit.record(user.name, verb, _subject([stored.exception_id]), detail)
    if approve:
        return await app.playbook_runner.approve(run_id, user.name)
    await app.playbook_runner.refuse(run_id, user.name)
    return await app.playbook_runner.get(run_id)


async def preview_many(app: AppContext, user: User, exception_filter: ExceptionFilter, action: Action) -> Effect:
    """The effect of `action` on all exceptions that the filter finds. Raises NotPermitted."""
    require(user, Permission.WORK)
    if isinstance(action, Accept):
        for permission in {permission_to_decide(exception_filter.owner)} if exception_filter.owner else _EVERY_DECISION:
            require(user, permission)
    return await app.lifecycle.preview(exception_filter, action)


_EVERY_DECISION = frozenset({Permission.DECIDE_GOODS, Permission.DECIDE_MONEY})


async def _decidable(app: AppContext, user: User, run_id: int) -> PlaybookRun:
    stored = await app.playbook_runner.get(run_id)
    exception_record = await app.exception_queries.find(stored.exception_id)
    if exception_record is None:
        raise LookupError(f"no exception has the number {stored.exception_id}")
    require(user, permission_to_run(stored.playbook, exception_record.owner))
    return stored


def _subject(ids: Sequence[int]) -> str:
    return f"exception {ids[0]}" if len(ids) == 1 else f"{len(ids)} exceptions"
