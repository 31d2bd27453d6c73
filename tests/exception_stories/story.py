"""The parts of an exception story. `stories.py` lists the stories, `player.py` plays them.

A story belongs to one kind of the catalogue and has these parts, in the order in which they happen:

    setting     the twins and the design; stories of one setting share one harness, console and browser
    cause       the action of people or platforms, through the twins; returns the key of the object, mostly an order id
    later       an action after the first run of the flows, for stories about orders that are posted first (optional)
    found_by    the run that finds the problem: names of flows, or a function
    title, owner, money, field, value
                the texts on the exception's page; `{key}` stands for the key
    fix         the correction outside of Weighbridge: in Cin7, in the store or in the file (optional)
    action      the safe action: the playbook, its user, inputs and reason, and a part of its preview
    proven_by   the run after which the exception must be closed
    proof       a part of the proof on the exception's page
    ends        the checks of both platforms at the end

All stories of a setting are played together: first every cause, then each run once, then every `later` and each run
again; then the users open every exception and act; then each run of `proven_by` once; then the users check the proofs.
Stories of a setting must therefore be independent: a story uses separate orders and SKUs, and reverts its changes to a
whole platform (tax classes, switches) before its `cause` returns. Stories that cannot share a setting get a separate
one, which costs about three seconds.

To add a story, add an entry to `STORIES` in the module of its area (`orders.py`, `money.py`, ...); `stories.py` lists
the modules. A kind may have several stories, each with a `name`. Stories marked `everyday` run with `make test`; all
run with `make kinds`. To play one:

    make kinds ARGS="-k sku_blank"

A kind that only adds a note to its object has a `Noted` story. A kind without a story fails
`test_exception_stories.py`; if no action on the twins can cause it, ask whether the product still needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.harness import ORDERS, Harness
from weighbridge.domain.exceptions.kinds import Playbook
from weighbridge.domain.findings.kind import FindingKind

FlowRun = tuple[str, ...] | Callable[[Harness], None]
"""Flows that run once, in order, until no order or refund waits; or a function that runs something else."""
StoryText = str | Callable[[Harness, str], str]
"""A text of a story; a function of the harness and the key where only the twins know it."""
OPERATOR, FINANCE = "otto", "fina"
"""Users of the installation, see `tests/web/installation.py`."""
POSTED = "read back as SO-"
"""The beginning of a sale's proof."""
NOT_FOUND = "the next reading does not find it any more"
"""The proof for findings of runs that read all objects."""


@dataclass(frozen=True)
class Setting:
    """Two twins and the product between them, with one design."""

    name: str
    opened: Callable[[Path], AbstractContextManager[Harness]]
    begins: Callable[[Harness], None] = lambda trial: None
    """Prepares the twins before the first cause."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """A safe action, as a user takes it in the console."""

    playbook: Playbook
    user: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    """The values of the page's fields, by name."""
    reason: str = ""
    preview_text: str
    """A part of the preview."""
    unauthorised_user: str = ""
    """A user whose role does not allow the action."""


def nothing(trial: Harness, key: str) -> None:
    """No correction outside of Weighbridge."""


def order_total(trial: Harness, key: str) -> str:
    """The total of the order in the store, as pages show it."""
    order = trial.order(int(key))
    return f"{order['total_inc_tax']:,.2f} {order['currency_code']}"


@dataclass(frozen=True, kw_only=True)
class Story:
    """An exception from its cause to its proof."""

    kind: FindingKind
    setting: Setting
    cause: Callable[[Harness], str]
    later: Callable[[Harness, str], None] | None = None
    found_by: FlowRun = ORDERS
    title: str
    owner: str
    money: StoryText = order_total
    """The amount at risk on the page; `none` where it is not known."""
    field: StoryText
    value: StoryText
    fix: Callable[[Harness, str], Any] = nothing
    action: Action
    proven_by: FlowRun = ORDERS
    proof: str
    ends: Callable[[Harness, str], Any]
    name: str = ""
    everyday: bool = False


@dataclass(frozen=True, kw_only=True)
class Noted:
    """A note on the page of its order that opens no exception."""

    kind: FindingKind
    setting: Setting
    cause: Callable[[Harness], str]
    found_by: FlowRun = ORDERS
    owner: str
    field: str
    value: str
    ends: Callable[[Harness, str], Any]
    name: str = ""
    everyday: bool = False


def render_text(text: StoryText, trial: Harness, key: str) -> str:
    """The text of a story about the object with this key."""
    return text.replace("{key}", key) if isinstance(text, str) else text(trial, key)


# Causes in the store and checks in Cin7 that many stories use.


def order(**changes: Any) -> Callable[[Harness], str]:
    """A shopper places an order that differs from an ordinary one by `changes`, see `Harness.place`."""
    return lambda trial: str(trial.place(**changes))


def orders_misread(**corruption: Any) -> Callable[[Harness], str]:
    """An ordinary order that the store returns with wrong data, until `corruption_cleared`."""

    def cause(trial: Harness) -> str:
        order_id = trial.place()
        trial.twins.act("bigcommerce", "corrupt_order", {"order_id": order_id, **corruption})
        return str(order_id)

    return cause


def corruption_cleared(trial: Harness, key: str) -> None:
    """The store returns the true data of the order again."""
    trial.twins.act("bigcommerce", "corrupt_order", {"order_id": int(key)})


def edited(trial: Harness, key: str, **changes: Any) -> None:
    """Staff edit the order in the store."""
    trial.twins.act("bigcommerce", "edit_order", {"order_id": int(key), **changes})


def line_id(trial: Harness, key: str, position: int) -> int:
    """The store's id of a line of the order."""
    return int(trial.twins.run(lambda: trial.twins.bigcommerce.store.orders[int(key)].products[position]["id"]))


def one_sale(trial: Harness, key: str) -> dict[str, Any]:
    """Cin7 has one live sale of the order, authorised and equal to the order to the cent."""
    return trial.assert_one_sale(int(key))


def no_sale(trial: Harness, key: str) -> None:
    """Cin7 has no live sale of the order."""
    assert trial.sales(int(key)) == []


def one_sale_of(sku: str, units: int) -> Callable[[Harness, str], None]:
    """The order has one sale, and one of its lines has this SKU and quantity."""

    def ends(trial: Harness, key: str) -> None:
        lines = one_sale(trial, key)["order"]["Lines"]
        assert (sku, Decimal(units)) in [(line["SKU"], Decimal(str(line["Quantity"]))) for line in lines]

    return ends


def in_cin7(**product: Any) -> Callable[[Harness, str], None]:
    """Staff create the product in Cin7, or change it."""

    def fix(trial: Harness, key: str) -> None:
        stock = [{"sku": product["sku"], "on_hand": 20}]
        trial.twins.act("cin7", "seed", {"products": [product], "stock": stock})

    return fix
