"""Faults of the platforms and of the network: refusals, outages, lost responses, and lost or wrong webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, InjectedFault
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script

QUOTA = 60
TEN_MINUTES: timedelta = HOUR / 6
DAILY = DAY + 4 * HOUR
UNUSED_RULE, UNUSED_ACCOUNT = "Zero Rated", "610"
"""A tax rule and an account that the design names and no order of the week needs."""


def tax_rule_switched_off(scene: Scene, fault: InjectedFault) -> Script:
    scene.cin7.act("use_tax_rule", {"name": UNUSED_RULE, "active": False})
    fault.mark_occurred(scene.now(), UNUSED_RULE)
    yield HOUR


def account_archived(scene: Scene, fault: InjectedFault) -> Script:
    scene.cin7.act("use_account", {"code": UNUSED_ACCOUNT, "active": False})
    fault.mark_occurred(scene.now(), UNUSED_ACCOUNT)
    yield HOUR


def token_revoked(scene: Scene, fault: InjectedFault) -> Script:
    """Staff create a new token two hours later."""
    rule = scene.fault("bigcommerce", fault="error_before", status=401)
    fault.mark_occurred(scene.now(), "bigcommerce", "credentials_refused")
    yield 2 * HOUR
    scene.end_fault("bigcommerce", rule)


def quota_used_by_others(scene: Scene, fault: InjectedFault) -> Script:
    fault.mark_occurred(scene.now(), "cin7", "throttled")
    for _ in range(12):
        scene.cin7.act("use_quota", {"calls": QUOTA})
        yield TEN_MINUTES


def down_for_hours(scene: Scene, fault: InjectedFault) -> Script:
    """Only the call that creates one sale fails; all other calls are answered."""
    order = scene.order()
    match = {"method": "POST", "path": "(?i)/v2/sale$", "contains": scene.key(order)}
    rule = scene.fault("cin7", fault="error_before", status=502, match=match)
    fault.mark_occurred(scene.now(), order)
    yield 10 * HOUR
    scene.end_fault("cin7", rule)


def checkout_down(scene: Scene, fault: InjectedFault) -> Script:
    scene.open_checkout(False)
    fault.mark_occurred(scene.now(), "orders")
    yield DAY


def webhooks_lost(scene: Scene, fault: InjectedFault) -> Script:
    rules = {platform: scene.fault(platform, fault="webhook_lost") for platform in ("bigcommerce", "cin7")}
    fault.mark_occurred(scene.now(), scene.order())
    yield 2 * HOUR
    for platform, rule in rules.items():
        scene.end_fault(platform, rule)


def webhooks_deactivated(scene: Scene, fault: InjectedFault) -> Script:
    for webhook in scene.bigcommerce.store.webhooks.values():
        scene.bigcommerce.act("deactivate_webhook", {"webhook_id": webhook["id"]})
    for number in list(scene.cin7.company.webhooks):
        scene.cin7.act("deactivate_webhook", {"webhook_id": number})
    fault.mark_occurred(scene.now(), scene.order())
    yield HOUR


def webhooks_duplicated(scene: Scene, fault: InjectedFault) -> Script:
    rules = [
        scene.fault("bigcommerce", fault="webhook_duplicate", copies=3),
        scene.fault("bigcommerce", fault="webhook_reorder", seconds=1800),
    ]
    for _ in range(3):
        fault.mark_occurred(scene.now(), scene.order())
        yield HOUR
    for rule in rules:
        scene.end_fault("bigcommerce", rule)


def webhooks_delayed(scene: Scene, fault: InjectedFault) -> Script:
    rule = scene.fault("bigcommerce", fault="webhook_late", seconds=7200)
    fault.mark_occurred(scene.now(), scene.order())
    yield 4 * HOUR
    scene.end_fault("bigcommerce", rule)


def lists_lag(scene: Scene, fault: InjectedFault) -> Script:
    scene.switch("bigcommerce", delayed_visibility_seconds=900)
    scene.switch("cin7", delayed_visibility_seconds=60)
    fault.mark_occurred(scene.now(), scene.order())
    yield 5 * HOUR
    scene.switch("bigcommerce", delayed_visibility_seconds=0)
    scene.switch("cin7", delayed_visibility_seconds=0)


def _fault_on_write(fault_name: str, path: str, times: int = 1, platform: str = "cin7", **how: Any) -> Any:
    """A script that injects a fault into the calls that write one order to a path."""

    def script(scene: Scene, fault: InjectedFault) -> Script:
        order = scene.order()
        match = {"method": "POST", "path": path}
        if path == HEADER:
            match["contains"] = scene.key(order)
        rule = scene.fault(platform, fault=fault_name, times=times, match=match, **how)
        fault.mark_occurred(scene.now(), order)
        yield 2 * DAY
        scene.end_fault(platform, rule)

    return script


HEADER, ORDER, SHIPMENT, CREDIT = "(?i)/v2/sale$", "(?i)/v2/sale/order$", "/shipments$", "(?i)/v2/sale/creditnote$"


def _sold_once(scene: Scene, fault: InjectedFault) -> bool:
    """True when each order of the fault has one live sale, authorised and equal to the cent."""
    orders = [(scene.total(int(number)), scene.sales(int(number))) for number in fault.names]
    return all(len(sales) == 1 and sales[0].order and sales[0].order["Total"] == total for total, sales in orders)


def _webhooks_are_active(scene: Scene, fault: InjectedFault) -> bool:
    store, cin7 = scene.bigcommerce.store.webhooks.values(), scene.cin7.company.webhooks.values()
    active = all(webhook["is_active"] for webhook in store) and all(webhook["IsActive"] for webhook in cin7)
    return active and _sold_once(scene, fault)


def _has_no_duplicate_shipments(scene: Scene, fault: InjectedFault) -> bool:
    """True when the store has no parcel twice."""
    orders = scene.bigcommerce.store.orders.values()
    shipped = [[shipment["tracking_number"] for shipment in order.shipments] for order in orders]
    return all(len(numbers) == len(set(numbers)) for numbers in shipped) and _sold_once(scene, fault)


def _credited_once(scene: Scene, fault: InjectedFault) -> bool:
    """True when no refund has two credit notes."""
    notes = [
        str(note["Memo"]).partition(";")[0]
        for sale in scene.cin7.company.sales.values()
        for note in sale.credit_notes
        if note["Status"] == "AUTHORISED" and note["Memo"]
    ]
    return len(notes) == len(set(notes)) and _sold_once(scene, fault)


def _fault(name: str, description: str, script: Any, kind: FindingKind, **more: Any) -> Fault:
    return Fault(name, Area.PLATFORMS, description, script, kind, **more)


def _tolerated(
    name: str, description: str, script: Any, expectation: str = "the order has one sale", is_met: Any = _sold_once
) -> Fault:
    return Fault(name, Area.PLATFORMS, description, script, expectation=expectation, is_met=is_met)


PLATFORMS: tuple[Fault, ...] = (
    _fault("tax_rule_switched_off", "A tax rule of the design is deactivated in Cin7.", tax_rule_switched_off,
           FindingKind.TAX_RULE_MISSING, within=DAILY, to_hour=110.0),
    _fault("account_archived", "An account of the design is archived in Cin7.", account_archived,
           FindingKind.ACCOUNT_MISSING, within=DAILY, to_hour=110.0),
    _fault("token_revoked", "The store refuses our token for two hours.", token_revoked,
           FindingKind.CREDENTIALS_REFUSED, follows=(FindingKind.RETRIES_EXHAUSTED,)),
    _fault("quota_used_by_others", "Another program uses up Cin7's quota.", quota_used_by_others,
           FindingKind.QUOTA_SHARED, within=4 * HOUR, follows=(FindingKind.RETRIES_EXHAUSTED,)),
    _fault("down_for_hours", "Cin7 answers one sale with 502 until all retries are used up.", down_for_hours,
           FindingKind.RETRIES_EXHAUSTED, within=8 * HOUR),
    _fault("checkout_down", "The checkout of the store is down.", checkout_down, FindingKind.NO_NEW_ORDERS,
           within=12 * HOUR, from_hour=168.2, to_hour=168.4),
    _tolerated("webhooks_lost", "All webhooks of two hours are lost.", webhooks_lost),
    _tolerated("webhooks_deactivated", "Both platforms deactivate their webhooks.", webhooks_deactivated,
               "all webhooks are active again, and the order placed meanwhile has one sale", _webhooks_are_active),
    _tolerated("webhooks_duplicated", "Webhooks arrive three times and out of order.", webhooks_duplicated,
               "each order has one sale"),
    _tolerated("webhooks_delayed", "Webhooks arrive two hours late.", webhooks_delayed),
    _tolerated("lists_lag", "Lists omit new orders and sales for some minutes.", lists_lag),
    _tolerated("answer_to_header_lost", "Cin7 creates a sale, and its response is lost.",
               _fault_on_write("drop_after", HEADER)),
    _tolerated("answer_to_order_lost", "Cin7 authorises an order document, and its response is lost.",
               _fault_on_write("drop_after", ORDER)),
    _tolerated("page_instead_of_answer", "Cin7 creates a sale and responds with a web page and status 200.",
               _fault_on_write("html_200", HEADER)),
    _tolerated("server_errors", "Cin7 responds with 500 twice before it creates a sale.",
               _fault_on_write("error_before", HEADER, 2, status=500)),
    _tolerated("answer_to_parcel_lost", "The store creates a shipment, and its response is lost.",
               _fault_on_write("drop_after", SHIPMENT, platform="bigcommerce"),
               "no parcel is reported twice", _has_no_duplicate_shipments),
    _tolerated("answer_to_credit_lost", "Cin7 creates a credit note, and its response is lost.",
               _fault_on_write("drop_after", CREDIT), "no refund is credited twice", _credited_once),
)  # fmt: skip
