"""The state survives a round trip through JSON, and the restored twin continues identically."""

from __future__ import annotations

import json
from decimal import Decimal

from tests.twins.cin7.bench import Bench
from weighbridge_twins.http.calls_log import render


def lived_in() -> Bench:
    """Returns a company with documents and stock of every kind."""
    bench = Bench()
    webhook = {"IsActive": True, "ExternalURL": "https://x", "ExternalAuthorizationType": "noauth"}
    bench.ok("POST", "/webhooks", {**webhook, "Type": "Sale/OrderAuthorised"})
    sale, invoice = bench.invoiced()
    bench.twin.pick_pack_ship(sale, tracking="T1")
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "1.00"))
    bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", bench.line(quantity=1)))
    bench.ordered(bench.line("BASKET", 2, "9.00"))
    bench.ordered(bench.line(quantity=12))
    bench.ordered(bench.line("PEAR", 1, "2.00"), header={"SaleType": "Advanced"})
    return bench


def test_dump_and_restore_are_lossless_through_json() -> None:
    bench, restored = lived_in(), Bench()
    text = render(bench.twin.dump())
    restored.twin.restore(json.loads(text, parse_float=Decimal))
    assert render(restored.twin.dump()) == text
    for path in ("/saleList", "/product", "/ref/productavailability", "/transactions", "/customer"):
        assert restored.ok("GET", path, Page=1, Limit=1000) == bench.ok("GET", path, Page=1, Limit=1000)


def test_a_restored_company_goes_on_with_the_same_numbers_ids_and_stock() -> None:
    bench, restored = lived_in(), Bench()
    restored.twin.restore(json.loads(render(bench.twin.dump())))
    assert restored.sale() == bench.sale()
    for each in (bench, restored):
        each.twin.receive_stock("APPLE", 50)
        waiting = each.ok("GET", "/saleList", Search="SO-00003")["SaleList"][0]
        assert waiting["Status"] == "ORDERED"
        each.clock.pass_time(minutes=1)
        assert len(each.twin.deliveries_due()) == 4
    assert restored.stock("APPLE") == bench.stock("APPLE")
    assert restored.stock("BASKET") == bench.stock("BASKET")


def test_a_dump_does_not_change_with_the_company() -> None:
    bench = lived_in()
    state = bench.twin.dump()
    before = render(state)
    bench.twin.void_sale(bench.ordered(bench.line("PEAR", 2, "2.00")))
    assert render(state) == before


def test_restoring_keeps_the_switches_and_forgets_the_quota() -> None:
    bench = lived_in()
    bench.twin.switches["page_drift"] = 3
    bench.twin.restore(json.loads(render(Bench().twin.dump())))
    assert bench.twin.switches["page_drift"] == 3
    assert bench.twin.company.switches is bench.twin.switches
    assert bench.ok("GET", "/saleList")["Total"] == 0
