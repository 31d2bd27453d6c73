"""What a change of the design would mean, told from what is held now and what crossed before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from weighbridge.app.context import Office
from weighbridge.design.overrides import DesignChange, entry_of, overridden
from weighbridge.design.schema import Design, design_version
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.exceptions.filters import Wanted
from weighbridge.exceptions.records import Case
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.queries.design_preview import CHANGES_SALES, FEW, Redesign, redesign_of

MEANT_FOR: dict[str, tuple[FindingKind, ...]] = {
    "tax.rules": (FindingKind.TAX_UNMAPPED, FindingKind.TAX_RULE_MISSING),
    "payments.accounts": (FindingKind.PAYMENT_UNMAPPED,),
    "skus": (FindingKind.SKU_UNKNOWN, FindingKind.SKU_NEARLY_MATCHES, FindingKind.SKU_DIFFERS_IN_FORM),
}
"""The exceptions that a new entry of a table may resolve."""
COUNTED = 10_000
"""Orders that are counted at most: how many more there are changes nobody's mind, and counting a million takes time."""
BY_KIND = ("owners", "autonomy")
"""Tables whose entries are named after kinds of exceptions."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What would follow; nothing has happened yet."""

    before: Any
    """What stands there now; None when nothing does."""
    version: str
    """Of the design with the change."""
    waiting: tuple[Case, ...]
    """Open exceptions about the same thing."""
    crossed: int
    """Orders that were posted under the present version, counted up to `COUNTED`; they stay as they are."""
    tried: Redesign | None
    """What it would do to stored orders; None for a table that does not decide what a sale looks like."""


async def effective_design(office: Office, connection: str) -> Design:
    """The design of a connection as it counts now. Raises LookupError."""
    if connection not in office.connections:
        raise LookupError(f"there is no connection {connection}")
    return await office.journal.designs.effective(connection, office.connections[connection].design)


async def effect_of(office: Office, connection: str, change: DesignChange, most: int = FEW) -> Effect:
    """What `change` of the effective design would mean, tried on at most `most` orders that wait and as many that
    crossed. Raises UnusableChange, LookupError."""
    design = await effective_design(office, connection)
    changed = overridden(design, [change])
    kinds, words = MEANT_FOR.get(change.setting, ()), change.key
    if change.setting in BY_KIND and change.key in set(FindingKind):
        kinds, words = (FindingKind(change.key),), ""
    waiting: tuple[Case, ...] = ()
    if kinds:
        wanted = Wanted(connection=connection, kinds=kinds, words=words, snoozed=True)
        waiting = (await office.cases.page(wanted, limit=20)).cases
    of = transfers.c
    posted = sa.select(sa.literal(1)).where(
        of.connection == connection, of.flow == "orders", of.state == "posted",
        of.design_version == design_version(design),
    )  # fmt: skip
    query = sa.select(sa.func.count()).select_from(posted.limit(COUNTED).subquery())
    async with office.database.reading() as reading:
        crossed = int((await reading.execute(query)).scalar_one())
    decides = change.setting in CHANGES_SALES
    return Effect(
        before=entry_of(design, change.setting, change.key),
        version=design_version(changed),
        waiting=waiting,
        crossed=crossed,
        tried=await redesign_of(office, connection, design, changed, most) if decides else None,
    )
