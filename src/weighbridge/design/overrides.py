"""The design as people agreed to change it while Weighbridge runs, laid over the file. The file itself stays theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from weighbridge.design.schema import Design

CHANGEABLE = (
    "tax.rules", "payments.accounts", "skus", "owners", "backups", "deadlines", "autonomy", "retry.schedules",
)  # fmt: skip
"""Tables of the design whose entries may be changed while it runs; all else is changed in the file."""


@dataclass(frozen=True, slots=True)
class DesignChange:
    """One entry of one table of the design, as it is to be."""

    setting: str
    """Dotted name of the table, one of CHANGEABLE."""
    key: str
    value: Any


class UnusableChange(ValueError):
    """A change that would make the design unusable; its text says why."""


def overridden(design: Design, changes: Iterable[DesignChange]) -> Design:
    """`design` with `changes` laid over it, in their order. Raises UnusableChange."""
    wanted = list(changes)
    if not wanted:
        return design
    content = design.model_dump()
    for one in wanted:
        if one.setting not in CHANGEABLE:
            raise UnusableChange(f"{one.setting} is changed in the file; here only {', '.join(CHANGEABLE)}")
        table = content
        for part in one.setting.split("."):
            table = table[part]
        table[_key(one)] = one.value
    try:
        return Design.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnusableChange(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def entry_of(design: Design, setting: str, key: str) -> Any:
    """What `design` has under `key` of the table `setting`, as JSON; None when it has nothing there."""
    table: Any = design.model_dump(mode="json")
    for part in setting.split("."):
        table = table[part]
    return table.get(key.lower() if setting == "payments.accounts" else key)


def _key(change: DesignChange) -> str:
    return change.key.lower() if change.setting == "payments.accounts" else change.key
