"""Overrides: changes of the design that users make while Weighbridge runs, applied on top of the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from weighbridge.design.schema import Design

CHANGEABLE = (
    "tax.rules", "payments.accounts", "skus", "owners", "backups", "deadlines", "autonomy", "retry.schedules",
)  # fmt: skip
"""Tables of the design whose entries may be changed at run time; everything else is changed in the file."""


@dataclass(frozen=True, slots=True)
class DesignChange:
    """One new entry of one table of the design."""

    setting: str
    """Dotted name of the table, one of CHANGEABLE."""
    key: str
    value: Any


class UnusableChange(ValueError):
    """A change that would make the design invalid; the message says why."""


def overridden(design: Design, changes: Iterable[DesignChange]) -> Design:
    """`design` with `changes` applied in their order. Raises UnusableChange."""
    ordered = list(changes)
    if not ordered:
        return design
    content = design.model_dump()
    for change in ordered:
        if change.setting not in CHANGEABLE:
            raise UnusableChange(
                f"{change.setting} can only be changed in the file; expected one of {', '.join(CHANGEABLE)}"
            )
        table = content
        for name in change.setting.split("."):
            table = table[name]
        table[_key(change)] = change.value
    try:
        return Design.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnusableChange(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def entry_of(design: Design, setting: str, key: str) -> Any:
    """The entry of `design` under `key` of the table `setting`, as JSON; None when there is none."""
    table: Any = design.model_dump(mode="json")
    for name in setting.split("."):
        table = table[name]
    return table.get(key.lower() if setting == "payments.accounts" else key)


def _key(change: DesignChange) -> str:
    return change.key.lower() if change.setting == "payments.accounts" else change.key
