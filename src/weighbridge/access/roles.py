"""Roles and permissions. A role is a set of permissions; users get permissions only by their role."""

from __future__ import annotations

from enum import StrEnum

from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.exceptions.owners import Owner


class Role(StrEnum):
    """The role of a user in the installation."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    FINANCE = "finance"
    ADMIN = "admin"


class Permission(StrEnum):
    """One permission that a page or an API endpoint requires."""

    READ = "read"
    """See the status of everything."""
    READ_PAYLOADS = "read_payloads"
    """See the exact bytes that were sent and answered; they hold names and addresses of shoppers."""
    WORK = "work"
    """Assign, comment, snooze, tag and reopen exceptions, and request a re-check."""
    DECIDE_GOODS = "decide_goods"
    """Accept exceptions that operations or ecommerce owns."""
    DECIDE_MONEY = "decide_money"
    """Accept exceptions that finance owns."""
    READ_AUDIT = "read_audit"
    """See the audit log."""
    MANAGE_USERS = "manage_users"
    """Add, change and lock users."""


_WORKING = {Permission.READ, Permission.READ_PAYLOADS, Permission.WORK}
GRANTED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({*_WORKING, Permission.DECIDE_GOODS}),
    Role.FINANCE: frozenset({*_WORKING, Permission.DECIDE_MONEY, Permission.READ_AUDIT}),
    Role.ADMIN: frozenset(Permission),
}
ROLE_DESCRIPTIONS = {
    Role.VIEWER: "sees the status of everything; changes nothing and sees no payloads",
    Role.OPERATOR: "works on exceptions and decides about goods and listings",
    Role.FINANCE: "works on exceptions, decides about money, reads the audit log",
    Role.ADMIN: "may do everything, and manages users",
}


_OF_MONEY = frozenset({Playbook.MAP_TAX, Playbook.MAP_PAYMENT})
_OF_GOODS = frozenset({Playbook.MAP_SKU, Playbook.VOID_DUPLICATE, Playbook.RESTOCK_BY_HAND})
_OF_THE_OWNER = frozenset({Playbook.ACCEPT, Playbook.RELEASE, Playbook.CORRECT})


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` grants `permission`."""
    return permission in GRANTED[role]


def permission_to_decide(owner: Owner) -> Permission:
    """The permission to accept an exception of `owner`."""
    return Permission.DECIDE_MONEY if owner is Owner.FINANCE else Permission.DECIDE_GOODS


def permission_to_run(playbook: Playbook, owner: Owner) -> Permission:
    """The permission to run a playbook on an exception of `owner`."""
    if playbook in _OF_MONEY:
        return Permission.DECIDE_MONEY
    if playbook in _OF_GOODS:
        return Permission.DECIDE_GOODS
    return permission_to_decide(owner) if playbook in _OF_THE_OWNER else Permission.WORK
