"""What people do about exceptions; the audit log has a line of each before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from weighbridge.access.roles import Permission, to_decide, to_run
from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.exceptions.actions import Accept, Action
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.lifecycle import DONE_AS, Effect
from weighbridge.exceptions.playbooks import Run
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import require


async def act(office: Office, user: User, ids: Sequence[int], action: Action) -> int:
    """Does `action` to these exceptions; answers how many. Raises NotPermitted, NotAllowed, LookupError."""
    require(user, Permission.WORK)
    for number in ids if isinstance(action, Accept) else ():
        case = await office.cases.one(number)
        if case is not None:
            require(user, to_decide(case.owner))
    verb = f"exception.{DONE_AS[type(action)]}"
    told = {name: str(value) for name, value in asdict(action).items() if value is not None}
    await office.access.audit.note(user.name, verb, _subject(ids), told | {"exceptions": list(ids)})
    return await office.desk.act(ids, action, user.name)


async def act_on_many(office: Office, user: User, wanted: Wanted, action: Action, name: str) -> int:
    """Does `action` to exactly what the preview with this name showed. Raises Unusable when that has changed."""
    effect = await preview_many(office, user, wanted, action)
    if effect.name != name:
        raise Unusable("What the filter finds has changed since you read it; look at the preview again.")
    return await act(office, user, effect.ids, action)


async def merge(office: Office, user: User, ids: Sequence[int], into: int) -> int:
    """Shows exceptions with one cause as one; answers how many objects moved. Raises as `act` does."""
    require(user, Permission.WORK)
    detail = {"exceptions": list(ids), "into": into}
    await office.access.audit.note(user.name, "exception.merged", _subject([into]), detail)
    return await office.desk.merge(ids, into, user.name)


async def unmerge(office: Office, user: User, number: int) -> int:
    """Takes a merge back; answers how many objects moved. Raises as `act` does."""
    require(user, Permission.WORK)
    await office.access.audit.note(user.name, "exception.unmerged", _subject([number]))
    return await office.desk.unmerge(number, user.name)


async def run(
    office: Office, user: User, case_id: int, remedy: Remedy, arguments: Mapping[str, str], reason: str
) -> Run:
    """Runs a playbook. Raises NotPermitted, NotAllowed, LookupError."""
    case = await office.cases.one(case_id)
    if case is None:
        raise LookupError(f"no exception has the number {case_id}")
    require(user, to_run(remedy, case.owner))
    detail = {"remedy": remedy, "arguments": dict(arguments), "reason": reason}
    await office.access.audit.note(user.name, "playbook.run", _subject([case_id]), detail)
    return await office.playbooks.run(case_id, remedy, arguments, user.name, reason)


async def undo(office: Office, user: User, run_id: int, reason: str) -> Run:
    """Takes a run back. Raises NotPermitted, NotAllowed, LookupError."""
    found = await _decidable(office, user, run_id)
    detail = {"run": run_id, "remedy": found.remedy, "reason": reason}
    await office.access.audit.note(user.name, "playbook.undone", _subject([found.exception_id]), detail)
    return await office.playbooks.undo(run_id, user.name, reason)


async def decide(office: Office, user: User, run_id: int, *, approve: bool) -> Run:
    """Runs what was prepared, or does not. Raises NotPermitted, NotAllowed, LookupError."""
    found = await _decidable(office, user, run_id)
    verb = "playbook.approved" if approve else "playbook.refused"
    detail = {"run": run_id, "remedy": found.remedy}
    await office.access.audit.note(user.name, verb, _subject([found.exception_id]), detail)
    if approve:
        return await office.playbooks.approve(run_id, user.name)
    await office.playbooks.refuse(run_id, user.name)
    return await office.playbooks.one(run_id)


async def preview_many(office: Office, user: User, wanted: Wanted, action: Action) -> Effect:
    """What `action` would do to all that `wanted` finds. Raises NotPermitted."""
    require(user, Permission.WORK)
    if isinstance(action, Accept):
        for permission in {to_decide(wanted.owner)} if wanted.owner else _EVERY_DECISION:
            require(user, permission)
    return await office.desk.preview(wanted, action)


_EVERY_DECISION = frozenset({Permission.DECIDE_GOODS, Permission.DECIDE_MONEY})


async def _decidable(office: Office, user: User, run_id: int) -> Run:
    found = await office.playbooks.one(run_id)
    case = await office.cases.one(found.exception_id)
    if case is None:
        raise LookupError(f"no exception has the number {found.exception_id}")
    require(user, to_run(found.remedy, case.owner))
    return found


def _subject(ids: Sequence[int]) -> str:
    return f"exception {ids[0]}" if len(ids) == 1 else f"{len(ids)} exceptions"
