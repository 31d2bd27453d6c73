"""The words that stories of exceptions are told in. `stories.py` lists them, `playing.py` plays them.

A story belongs to one kind of the catalogue and says, in the order in which it happens:

    setting     between which twins, under which design; stories of one setting share one rig, console and browser
    cause       what people or platforms do, through the twins; answers the key of the object: mostly an order number
    later       what happens once the first reading is over, for stories about orders that crossed before (optional)
    found_by    the reading that finds it: names of flows, or a function that runs what is needed
    title, owner, money, field, value
                what a person reads on the exception's page; `{key}` stands for the key
    mended      what is put right outside of Weighbridge: in Cin7, at the shop, in the file (optional)
    act         the safe action: which, by whom, with which answers and reason, and a part of its preview
    proven_by   the reading after which it must be closed
    proof       a part of what the page then says beside the object
    ends        what is looked at in the platforms at the end

All stories of a setting are played at once: first every cause, then each reading one time, then the later turns with
each reading again; then people come, look at every exception and act; then each closing reading one time; then people
come again. So a story must not lie in another's way: it has orders and SKUs of its own, and whatever it changes of a
whole platform (tax classes, switches) it puts back before its `cause` ends. Stories that cannot share get a setting of
their own; it costs about three seconds.

To add a story, write it into the module of its area (`orders.py`, `money.py`, ...), as one more entry of its `STORIES`;
a new module is named in `stories.py`. A kind may have several, each with a `name` of its own. Some stories are
`everyday` and run with `make test`; all run with `make kinds`. Play one with

    make kinds ARGS="-k sku_blank"

A kind that only leaves a note on its object and asks nobody has a `Noted` story instead. A kind without a story fails
`test_kinds.py`; if nothing between the twins can bring it about, ask whether the product still needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.harness import ORDERS, Rig
from weighbridge.domain.exceptions.kinds import Remedy
from weighbridge.domain.findings.finding import FindingKind

Reading = tuple[str, ...] | Callable[[Rig], None]
"""Flows that run one time, in order, until no order or refund waits; or whatever else has to be run."""
Told = str | Callable[[Rig, str], str]
"""Words of a story; a function of the rig and the key where only the twins know them."""
OPERATOR, FINANCE = "otto", "fina"
"""People of the house, see `tests/web/installation.py`."""
POSTED = "read back as SO-"
"""How the proof of a sale begins."""
NOT_FOUND = "the next reading does not find it any more"
"""The proof of what only a reading of everything finds."""


@dataclass(frozen=True)
class Setting:
    """Two twins and the product between them, under one design."""

    name: str
    opened: Callable[[Path], AbstractContextManager[Rig]]
    begins: Callable[[Rig], None] = lambda trial: None
    """What is there before anything of the stories happens."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """A safe action, as a person does it on the pages."""

    remedy: Remedy
    by: str
    told: Mapping[str, str] = field(default_factory=dict)
    """What the page asks for, by the names of its fields."""
    reason: str = ""
    reads: str
    """A part of what the page says would happen."""
    not_by: str = ""
    """Somebody whose role leaves this to others."""


def nothing(trial: Rig, key: str) -> None:
    """Nobody does anything."""


def order_total(trial: Rig, key: str) -> str:
    """What the order comes to at the shop, as pages write it."""
    order = trial.order(int(key))
    return f"{order['total_inc_tax']:,.2f} {order['currency_code']}"


@dataclass(frozen=True, kw_only=True)
class Story:
    """An exception from its cause to its proof."""

    kind: FindingKind
    setting: Setting
    cause: Callable[[Rig], str]
    later: Callable[[Rig, str], None] | None = None
    found_by: Reading = ORDERS
    title: str
    owner: str
    money: Told = order_total
    """Read on the page as money at risk; `none` where nobody knows of any."""
    field: Told
    value: Told
    mended: Callable[[Rig, str], Any] = nothing
    act: Act
    proven_by: Reading = ORDERS
    proof: str
    ends: Callable[[Rig, str], Any]
    name: str = ""
    everyday: bool = False


@dataclass(frozen=True, kw_only=True)
class Noted:
    """A note that stands on the page of its order, opens no exception and asks nobody."""

    kind: FindingKind
    setting: Setting
    cause: Callable[[Rig], str]
    found_by: Reading = ORDERS
    owner: str
    field: str
    value: str
    ends: Callable[[Rig, str], Any]
    name: str = ""
    everyday: bool = False


def said(words: Told, trial: Rig, key: str) -> str:
    """`words` of a story about the object with this key."""
    return words.replace("{key}", key) if isinstance(words, str) else words(trial, key)


# What happens at the shop, and what is looked at in Cin7, in so many stories that it has a word.


def order(**changes: Any) -> Callable[[Rig], str]:
    """A shopper places an order that differs from an ordinary one by `changes`, see `Rig.place`."""
    return lambda trial: str(trial.place(**changes))


def orders_misread(**corruption: Any) -> Callable[[Rig], str]:
    """An ordinary order that the shop shows otherwise than it is; `shown_right` ends that."""

    def cause(trial: Rig) -> str:
        order_id = trial.place()
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, **corruption})
        return str(order_id)

    return cause


def shown_right(trial: Rig, key: str) -> None:
    """The shop shows the order as it is."""
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": int(key)})


def edited(trial: Rig, key: str, **changes: Any) -> None:
    """Staff edit the order at the shop."""
    trial.twins.act("bigcommerce", "edit_order", {"order_id": int(key), **changes})


def line_id(trial: Rig, key: str, position: int) -> int:
    """The shop's number of a line of the order."""
    return int(trial.twins.run(lambda: trial.twins.bigcommerce.shop.orders[int(key)].products[position]["id"]))


def one_sale(trial: Rig, key: str) -> dict[str, Any]:
    """Cin7 has one live sale of the order, authorised, equal to it to the cent."""
    return trial.assert_one_sale(int(key))


def no_sale(trial: Rig, key: str) -> None:
    """Cin7 has no live sale of the order."""
    assert trial.sales(int(key)) == []


def one_sale_of(sku: str, units: int) -> Callable[[Rig, str], None]:
    """The order's one sale, with this as one of its lines."""

    def ends(trial: Rig, key: str) -> None:
        lines = one_sale(trial, key)["order"]["Lines"]
        assert (sku, Decimal(units)) in [(line["SKU"], Decimal(str(line["Quantity"]))) for line in lines]

    return ends


def in_cin7(**product: Any) -> Callable[[Rig, str], None]:
    """Somebody makes the product in Cin7, or changes it."""

    def mended(trial: Rig, key: str) -> None:
        stock = [{"sku": product["sku"], "on_hand": 20}]
        trial.twins.act("cin7", "seed", {"products": [product], "stock": stock})

    return mended
