"""Stories of orders that cannot be posted, or that are posted with a note or an exception."""

from __future__ import annotations

from tests.exception_stories.actions import accept, correct, map_sku, release, retry
from tests.exception_stories.story import (
    POSTED,
    Noted,
    Setting,
    Story,
    corruption_cleared,
    edited,
    in_cin7,
    line_id,
    one_sale,
    one_sale_of,
    order,
    orders_misread,
)
from tests.flows.harness import ADDRESS, Harness, harness
from weighbridge.domain.findings.kind import FindingKind

ORDINARY = Setting("orders", lambda folder: harness(folder, sale="unusual_quantity = 50"))
LONG_SKU = "MUG-" * 15
LONG_POSTCODE = "78701, second door on the left"
LONG_STREET = "Behind the mill, " * 20


def posted_then_gone(trial: Harness, key: str) -> None:
    """Staff change what the order costs, and from then on the store returns 404 for it.

    An edit that changes no part of it is seen in the sweep's list, and the order is not read again.
    """
    edited(trial, key, shipping_cost="7.00")
    gone = {"method": "GET", "path": f"/v2/orders/{key}$"}
    trial.twins.fault("bigcommerce", {"fault": "error_before", "status": 404, "match": gone})


def restored(trial: Harness, key: str) -> None:
    trial.twins.clear_faults("bigcommerce")


def cup_that_is_not_sold(trial: Harness) -> str:
    in_cin7(sku="CUP", name="Cup", sellable=False)(trial, "")
    return order(lines=[{"sku": "CUP", "name": "Cup", "quantity": 2, "price": "9.00"}])(trial)


def guide_to_download(trial: Harness) -> str:
    in_cin7(sku="GUIDE", name="Brewing guide")(trial, "")
    guide = {"name": "Brewing guide", "sku": "GUIDE", "quantity": 1, "price": "5.00", "type": "digital"}
    return order(lines=[guide], shipping_addresses=[], shipping_cost="0")(trial)


STORIES: list[Story | Noted] = [
    Story(
        kind=FindingKind.PAYLOAD_MALFORMED,
        setting=ORDINARY,
        cause=orders_misread(set={"total_inc_tax": "abc"}),
        title="A platform's answer cannot be read: total_inc_tax is 'abc'; expected a valid decimal",
        owner="ecommerce",
        money="none",
        field="orders",
        value="total_inc_tax is 'abc'; expected a valid decimal",
        fix=corruption_cleared,
        action=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.ORDER_GONE,
        setting=ORDINARY,
        cause=order(),
        later=posted_then_gone,
        title="Order {key} is not in the store",
        owner="ecommerce",
        money="45.06 USD",
        field="id",
        value="{key}",
        fix=restored,
        action=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.NO_LINES,
        setting=ORDINARY,
        cause=order(lines=[{"sku": "TEA", "quantity": 0, "line_total": "0"}]),
        title="Order {key} has nothing to sell",
        owner="ecommerce",
        field="lines",
        value="1 lines",
        fix=lambda trial, key: edited(trial, key, add_lines=[{"sku": "MUG", "quantity": 1}]),
        action=retry(),
        proof=POSTED,
        ends=one_sale_of("MUG", 1),
    ),
    Story(
        kind=FindingKind.SKU_BLANK,
        setting=ORDINARY,
        cause=order(lines=[{"name": "Engraving", "quantity": 1, "price": "5.00"}]),
        title="A line of order {key} has no SKU",
        owner="ecommerce",
        field="lines[0].sku",
        value="nothing",
        action=correct("TEA", "the shopper meant tea, she wrote"),
        proof=POSTED,
        ends=one_sale_of("TEA", 1),
        everyday=True,
    ),
    Story(
        kind=FindingKind.SKU_UNKNOWN,
        name="is mapped",
        setting=ORDINARY,
        cause=order(lines=[{"sku": "OLD-MUG", "name": "Mug", "quantity": 3, "price": "5.00"}]),
        title="SKU OLD-MUG is not in Cin7",
        owner="ecommerce",
        field="lines[0].sku",
        value="OLD-MUG",
        action=map_sku("MUG", "same mug, new label"),
        proof=POSTED,
        ends=one_sale_of("MUG", 3),
    ),
    Story(
        kind=FindingKind.SKU_UNKNOWN,
        name="is made",
        setting=ORDINARY,
        cause=order(lines=[{"sku": "HAT", "name": "Hat", "quantity": 2, "price": "20.00"}]),
        title="SKU HAT is not in Cin7",
        owner="ecommerce",
        field="lines[0].sku",
        value="HAT",
        fix=in_cin7(sku="HAT", name="Hat"),
        action=retry(),
        proof=POSTED,
        ends=one_sale_of("HAT", 2),
    ),
    Story(
        kind=FindingKind.SKU_TOO_LONG,
        setting=ORDINARY,
        cause=order(lines=[{"sku": LONG_SKU, "name": "Mugs", "quantity": 1, "price": "5.00"}]),
        title=f"SKU {LONG_SKU} is longer than Cin7 allows",
        owner="ecommerce",
        field="lines[0].sku",
        value=LONG_SKU,
        action=map_sku("MUG", "sixteen mugs in one name"),
        proof=POSTED,
        ends=one_sale_of("MUG", 1),
    ),
    Story(
        kind=FindingKind.PRODUCT_NOT_SELLABLE,
        setting=ORDINARY,
        cause=cup_that_is_not_sold,
        title="Product CUP cannot be sold in Cin7",
        owner="ecommerce",
        field="lines[0].sku",
        value="CUP",
        fix=in_cin7(sku="CUP", name="Cup", sellable=True),
        action=retry(),
        proof=POSTED,
        ends=one_sale_of("CUP", 2),
    ),
    Story(
        kind=FindingKind.QUANTITY_NOT_POSITIVE,
        setting=ORDINARY,
        cause=order(lines=[{"sku": "MUG", "quantity": 1}, {"sku": "TEA", "quantity": 0, "line_total": "3.00"}]),
        title="A line of order {key} has the quantity 0",
        owner="ecommerce",
        field="lines[1].quantity",
        value="0",
        fix=lambda trial, key: edited(trial, key, line=line_id(trial, key, 1), quantity=2),
        action=retry(),
        proof=POSTED,
        ends=one_sale_of("TEA", 2),
    ),
    Noted(
        kind=FindingKind.EMPTY_LINE_DROPPED,
        setting=ORDINARY,
        cause=order(lines=[{"sku": "MUG", "quantity": 1}, {"sku": "GONE", "quantity": 0, "line_total": "0"}]),
        owner="ecommerce",
        field="lines[1].quantity",
        value="0",
        ends=one_sale_of("MUG", 1),
    ),
    Story(
        kind=FindingKind.QUANTITY_UNUSUAL,
        setting=ORDINARY,
        cause=order(lines=[{"sku": "TEA", "quantity": 60}]),
        title="Order {key} is for 60 units of one SKU",
        owner="operations",
        field="lines[0].quantity",
        value="60",
        action=accept("a wedding; they mean it"),
        proof="otto: accepted as it is. a wedding; they mean it",
        ends=one_sale_of("TEA", 60),
    ),
    Story(
        kind=FindingKind.LINES_INCOMPLETE,
        setting=ORDINARY,
        cause=orders_misread(set={"items_total": 9}),
        title="Only some of the lines of order {key} could be read",
        owner="ecommerce",
        field="items_total",
        value="9",
        fix=corruption_cleared,
        action=retry(),
        proof=POSTED,
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.ADDRESS_INCOMPLETE,
        setting=ORDINARY,
        cause=order(shipping_addresses=[ADDRESS | {"street_1": ""}]),
        title="The address of order {key} lacks shipping address 1, street 1",
        owner="ecommerce",
        field="shipping_addresses[0].street_1",
        value="nothing",
        action=correct("7 Weaver Rd", "confirmed by telephone"),
        proof=POSTED,
        ends=lambda trial, key: _ships_to(trial, key, "Line1", "7 Weaver Rd"),
    ),
    Story(
        kind=FindingKind.POSTCODE_TOO_LONG,
        setting=ORDINARY,
        cause=order(shipping_addresses=[ADDRESS | {"zip": LONG_POSTCODE}]),
        title="The postcode of order {key} is longer than Cin7 allows",
        owner="ecommerce",
        field="shipping_addresses[0].zip",
        value=LONG_POSTCODE,
        action=correct("78701", "the rest is for the driver"),
        proof=POSTED,
        ends=lambda trial, key: _ships_to(trial, key, "Postcode", "78701"),
    ),
    Story(
        kind=FindingKind.TEXT_SHORTENED,
        setting=ORDINARY,
        cause=order(shipping_addresses=[ADDRESS | {"street_1": LONG_STREET}]),
        title="shipping address 1, street 1 of {key} was shortened",
        owner="ecommerce",
        field="shipping_addresses[0].street_1",
        value=LONG_STREET.strip(),
        action=accept("the driver knows the mill"),
        proof="otto: accepted as it is. the driver knows the mill",
        ends=lambda trial, key: _ships_to(trial, key, "Line1", LONG_STREET[:256]),
    ),
    Story(
        kind=FindingKind.SEVERAL_ADDRESSES,
        setting=ORDINARY,
        cause=order(shipping_addresses=[ADDRESS, ADDRESS | {"street_1": "7 Weaver Rd"}]),
        title="Order {key} goes to 2 addresses",
        owner="operations",
        field="shipping_addresses",
        value="2 addresses",
        action=accept("the warehouse splits it"),
        proof="otto: accepted as it is. the warehouse splits it",
        ends=one_sale,
    ),
    Story(
        kind=FindingKind.DOWNLOAD_HOLDS_STOCK,
        setting=ORDINARY,
        cause=guide_to_download,
        title="Download GUIDE is a stock item in Cin7",
        owner="operations",
        field="lines[0].sku",
        value="GUIDE",
        fix=lambda trial, key: trial.twins.act(
            "cin7", "seed", {"products": [{"sku": "GUIDE", "name": "Brewing guide", "type": "Service"}]}
        ),
        action=accept("it is a service from now on; this one is picked by hand"),
        proof="otto: accepted as it is. it is a service from now on",
        ends=one_sale_of("GUIDE", 1),
    ),
    Story(
        kind=FindingKind.STATUS_ON_HOLD,
        setting=ORDINARY,
        cause=order(status_id=12),
        title="Order {key} waits for a decision in the store",
        owner="ecommerce",
        field="status_id",
        value="12",
        action=release("a customer for years"),
        proof=POSTED,
        ends=one_sale,
    ),
]


def _ships_to(trial: Harness, key: str, address_field: str, expected: str) -> None:
    assert one_sale(trial, key)["header"]["ShippingAddress"][address_field] == expected
