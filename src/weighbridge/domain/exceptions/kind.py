"""Kinds of exceptions: title, cause, urgency, deadline, safe actions, and the proof that closes an exception."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from weighbridge.domain.findings.kind import FindingKind


class Urgency(IntEnum):
    """How soon the owner must act, whatever the amount at risk."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    CRITICAL = 4


class Grouping(StrEnum):
    """What makes two findings of one kind the same cause."""

    VALUE = "value"
    """The value found: one unknown SKU is one exception, however many orders have it."""
    FIELD = "field"
    """Field and value, on whichever line of the order."""
    MESSAGE = "message"
    """The message, without its numbers and ids."""
    OBJECT = "object"
    """The object: each has its own exception."""
    CONNECTION = "connection"
    """The connection: one exception for all its objects."""


class Playbook(StrEnum):
    """The safe actions, by the names of their playbooks."""

    RETRY = "retry"
    """Re-check every object of the exception now."""
    REPLAY = "replay"
    """Send the stored documents again, without reading the order again."""
    CORRECT = "correct"
    """Correct a text of one order and retry; both versions are kept."""
    RELEASE = "release"
    """Let the objects pass despite this finding; a named person signs off."""
    MAP_TAX = "map_tax"
    """Map a tax of the store to its Cin7 tax rule."""
    MAP_PAYMENT = "map_payment"
    """Map a payment method to the Cin7 account that receives it."""
    MAP_SKU = "map_sku"
    """Map a SKU of the store to its SKU in Cin7."""
    VOID_DUPLICATE = "void_duplicate"
    """Void the second sale of an order."""
    PUSH_STOCK = "push_stock"
    """Read the stock and publish every level again."""
    RESTOCK_BY_HAND = "restock_by_hand"
    """State which document in Cin7 put the goods back into stock."""
    ACCEPT = "accept"
    """Leave it as it is; a named person signs off, and nothing is written."""


class Autonomy(StrEnum):
    """How far the first safe action of a kind goes automatically."""

    WATCH = "watch"
    """The exception is listed; no action is proposed."""
    SUGGEST = "suggest"
    """The first safe action is proposed with its preview; a person starts it."""
    APPROVE = "approve"
    """The first safe action is prepared; it runs after a person has approved it."""
    ACT = "act"
    """The first safe action runs automatically."""


_PATH = re.compile(r"[a-z_0-9]+(\[\d+\])?(\.[a-z_0-9]+(\[\d+\])?)*")
_ABBREVIATIONS = {"sku": "SKU", "id": "number"}
_INDEXED_BY_ID = frozenset({"transactions", "payments"})
"""Lists whose index in a field's path is the platform's id, not a position."""


def field_label(field: str) -> str:
    """The label of a finding's field: "line 1, SKU" for `lines[0].sku`, "TEA" for `sale.TEA`, and "handling" for
    `charges.handling`.

    A field that is not a path of a payload stays unchanged, and so does a setting of the design.
    """
    if field.startswith("sale."):
        return field.removeprefix("sale.")
    if field.startswith("design.") or not _PATH.fullmatch(field):
        return field
    labels = []
    for segment in field.removeprefix("order.").removeprefix("charges.").split("."):
        name, _, index = segment.partition("[")
        label = " ".join(_ABBREVIATIONS.get(word, word) for word in name.split("_"))
        if index:
            singular = label.removesuffix("es") if label.endswith("sses") else label.removesuffix("s")
            number = int(index[:-1])
            label = f"{singular} {number if name in _INDEXED_BY_ID else number + 1}"
        labels.append(label)
    return ", ".join(labels)


@dataclass(frozen=True, slots=True)
class ExceptionKind:
    """One entry of the catalogue."""

    kind: FindingKind
    title: str
    """One line; `{value}`, `{field}`, `{key}` and `{order}` are filled in from the finding."""
    cause: str
    """Why it happens."""
    blocks: str
    """What is stopped, or goes wrong, until it is resolved."""
    advice: str
    """What the owner does next, the most likely action first."""
    proof: str
    """What must be true before it is closed."""
    urgency: Urgency
    within: timedelta
    """The deadline, counted from when it was opened."""
    grouping: Grouping
    playbooks: tuple[Playbook, ...]
    from_note: bool = False
    """Whether a note opens it, although its object passed."""
    only_noted: bool = False
    """Whether it needs no action: it is listed on the page of its object and opens no exception."""

    def title_for(self, field: str, value: str, key: str) -> str:
        """The title of one exception, filled in and at most 200 characters."""
        order = key.partition(":")[0]
        values = {"{field}": field_label(field), "{value}": value or "empty", "{key}": key, "{order}": order}
        text = self.title
        for placeholder, label in values.items():
            text = text.replace(placeholder, label)
        return text if len(text) <= LONGEST_TITLE else f"{text[: LONGEST_TITLE - 3]}..."


LONGEST_TITLE = 200

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
"""Usual deadlines."""

POSTED = "the sale is posted in Cin7, and its total read back equals the order's total to the cent"
CREDITED = "the credit note is posted in Cin7, and its total read back equals the refund's total to the cent"
NOT_FOUND_ON_RECHECK = "the next full check no longer finds it"
USER_SIGN_OFF = "a named person accepts it and gives a reason"
NEXT_TRY = "the object passes its next try"
