"""Missed orders: numbers between those we know, asked for one by one; what the shop knows of is looked at at once.

Orders that were placed before the first one was seen are none of ours: they were booked some other way.
Source: platform notes, bigcommerce 2.1 (a list that is paged while its key moves can skip rows).
"""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import FindingKind, hold
from weighbridge.domain.lanes import Lane
from weighbridge.domain.monitoring import missing_numbers
from weighbridge.domain.orders.order import OrderStatus
from weighbridge.flows.context import Site, running
from weighbridge.flows.discovery.sweeps import ORDER_SWEEP
from weighbridge.flows.orders import flow as orders
from weighbridge.monitors.monitor import Monitor, Seen
from weighbridge.platforms.http_exchange import NotFound

LOOK_BACK = timedelta(days=7)
ASKED = "missing_orders_asked"
MOST_ASKED = 1_000
"""Numbers without an order that are remembered, so that each is asked for once."""


async def _look(site: Site) -> Seen:
    journal = running().journal
    known = await journal.watching.order_numbers(site.name, running().clock.now() - LOOK_BACK)
    kept = await journal.references.read(site.name, ASKED)
    asked = [int(number) for number in kept[0]] if kept else []
    since = await journal.watching.listening_since(site.name)
    if since is None:
        return Seen()
    swept = await journal.watermarks.read(site.name, ORDER_SWEEP)
    found = {}
    gaps = missing_numbers(known, frozenset(asked))
    # Of two that were seen out of turn the higher number is forgotten first, and would look like a gap.
    seen_before = await journal.watching.known_orders(site.name, gaps)
    for number in (one for one in gaps if one not in seen_before):
        try:
            header = await site.shop.order(number, lane=Lane.RECONCILIATION)
        except NotFound:
            asked.append(number)
            continue
        if swept is None or header.date_modified >= swept:
            # The sweep has not come so far and will bring it; it is asked for again if it does not.
            continue
        if header.status_id == OrderStatus.INCOMPLETE or header.date_created < since:
            asked.append(number)
            continue
        await journal.agenda.look_again(site.name, orders.FLOW, str(number), "missed")
        expected = "an order that the shop's hook or list told of; it is looked at now"
        found[str(number)] = hold(FindingKind.ORDER_MISSED, "order", number, expected)
    await journal.references.keep(site.name, ASKED, asked[-MOST_ASKED:])
    return Seen(found)


MONITOR = Monitor("missed_order", "No number is missing among the orders we know.", FindingKind.ORDER_MISSED, _look)
