"""Owners: who resolves an exception of which kind, and who is notified once its deadline has passed.

The design's `owners` and `backups` come first, then the defaults. The table of default owners is `OWNER_OF` in
`domain/findings/finding.py`, because every finding names its owner as soon as a check makes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from weighbridge.domain.findings.finding import OWNER_OF, FindingKind, Owner, default_owner

__all__ = ["BACKUP", "OWNER_OF", "Owner", "default_owner", "owner_of"]

BACKUP: Mapping[Owner, Owner] = {
    Owner.FINANCE: Owner.OPERATIONS,
    Owner.OPERATIONS: Owner.ECOMMERCE,
    Owner.ECOMMERCE: Owner.OPERATIONS,
}
"""Who is notified too when an exception of this owner is overdue, unless the design names another backup."""


def owner_of(kind: FindingKind, owners: Mapping[FindingKind, Owner]) -> Owner:
    """Who resolves exceptions of `kind`: the owner that the design names in `owners`, otherwise the default owner."""
    return owners.get(kind, default_owner(kind))
