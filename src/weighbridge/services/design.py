"""Changes of a design while it is in use: each has a reason, creates a version and can be undone."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.app.context import AppContext
from weighbridge.design.overrides import DesignChange, UnusableChange
from weighbridge.queries.design import effective_design
from weighbridge.services.errors import InvalidRequest
from weighbridge.services.permission import require

PERMISSIONS = {
    "tax.rules": Permission.DECIDE_MONEY,
    "payments.accounts": Permission.DECIDE_MONEY,
    "skus": Permission.DECIDE_GOODS,
}
"""Permission to change each table; the others need MANAGE_USERS."""


def permission_to_change(setting: str) -> Permission:
    """Permission to change a table of the design."""
    return PERMISSIONS.get(setting, Permission.MANAGE_USERS)


async def change(app: AppContext, user: User, connection: str, design_change: DesignChange, reason: str) -> int:
    """Stores a change; returns its number. Raises NotPermitted, InvalidRequest, LookupError."""
    require(user, Permission.WORK)
    require(user, permission_to_change(design_change.setting))
    reason = reason.strip()
    if not reason:
        raise InvalidRequest("a change needs a reason")
    effective = await effective_design(app, connection)
    detail = {
        "setting": design_change.setting,
        "key": design_change.key,
        "value": design_change.value,
        "reason": reason,
    }
    async with app.database.transaction() as transaction:
        await app.access.audit.add(transaction, user.name, "design.changed", f"design {connection}", detail)
        try:
            return await app.repositories.designs.add_change(
                transaction, connection, effective, design_change, reason, user.name
            )
        except UnusableChange as problem:
            raise InvalidRequest(str(problem)) from None


async def undo(app: AppContext, user: User, number: int) -> str:
    """Undoes a change; returns its connection. Raises NotPermitted, InvalidRequest, LookupError."""
    stored = await app.repositories.designs.change(number)
    if stored is None or stored.connection not in app.connections:
        raise LookupError(f"there is no change {number}")
    require(user, Permission.WORK)
    require(user, permission_to_change(stored.setting))
    detail = {"change": number, "setting": stored.setting, "key": stored.key}
    async with app.database.transaction() as transaction:
        await app.access.audit.add(transaction, user.name, "design.undone", f"design {stored.connection}", detail)
        if not await app.repositories.designs.undo(transaction, number, user.name):
            raise InvalidRequest(f"change {number} is already undone")
    return stored.connection
