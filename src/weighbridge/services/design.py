"""What people change of a design while it runs: with a reason and a version, and taken back when they like."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.app.context import Office
from weighbridge.design.overrides import DesignChange, UnusableChange
from weighbridge.queries.design import effective_design
from weighbridge.services.errors import Unusable
from weighbridge.services.permission import require

NEEDED = {
    "tax.rules": Permission.DECIDE_MONEY,
    "payments.accounts": Permission.DECIDE_MONEY,
    "skus": Permission.DECIDE_GOODS,
}
"""What it takes to change each table; the others are an admin's."""


def needed_for(setting: str) -> Permission:
    """What it takes to change a table of the design."""
    return NEEDED.get(setting, Permission.MANAGE_USERS)


async def change(office: Office, user: User, connection: str, wanted: DesignChange, reason: str) -> int:
    """Agrees on a change; answers its number. Raises NotPermitted, Unusable, LookupError."""
    require(user, Permission.WORK)
    require(user, needed_for(wanted.setting))
    reason = reason.strip()
    if not reason:
        raise Unusable("a change needs a reason")
    effective = await effective_design(office, connection)
    detail = {"setting": wanted.setting, "key": wanted.key, "value": wanted.value, "reason": reason}
    async with office.database.transaction() as transaction:
        await office.access.audit.add(transaction, user.name, "design.changed", f"design {connection}", detail)
        try:
            return await office.journal.designs.agree(transaction, connection, effective, wanted, reason, user.name)
        except UnusableChange as problem:
            raise Unusable(str(problem)) from None


async def undo(office: Office, user: User, number: int) -> str:
    """Takes a change back; answers its connection. Raises NotPermitted, Unusable, LookupError."""
    found = await office.journal.designs.change(number)
    if found is None or found.connection not in office.connections:
        raise LookupError(f"there is no change {number}")
    require(user, Permission.WORK)
    require(user, needed_for(found.setting))
    detail = {"change": number, "setting": found.setting, "key": found.key}
    async with office.database.transaction() as transaction:
        await office.access.audit.add(transaction, user.name, "design.undone", f"design {found.connection}", detail)
        if not await office.journal.designs.undo(transaction, number, user.name):
            raise Unusable(f"change {number} was taken back before")
    return found.connection
