"""Whether somebody may do a deed; asked again here, whatever page or address it came by."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User


def require(user: User, permission: Permission) -> None:
    """Raises NotPermitted."""
    if not user.may(permission):
        raise NotPermitted(user, permission)


class NotPermitted(Exception):
    """Who is signed in may not do this."""

    def __init__(self, user: User, permission: Permission) -> None:
        super().__init__(f"{user.role} may not {permission}")
        self.user = user
        self.permission = permission
