"""Who may do what. A role is a set of permissions; there is no other way to a permission."""

from __future__ import annotations

from enum import StrEnum

from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import Owner


class Role(StrEnum):
    """What a user is to the installation."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    FINANCE = "finance"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that a page or an address of the API asks for."""

    READ = "read"
    """See where everything stands."""
    READ_PAYLOADS = "read_payloads"
    """See the exact bytes that were sent and answered; they hold names and addresses of shoppers."""
    WORK = "work"
    """Assign, comment, snooze, tag and reopen exceptions, and ask for another look."""
    DECIDE_GOODS = "decide_goods"
    """Accept what operations or ecommerce owns as it is."""
    DECIDE_MONEY = "decide_money"
    """Accept what finance owns as it is."""
    READ_AUDIT = "read_audit"
    """See who did what."""
    MANAGE_USERS = "manage_users"
    """Add, change and lock users."""


_WORKING = {Permission.READ, Permission.READ_PAYLOADS, Permission.WORK}
GRANTED: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({*_WORKING, Permission.DECIDE_GOODS}),
    Role.FINANCE: frozenset({*_WORKING, Permission.DECIDE_MONEY, Permission.READ_AUDIT}),
    Role.ADMIN: frozenset(Permission),
}
ROLE_WORDS = {
    Role.VIEWER: "sees where everything stands; changes nothing and sees no payloads",
    Role.OPERATOR: "works on exceptions and decides about goods and listings",
    Role.FINANCE: "works on exceptions, decides about money, reads the audit log",
    Role.ADMIN: "may do everything, and manages users",
}


_OF_MONEY = frozenset({Remedy.MAP_TAX, Remedy.MAP_PAYMENT})
_OF_GOODS = frozenset({Remedy.MAP_SKU, Remedy.VOID_DUPLICATE, Remedy.RESTOCK_BY_HAND})
_OF_THE_OWNER = frozenset({Remedy.ACCEPT, Remedy.RELEASE, Remedy.CORRECT})


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` grants `permission`."""
    return permission in GRANTED[role]


def to_decide(owner: Owner) -> Permission:
    """What is needed to accept something of `owner` as it is."""
    return Permission.DECIDE_MONEY if owner is Owner.FINANCE else Permission.DECIDE_GOODS


def to_run(remedy: Remedy, owner: Owner) -> Permission:
    """What is needed to run a playbook on an exception of `owner`."""
    if remedy in _OF_MONEY:
        return Permission.DECIDE_MONEY
    if remedy in _OF_GOODS:
        return Permission.DECIDE_GOODS
    return to_decide(owner) if remedy in _OF_THE_OWNER else Permission.WORK
