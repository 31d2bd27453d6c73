"""What an exception is, by its kind: plain words, urgency, deadline, safe actions, and the proof that closes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from weighbridge.domain.findings.finding import FindingKind, Owner


class Urgency(IntEnum):
    """How soon somebody must act, whatever the money is."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    CRITICAL = 4


class Grouping(StrEnum):
    """What makes two findings of one kind the same cause."""

    VALUE = "value"
    """The value that was found: one unknown SKU is one exception, however many orders have it."""
    PLACE = "place"
    """Field and value, whatever line of the order it stood on."""
    MESSAGE = "message"
    """What was said, without its numbers and ids."""
    OBJECT = "object"
    """The object itself: each stands alone."""
    CONNECTION = "connection"
    """All of the connection together."""


class Remedy(StrEnum):
    """The safe actions, by the names of their playbooks."""

    RETRY = "retry"
    """Look at every object of the exception again, now."""
    REPLAY = "replay"
    """Send again exactly what is stored, without reading the order anew."""
    CORRECT = "correct"
    """Correct a text of one order and try again; both versions are kept."""
    RELEASE = "release"
    """Let the objects pass although this finding stands, on a named person's word."""
    MAP_TAX = "map_tax"
    """Name the Cin7 tax rule of a tax of the shop."""
    MAP_PAYMENT = "map_payment"
    """Name the Cin7 account that receives a tender."""
    MAP_SKU = "map_sku"
    """Name the Cin7 SKU that orders of a shop's SKU are for."""
    VOID_DUPLICATE = "void_duplicate"
    """Void the sales of an order beyond its own."""
    PUSH_STOCK = "push_stock"
    """Read the stock and tell the shop every level again."""
    RESTOCK_BY_HAND = "restock_by_hand"
    """State that people put the goods back in Cin7, with the document that did it."""
    ACCEPT = "accept"
    """Leave it as it is, on a named person's word; nothing is written."""


class Autonomy(StrEnum):
    """How far remedies of a kind go by themselves."""

    WATCH = "watch"
    """The exception is shown; nothing is proposed."""
    SUGGEST = "suggest"
    """The first safe action is proposed with its preview; people start it."""
    APPROVE = "approve"
    """The first safe action is prepared; it runs once a person has approved it."""
    ACT = "act"
    """The first safe action runs by itself."""


_PATH = re.compile(r"[a-z_0-9]+(\[\d+\])?(\.[a-z_0-9]+(\[\d+\])?)*")
_ABBREVIATIONS = {"sku": "SKU", "id": "number"}


def in_words(field: str) -> str:
    """The place of a finding as people say it: `lines[0].sku` is "line 1, SKU", `sale.TEA` is "TEA", and
    `charges.handling` is "handling".

    What is no path of a payload stays as it is, and so does a setting of the design.
    """
    if field.startswith("sale."):
        return field.removeprefix("sale.")
    if field.startswith("design.") or not _PATH.fullmatch(field):
        return field
    parts = []
    for segment in field.removeprefix("order.").removeprefix("charges.").split("."):
        name, _, place = segment.partition("[")
        words = " ".join(_ABBREVIATIONS.get(word, word) for word in name.split("_"))
        if place:
            single = words.removesuffix("es") if words.endswith("sses") else words.removesuffix("s")
            words = f"{single} {int(place[:-1]) + 1}"
        parts.append(words)
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """One entry of the catalogue."""

    kind: FindingKind
    title: str
    """One line in plain words; `{value}`, `{field}`, `{key}` and `{order}` are filled in from what was found."""
    cause: str
    """Why such a thing happens."""
    blocks: str
    """What stands still, or goes wrong, until it is resolved."""
    advice: str
    """What the owner does, in the order of likelihood."""
    proof: str
    """What must be seen before it is closed."""
    urgency: Urgency
    within: timedelta
    """How long after it was opened it should be resolved."""
    grouping: Grouping
    remedies: tuple[Remedy, ...]
    from_note: bool = False
    """Whether it is opened although the object passed."""
    only_noted: bool = False
    """Whether it asks nobody for anything: it stands on the page of its object and opens no exception."""

    def told(self, field: str, value: str, key: str) -> str:
        """The title of one exception, filled in and at most 200 characters."""
        order = key.partition(":")[0]
        words = {"{field}": in_words(field), "{value}": value or "empty", "{key}": key, "{order}": order}
        text = self.title
        for name, word in words.items():
            text = text.replace(name, word)
        return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 3]}..."


LONGEST_TITLE = 200

BACKUP: dict[Owner, Owner] = {
    Owner.FINANCE: Owner.OPERATIONS,
    Owner.OPERATIONS: Owner.ECOMMERCE,
    Owner.ECOMMERCE: Owner.OPERATIONS,
}
"""Who stands in for an owner who is away, unless the design says otherwise."""

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
"""Usual deadlines."""

POSTED = "its sale in Cin7 is posted, and the total read back there equals the order's to the cent"
CREDITED = "its credit note in Cin7 is posted, and the total read back there equals the refund's to the cent"
NOT_FOUND_AGAIN = "the next full reading does not find it any more"
PERSONS_WORD = "a named person's word with a reason"
NEXT_TRY = "the object came through its next try"
