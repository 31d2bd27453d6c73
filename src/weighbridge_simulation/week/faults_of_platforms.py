"""Faults of the platforms and of the way between: refusals, silence, lost answers, hooks that lie."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from weighbridge.domain.findings.finding import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, Injected, Script
from weighbridge_simulation.week.scene import Scene

QUOTA = 60
SIXTH: timedelta = HOUR / 6
DAILY = DAY + 4 * HOUR
UNUSED_RULE, UNUSED_ACCOUNT = "Zero Rated", "610"
"""Named by the design, and needed by no order of the week."""


def tax_rule_switched_off(scene: Scene, fault: Injected) -> Script:
    scene.books.act("use_tax_rule", {"name": UNUSED_RULE, "active": False})
    fault.struck(scene.now(), UNUSED_RULE)
    yield HOUR


def account_archived(scene: Scene, fault: Injected) -> Script:
    scene.books.act("use_account", {"code": UNUSED_ACCOUNT, "active": False})
    fault.struck(scene.now(), UNUSED_ACCOUNT)
    yield HOUR


def token_revoked(scene: Scene, fault: Injected) -> Script:
    """Until somebody makes a new one, two hours later."""
    rule = scene.fault("bigcommerce", fault="error_before", status=401)
    fault.struck(scene.now(), "bigcommerce", "credentials_refused")
    yield 2 * HOUR
    scene.end_fault("bigcommerce", rule)


def quota_used_by_others(scene: Scene, fault: Injected) -> Script:
    fault.struck(scene.now(), "cin7", "throttled")
    for _ in range(12):
        scene.books.act("use_quota", {"calls": QUOTA})
        yield SIXTH


def down_for_hours(scene: Scene, fault: Injected) -> Script:
    """Where Cin7 takes one sale in, everything else answers."""
    order = scene.order()
    match = {"method": "POST", "path": "(?i)/v2/sale$", "contains": scene.key(order)}
    rule = scene.fault("cin7", fault="error_before", status=502, match=match)
    fault.struck(scene.now(), order)
    yield 10 * HOUR
    scene.end_fault("cin7", rule)


def checkout_down(scene: Scene, fault: Injected) -> Script:
    scene.open_checkout(False)
    fault.struck(scene.now(), "orders")
    yield DAY


def hooks_lost(scene: Scene, fault: Injected) -> Script:
    rules = {platform: scene.fault(platform, fault="hook_lost") for platform in ("bigcommerce", "cin7")}
    fault.struck(scene.now(), scene.order())
    yield 2 * HOUR
    for platform, rule in rules.items():
        scene.end_fault(platform, rule)


def hooks_switched_off(scene: Scene, fault: Injected) -> Script:
    for hook in scene.shop.shop.hooks.values():
        scene.shop.act("deactivate_hook", {"hook_id": hook["id"]})
    for number in list(scene.books.company.webhooks):
        scene.books.act("deactivate_hook", {"hook_id": number})
    fault.struck(scene.now(), scene.order())
    yield HOUR


def hooks_doubled(scene: Scene, fault: Injected) -> Script:
    rules = [
        scene.fault("bigcommerce", fault="hook_duplicate", copies=3),
        scene.fault("bigcommerce", fault="hook_reorder", seconds=1800),
    ]
    for _ in range(3):
        fault.struck(scene.now(), scene.order())
        yield HOUR
    for rule in rules:
        scene.end_fault("bigcommerce", rule)


def hooks_late(scene: Scene, fault: Injected) -> Script:
    rule = scene.fault("bigcommerce", fault="hook_late", seconds=7200)
    fault.struck(scene.now(), scene.order())
    yield 4 * HOUR
    scene.end_fault("bigcommerce", rule)


def lists_lag(scene: Scene, fault: Injected) -> Script:
    scene.switch("bigcommerce", delayed_visibility_seconds=900)
    scene.switch("cin7", delayed_visibility_seconds=60)
    fault.struck(scene.now(), scene.order())
    yield 5 * HOUR
    scene.switch("bigcommerce", delayed_visibility_seconds=0)
    scene.switch("cin7", delayed_visibility_seconds=0)


def _struck_on_the_way(fault_name: str, path: str, times: int = 1, platform: str = "cin7", **how: Any) -> Any:
    """A script in which the calls that write one order to a path are struck."""

    def script(scene: Scene, fault: Injected) -> Script:
        order = scene.order()
        match = {"method": "POST", "path": path}
        if path == HEADER:
            match["contains"] = scene.key(order)
        rule = scene.fault(platform, fault=fault_name, times=times, match=match, **how)
        fault.struck(scene.now(), order)
        yield 2 * DAY
        scene.end_fault(platform, rule)

    return script


HEADER, ORDER, SHIPMENT, CREDIT = "(?i)/v2/sale$", "(?i)/v2/sale/order$", "/shipments$", "(?i)/v2/sale/creditnote$"


def _sold_once(scene: Scene, fault: Injected) -> bool:
    """One live sale for each of its orders, authorised and equal to the cent."""
    found = [(scene.total(int(order)), scene.sales(int(order))) for order in fault.names]
    return all(len(sales) == 1 and sales[0].order and sales[0].order["Total"] == total for total, sales in found)


def _hooks_live(scene: Scene, fault: Injected) -> bool:
    shop, books = scene.shop.shop.hooks.values(), scene.books.company.webhooks.values()
    return all(one["is_active"] for one in shop) and all(one["IsActive"] for one in books) and _sold_once(scene, fault)


def _told_once(scene: Scene, fault: Injected) -> bool:
    """No parcel stands at the shop twice."""
    shipped = [[one["tracking_number"] for one in order.shipments] for order in scene.shop.shop.orders.values()]
    return all(len(numbers) == len(set(numbers)) for numbers in shipped) and _sold_once(scene, fault)


def _credited_once(scene: Scene, fault: Injected) -> bool:
    """No refund has two credit notes."""
    notes = [
        str(note["Memo"]).partition(";")[0]
        for sale in scene.books.company.sales.values()
        for note in sale.credit_notes
        if note["Status"] == "AUTHORISED" and note["Memo"]
    ]
    return len(notes) == len(set(notes)) and _sold_once(scene, fault)


def _fault(name: str, what: str, script: Any, kind: FindingKind, **more: Any) -> Fault:
    return Fault(name, Area.PLATFORMS, what, script, kind, **more)


def _borne(name: str, what: str, script: Any, then: str = "the order has one sale", holds: Any = _sold_once) -> Fault:
    return Fault(name, Area.PLATFORMS, what, script, then=then, holds=holds)


PLATFORMS: tuple[Fault, ...] = (
    _fault("tax_rule_switched_off", "A tax rule of the design is switched off in Cin7.", tax_rule_switched_off,
           FindingKind.TAX_RULE_MISSING, within=DAILY, to_hour=110.0),
    _fault("account_archived", "An account of the design is archived in Cin7.", account_archived,
           FindingKind.ACCOUNT_MISSING, within=DAILY, to_hour=110.0),
    _fault("token_revoked", "The shop refuses our token for two hours.", token_revoked,
           FindingKind.CREDENTIALS_REFUSED, follows=(FindingKind.RETRIES_EXHAUSTED,)),
    _fault("quota_used_by_others", "Another program uses up the quota of Cin7.", quota_used_by_others,
           FindingKind.QUOTA_SHARED, within=4 * HOUR,
           follows=(FindingKind.RETRIES_EXHAUSTED,)),
    _fault("down_for_hours", "Cin7 answers 502 to one sale for longer than it is tried.", down_for_hours,
           FindingKind.RETRIES_EXHAUSTED, within=8 * HOUR),
    _fault("checkout_down", "The checkout of the shop is down.", checkout_down, FindingKind.FEED_SILENT,
           within=12 * HOUR, from_hour=168.2, to_hour=168.4),
    _borne("hooks_lost", "Every hook of two hours is lost.", hooks_lost),
    _borne("hooks_switched_off", "Both platforms switch their hooks off.", hooks_switched_off,
           "every hook is on again, and the order of the gap has one sale", _hooks_live),
    _borne("hooks_doubled", "Hooks come three times, in any order.", hooks_doubled, "each order has one sale"),
    _borne("hooks_late", "Hooks come two hours late.", hooks_late),
    _borne("lists_lag", "New orders and sales are missing from lists for a while.", lists_lag),
    _borne("answer_to_header_lost", "Cin7 makes a sale, and its answer is lost.",
           _struck_on_the_way("drop_after", HEADER)),
    _borne("answer_to_order_lost", "Cin7 authorises an order document, and its answer is lost.",
           _struck_on_the_way("drop_after", ORDER)),
    _borne("page_instead_of_answer", "Cin7 makes a sale and answers with a web page and status 200.",
           _struck_on_the_way("html_200", HEADER)),
    _borne("server_errors", "Cin7 answers 500 twice before it makes a sale.",
           _struck_on_the_way("error_before", HEADER, 2, status=500)),
    _borne("answer_to_parcel_lost", "The shop takes a parcel, and its answer is lost.",
           _struck_on_the_way("drop_after", SHIPMENT, platform="bigcommerce"),
           "no parcel is told twice", _told_once),
    _borne("answer_to_credit_lost", "Cin7 credits a refund, and its answer is lost.",
           _struck_on_the_way("drop_after", CREDIT), "no refund is credited twice", _credited_once),
)  # fmt: skip
