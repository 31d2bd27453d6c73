"""Pages as text: templates, and how money, moments and states are written everywhere."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from weighbridge import __version__
from weighbridge.access.roles import Permission
from weighbridge.app.context import office_of
from weighbridge.domain.values.money import Money
from weighbridge.web.console.auth import Visitor

HERE = Path(__file__).parent
STATIC = HERE / "static"
NAVIGATION = (
    ("t", "/", "Today", Permission.READ),
    ("e", "/exceptions", "Exceptions", Permission.READ),
    ("o", "/orders", "Orders", Permission.READ),
    ("s", "/stock", "Stock", Permission.READ),
    ("f", "/flows", "Flows", Permission.READ),
    ("d", "/design", "Design", Permission.READ),
    ("r", "/reconciliation", "Reconciliation", Permission.READ),
    ("u", "/settings", "Settings", Permission.READ),
    ("a", "/audit", "Audit", Permission.READ_AUDIT),
)
"""Second key after g, address, name, and what it takes to see it."""
UNDER = {"/refunds": "/orders", "/payloads": "/orders"}
"""Pages that belong to another of the navigation."""
STATE_WORDS = {
    "new": "being weighed",
    "waiting": "tried again by itself",
    "posted": "posted",
    "held": "waits for a person",
    "rejected": "rejected",
    "not_captured": "not captured",
    "cancelled": "cancelled",
    "open": "open",
    "closed": "closed",
    "merged": "merged",
}
STATE_TONES = {
    "posted": "good",
    "closed": "good",
    "held": "bad",
    "rejected": "bad",
    "open": "bad",
    "waiting": "busy",
    "new": "busy",
}


def page(
    request: Request, template: str, visitor: Visitor | None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """The page that `template` makes of `context`."""
    office = office_of(request)
    now = office.clock.now()
    text = (
        templates()
        .get_template(template)
        .render(
            **context,
            visitor=visitor,
            section=section_of(request.url.path),
            navigation=[entry for entry in NAVIGATION if visitor is not None and visitor.may(entry[3])],
            connections=sorted(office.connections),
            several=len(office.connections) > 1,
            now=now,
            version=__version__,
            may=visitor.may if visitor is not None else lambda _permission: False,
            csrf=visitor.session.csrf if visitor is not None else "",
        )
    )
    return HTMLResponse(text, status_code=status)


def section_of(path: str) -> str:
    """The address in the navigation that a page belongs to; the page's own where it belongs to none."""
    first = "/" + path.split("/")[1].partition("-")[0]
    return UNDER.get(first, first)


@cache
def templates() -> Environment:
    """The templates; everything that is filled in is escaped, and what is missing is an error."""
    # Every name ends with .html, so all of them escape what they show.
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "money": written_money,
        "amount": written_amount,
        "units": written_units,
        "price": written_price,
        "moment": written_moment,
        "age": written_age,
        "span": written_span,
        "plain": lambda name: str(name).replace("_", " "),
        "state": lambda state: STATE_WORDS.get(str(state), str(state)),
        "tone": lambda state: STATE_TONES.get(str(state), "quiet"),
    }
    made.globals |= {"asset": asset, "Permission": Permission}
    return made


@cache
def asset(name: str) -> str:
    """The address of a file of ours, which changes with its content so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def written_money(money: Money | None) -> str:
    """Money with its currency, `1,234.50 USD`."""
    return "" if money is None else str(money)


def written_amount(amount: Decimal | None, currency: str) -> str:
    """An amount that may be unknown."""
    return "" if amount is None or not currency else str(Money(amount, currency))


def written_units(units: Decimal | int | None) -> str:
    """Units without zeros that say nothing."""
    if units is None:
        return ""
    text = f"{Decimal(units):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def written_price(price: Decimal | None) -> str:
    """A price for one unit: at least two decimals, and as many more as it has."""
    if price is None:
        return ""
    whole, _, cents = written_units(price).partition(".")
    return f"{whole}.{cents:0<2}"


def written_moment(moment: datetime | None, now: datetime) -> Markup:
    """A moment in UTC: the hour today, the day this year; the whole of it when pointed at."""
    if moment is None:
        return Markup("")
    pattern = "%H:%M" if moment.date() == now.date() else "%d %b %H:%M" if moment.year == now.year else "%d %b %Y"
    whole = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    short = escape(format(moment, pattern))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), whole, short)


def written_age(moment: datetime | None, now: datetime) -> Markup:
    """How long ago or how soon a moment is: `3 h ago`, `in 2 days`."""
    if moment is None:
        return Markup("")
    words = f"{written_span(now - moment)} ago" if moment <= now else f"in {written_span(moment - now)}"
    whole = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), whole, words)


def written_span(span: timedelta | float | None) -> str:
    """A length of time in its largest unit."""
    if span is None:
        return ""
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
