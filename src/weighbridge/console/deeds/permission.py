"""Whether somebody may do a deed; asked again here, whatever page or address it came by."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User
from weighbridge.console.gate import NotPermitted


def require(user: User, permission: Permission) -> None:
    """Raises NotPermitted."""
    if not user.may(permission):
        raise NotPermitted(user, permission)
