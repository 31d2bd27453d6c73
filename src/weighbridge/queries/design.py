"""The effect of a design change: exceptions that it may resolve, orders posted before, and its preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from weighbridge.app.context import AppContext
from weighbridge.design.overrides import DesignChange, entry_of, overridden
from weighbridge.design.schema import Design, design_version
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.exceptions.filters import ExceptionFilter
from weighbridge.exceptions.records import ExceptionRecord
from weighbridge.persistence.tables.transfers import transfers
from weighbridge.queries.design_preview import CHANGES_SALES, FEW, DesignPreview, preview_design

MEANT_FOR: dict[str, tuple[FindingKind, ...]] = {
    "tax.rules": (FindingKind.TAX_UNMAPPED, FindingKind.TAX_RULE_MISSING),
    "payments.accounts": (FindingKind.PAYMENT_UNMAPPED,),
    "skus": (FindingKind.SKU_UNKNOWN, FindingKind.SKU_NEARLY_MATCHES, FindingKind.SKU_DIFFERS_IN_FORM),
}
"""The exceptions that a new entry of a table may resolve."""
COUNTED = 10_000
"""Orders that are counted at most: counting a million takes time, and a larger number decides nothing."""
BY_KIND = ("owners", "autonomy")
"""Tables whose entries are named after kinds of exceptions."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a change; nothing has happened yet."""

    before: Any
    """The present value of the entry; None if there is none."""
    version: str
    """Version of the changed design."""
    waiting: tuple[ExceptionRecord, ...]
    """Open exceptions about the same entry."""
    posted: int
    """Orders that were posted under the present version, counted up to `COUNTED`; they stay as they are."""
    preview: DesignPreview | None
    """The effect on stored orders; None for a table that does not change sales."""


async def effective_design(app: AppContext, connection: str) -> Design:
    """The design of a connection in force now. Raises LookupError."""
    if connection not in app.connections:
        raise LookupError(f"there is no connection {connection}")
    return await app.repositories.designs.effective(connection, app.connections[connection].design)


async def effect_of(app: AppContext, connection: str, change: DesignChange, most: int = FEW) -> Effect:
    """The effect of `change`, previewed on at most `most` held orders and as many posted ones.

    Raises UnusableChange, LookupError.
    """
    design = await effective_design(app, connection)
    changed = overridden(design, [change])
    kinds, text = MEANT_FOR.get(change.setting, ()), change.key
    if change.setting in BY_KIND and change.key in set(FindingKind):
        kinds, text = (FindingKind(change.key),), ""
    waiting: tuple[ExceptionRecord, ...] = ()
    if kinds:
        exception_filter = ExceptionFilter(connection=connection, kinds=kinds, text=text, snoozed=True)
        waiting = (await app.exception_queries.page(exception_filter, limit=20)).exception_records
    of = transfers.c
    posted = sa.select(sa.literal(1)).where(
        of.connection == connection, of.flow == "orders", of.state == "posted",
        of.design_version == design_version(design),
    )  # fmt: skip
    query = sa.select(sa.func.count()).select_from(posted.limit(COUNTED).subquery())
    async with app.database.reading() as reading:
        posted_count = int((await reading.execute(query)).scalar_one())
    changes_sales = change.setting in CHANGES_SALES
    return Effect(
        before=entry_of(design, change.setting, change.key),
        version=design_version(changed),
        waiting=waiting,
        posted=posted_count,
        preview=await preview_design(app, connection, design, changed, most) if changes_sales else None,
    )
