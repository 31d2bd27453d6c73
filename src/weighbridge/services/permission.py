"""The permission check of every action, whichever page, API path or command called it."""

from __future__ import annotations

from weighbridge.access.roles import Permission
from weighbridge.access.users import User


def require(user: User, permission: Permission) -> None:
    """Raises NotPermitted."""
    if not user.may(permission):
        raise NotPermitted(user, permission)


class NotPermitted(Exception):
    """The role of the user does not allow the action."""

    def __init__(self, user: User, permission: Permission) -> None:
        super().__init__(f"{user.role} may not {permission}")
        self.user = user
        self.permission = permission
