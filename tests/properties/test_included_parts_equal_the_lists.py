"""Lines and addresses read from an order's answer are those of the order's own lists, for any order of the store."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins.bigcommerce.order_harness import ANN, OrderHarness
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader, OrderProduct, PostalAddress
from weighbridge.platforms.bigcommerce.read import MOST_LINES, included_addresses, included_products, read_parts
from weighbridge.platforms.json_bodies import parsed
from weighbridge_twins.http.calls_log import render

PARTS = "include=consignments.line_items,fees&consignment_structure=object"
PICKUP = {"pickup_method_id": 1, "pickup_method_display_name": "Shop"}


@st.composite
def baskets(draw: st.DrawFn) -> dict[str, Any]:
    """Baskets of every kind: shipped to several addresses, collected, downloaded, sent by e-mail, or to nowhere."""
    addresses = [ANN | {"street_1": f"{number} Mill St"} for number in range(draw(st.integers(0, 3)))]
    lines: list[dict[str, Any]] = []
    for _ in range(draw(st.one_of(st.integers(1, 6), st.integers(44, 56)))):
        kind = draw(st.sampled_from(["physical", "physical", "physical", "digital", "giftcertificate", "custom"]))
        goods = {"sku": draw(st.sampled_from(["TEA", "CUP", "POT"]))} if kind == "physical" else {"name": kind}
        line = goods | {"quantity": draw(st.integers(0, 9)), "price": draw(st.sampled_from(["0", "2.50", "19.995"]))}
        if kind in ("digital", "giftcertificate"):
            line["type"] = kind
        if addresses:
            line["address"] = draw(st.integers(0, len(addresses) - 1))
        if lines and draw(st.booleans()):
            line["parent"] = draw(st.integers(0, len(lines) - 1))
        if draw(st.booleans()):
            line["wrapping"] = {"cost": "1.20"}
        lines.append(line | {"discount": draw(st.sampled_from(["0", "0.10"]))})
    pickups = [] if addresses else draw(st.sampled_from([[], [PICKUP]]))
    return {"lines": lines, "shipping_addresses": addresses, "pickups": pickups, "billing_address": ANN}


def _read(harness: OrderHarness, path: str, model: Any) -> Any:
    answer = harness.call("GET", path)
    return parsed(render(answer.body) if answer.status == 200 else b"", model)


@settings(max_examples=60, deadline=None)
@given(basket=baskets(), capped=st.sampled_from(["order", "consignment"]), warns=st.booleans(), stated=st.booleans())
def test_both_readers_read_the_same_lines_and_addresses(
    basket: dict[str, Any], capped: str, warns: bool, stated: bool
) -> None:
    switches = {"included_lines_capped": capped, "included_lines_warn": warns, "discounted_total_present": stated}
    harness = OrderHarness(**switches)
    path = f"/v2/orders/{harness.place_order(**basket)}"
    header: OrderHeader = _read(harness, f"{path}?{PARTS}", OrderHeader)
    products = _read(harness, f"{path}/products?limit=250", list[OrderProduct])
    addresses = _read(harness, f"{path}/shipping_addresses?limit=250", list[PostalAddress])
    lines, shipping = read_parts(header, products, addresses)
    in_answer, destinations = included_products(header), included_addresses(header)
    goes_nowhere = not basket["shipping_addresses"] and not basket["pickups"]
    if in_answer is not None:
        read = read_parts(header, in_answer, ())[0]
        assert [line for line in read if line.quantity] == [line for line in lines if line.quantity]
    elif len(products) < MOST_LINES and stated:
        assert goes_nowhere, "nothing else keeps an order from being read at once"
    if destinations is not None:
        assert read_parts(header, (), destinations)[1] == shipping
    else:
        assert len(products) > MOST_LINES, "only a warning keeps addresses from being read at once"
