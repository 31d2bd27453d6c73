"""Rendering of pages: the templates, and the format of money, times, states and business names."""

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
from weighbridge.app.context import app_context_of
from weighbridge.domain.values.money import Money
from weighbridge.queries import labels
from weighbridge.web.console.auth import CurrentUser

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
"""Key after g, address, name, and the permission to see it."""
PARENT_SECTION = {"/refunds": "/orders", "/payloads": "/orders", "/storage": "/settings"}
"""Pages that belong to another section of the navigation."""
STATE_LABELS = {
    "new": "being evaluated",
    "waiting": "waiting for a retry",
    "posted": "posted",
    "held": "held",
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
    request: Request, template: str, current_user: CurrentUser | None, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """The page rendered from `template` with `context`."""
    app = app_context_of(request)
    now = app.clock.now()
    text = (
        templates()
        .get_template(template)
        .render(
            **context,
            current_user=current_user,
            section=section_of(request.url.path),
            navigation=[entry for entry in NAVIGATION if current_user is not None and current_user.may(entry[3])],
            connections=sorted(app.connections),
            several=len(app.connections) > 1,
            now=now,
            version=__version__,
            may=current_user.may if current_user is not None else lambda _permission: False,
            csrf=current_user.session.csrf if current_user is not None else "",
        )
    )
    return HTMLResponse(text, status_code=status)


def section_of(path: str) -> str:
    """The address of the navigation section that a page belongs to; the page's own if it belongs to none."""
    first = "/" + path.split("/")[1].partition("-")[0]
    return PARENT_SECTION.get(first, first)


@cache
def templates() -> Environment:
    """The templates. Values are escaped, and a missing value is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "money": format_money,
        "amount": format_amount,
        "bytes": format_bytes,
        "units": format_units,
        "price": format_price,
        "timestamp": format_timestamp,
        "age": format_age,
        "duration": format_duration,
        "plain": lambda name: str(name).replace("_", " "),
        "field": labels.label_of_field,
        "value_of": lambda value, field: labels.label_of_value(field, value),
        "flow": lambda flow: labels.label_of_flow(str(flow)),
        "business": labels.with_business_names,
        "state": lambda state: STATE_LABELS.get(str(state), str(state)),
        "tone": lambda state: STATE_TONES.get(str(state), "quiet"),
    }
    environment.globals |= {
        "asset": asset,
        "Permission": Permission,
        "object_label": labels.label_of_object,
        "event_text": labels.text_of_event,
    }
    return environment


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes with its content so that browsers may cache it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def format_money(money: Money | None) -> str:
    """Money with its currency, `1,234.50 USD`."""
    return "" if money is None else str(money)


def format_amount(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency; empty if one of them is not known."""
    return "" if amount is None or not currency else str(Money(amount, currency))


def format_bytes(number: int | None) -> str:
    """A size in the largest unit that gives at least one, in steps of 1000; empty when it is not known."""
    if number is None:
        return ""
    size, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:,.1f} {unit}"


def format_units(units: Decimal | int | None) -> str:
    """Units without trailing zeros."""
    if units is None:
        return ""
    text = f"{Decimal(units):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_price(price: Decimal | None) -> str:
    """A unit price with at least two decimals."""
    if price is None:
        return ""
    whole, _, cents = format_units(price).partition(".")
    return f"{whole}.{cents:0<2}"


def format_timestamp(timestamp: datetime | None, now: datetime) -> Markup:
    """A time in UTC: hours today, day and hours this year; the full time as a tooltip."""
    if timestamp is None:
        return Markup("")
    pattern = "%H:%M" if timestamp.date() == now.date() else "%d %b %H:%M" if timestamp.year == now.year else "%d %b %Y"
    full = f"{timestamp:%Y-%m-%d %H:%M:%S} UTC"
    short = escape(format(timestamp, pattern))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(timestamp.isoformat(), full, short)


def format_age(timestamp: datetime | None, now: datetime) -> Markup:
    """How long ago or how soon a time is: `3 h ago`, `in 2 days`."""
    if timestamp is None:
        return Markup("")
    text = f"{format_duration(now - timestamp)} ago" if timestamp <= now else f"in {format_duration(timestamp - now)}"
    full = f"{timestamp:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(timestamp.isoformat(), full, text)


def format_duration(duration: timedelta | float | None) -> str:
    """A duration in its largest unit."""
    if duration is None:
        return ""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"
