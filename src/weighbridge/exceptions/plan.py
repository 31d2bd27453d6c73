"""The plan of a playbook before it runs: arguments, effect, affected objects, and whether it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.domain.exceptions.kinds import Playbook


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a playbook that a user supplies."""

    name: str
    meaning: str
    needed: bool = True


ARGUMENTS: Mapping[Playbook, tuple[Argument, ...]] = {
    Playbook.MAP_TAX: (Argument("rule", "Cin7 tax rule for sales, by its name"),),
    Playbook.MAP_PAYMENT: (
        Argument("account", "Cin7 account code that receives it"),
        Argument("tender", "tender method, gateway or payment method; by default the gateway of the finding", False),
    ),
    Playbook.MAP_SKU: (Argument("sku", "SKU in Cin7 that orders of this one are for"),),
    Playbook.CORRECT: (
        Argument("key", "order number", False),
        Argument("field", "field of the order, such as lines[0].sku; by default the field of the finding", False),
        Argument("value", "the correct value"),
    ),
    Playbook.RESTOCK_BY_HAND: (Argument("document", "number of the Cin7 document that put the goods back"),),
}
"""Arguments of each playbook; a playbook that is not listed has none."""

UNDOABLE = frozenset({Playbook.MAP_TAX, Playbook.MAP_PAYMENT, Playbook.MAP_SKU, Playbook.CORRECT, Playbook.RELEASE})
"""Playbooks that can be undone, except for what was already posted because of them."""
NEED_A_REASON = UNDOABLE | {Playbook.ACCEPT, Playbook.RESTOCK_BY_HAND}
"""Playbooks that change rules or decisions and therefore need a reason."""
LONGEST_ARGUMENT = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """The preview of a playbook on one exception; nothing has happened yet."""

    playbook: Playbook
    lines: tuple[str, ...]
    """What the playbook will do, one sentence each."""
    transfer_ids: tuple[str, ...]
    """Transfers that the playbook affects."""
    change: Mapping[str, Any]
    """What the playbook would store, by kind of record."""
    problem: str = ""
    """Why the playbook cannot run; empty if it can."""

    @property
    def can_be_undone(self) -> bool:
        return self.playbook in UNDOABLE


def missing_argument(playbook: Playbook, arguments: Mapping[str, str]) -> str:
    """Which argument is missing, unknown or too long; empty if the arguments are complete."""
    known = {argument.name: argument for argument in ARGUMENTS.get(playbook, ())}
    unknown = sorted(arguments.keys() - known.keys())
    if unknown:
        takes = ", ".join(known) or "nothing"
        return f"{playbook} does not take {unknown[0]!r}; it takes {takes}"
    for argument in known.values():
        value = arguments.get(argument.name, "").strip()
        if argument.needed and not value:
            return f"{playbook} needs {argument.name}: {argument.meaning}"
        if len(value) > LONGEST_ARGUMENT:
            return f"{argument.name} is {len(value)} characters long; expected at most {LONGEST_ARGUMENT}"
    return ""
