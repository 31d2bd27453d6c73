"""A playbook before it runs: what it needs to know, what it would do, to how many, and whether it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weighbridge.domain.exceptions.kinds import Remedy


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that a person tells a playbook."""

    name: str
    meaning: str
    needed: bool = True


ARGUMENTS: Mapping[Remedy, tuple[Argument, ...]] = {
    Remedy.MAP_TAX: (Argument("rule", "Cin7 tax rule for sales, by its name"),),
    Remedy.MAP_PAYMENT: (
        Argument("account", "Cin7 account code that receives it"),
        Argument("tender", "tender method, gateway or payment method; without it the gateway that was found", False),
    ),
    Remedy.MAP_SKU: (Argument("sku", "SKU in Cin7 that orders of this one are for"),),
    Remedy.CORRECT: (
        Argument("key", "order number", False),
        Argument("field", "place in the order, such as lines[0].sku; without it the one that was found", False),
        Argument("value", "what it should be"),
    ),
    Remedy.RESTOCK_BY_HAND: (Argument("document", "number of the Cin7 document that put the goods back"),),
}
"""What each playbook asks for; those not named ask for nothing."""

UNDOABLE = frozenset({Remedy.MAP_TAX, Remedy.MAP_PAYMENT, Remedy.MAP_SKU, Remedy.CORRECT, Remedy.RELEASE})
"""Playbooks whose doing can be taken back, as far as nothing was posted by it yet."""
NEED_A_REASON = UNDOABLE | {Remedy.ACCEPT, Remedy.RESTOCK_BY_HAND}
"""Playbooks that change what counts, so a person says why."""
LONGEST_ARGUMENT = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """The preview of a playbook on one exception; nothing has happened yet."""

    remedy: Remedy
    lines: tuple[str, ...]
    """What will happen, each line a sentence."""
    transfer_ids: tuple[str, ...]
    """Whose objects it is meant to bring on."""
    change: Mapping[str, Any]
    """What it would store, by kind of record."""
    problem: str = ""
    """Why it cannot run; empty when it can."""

    @property
    def can_be_undone(self) -> bool:
        return self.remedy in UNDOABLE


def missing_argument(remedy: Remedy, arguments: Mapping[str, str]) -> str:
    """What a person has still to tell; empty when nothing is missing, unknown or too long."""
    known = {one.name: one for one in ARGUMENTS.get(remedy, ())}
    strange = sorted(arguments.keys() - known.keys())
    if strange:
        takes = ", ".join(known) or "nothing"
        return f"{remedy} does not take {strange[0]!r}; it takes {takes}"
    for one in known.values():
        told = arguments.get(one.name, "").strip()
        if one.needed and not told:
            return f"{remedy} needs {one.name}: {one.meaning}"
        if len(told) > LONGEST_ARGUMENT:
            return f"{one.name} has at most {LONGEST_ARGUMENT} characters"
    return ""
