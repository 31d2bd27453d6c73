"""User actions, called as methods and by name."""

from __future__ import annotations

import pytest

from tests.twins.cin7.bench import Bench
from weighbridge_twins.cin7.twin import ACTIONS


def test_every_user_action_is_a_method_of_the_twin() -> None:
    twin = Bench().twin
    assert [name for name in ACTIONS if not callable(getattr(twin, name))] == []


def test_user_actions_are_called_by_name_with_the_same_arguments() -> None:
    bench = Bench()
    assert bench.twin.act("receive_stock", {"sku": "APPLE", "location": "Overflow", "quantity": 2}) == {
        "available": "16"
    }
    assert bench.twin.act("count_stock", {"sku": "PEAR", "quantity": "3"}) == {"on_hand": "3", "available": "3"}
    sale = bench.ordered()
    parcel = bench.twin.act("pick_pack_ship", {"sale_id": sale, "lines": [{"sku": "APPLE", "quantity": 1, "box": "X"}]})
    assert parcel["fulfilment_number"] == 1
    bench.twin.act("add_tracking", {"sale_id": sale, "tracking": "T1", "fulfilment_number": 1, "box": "X"})
    assert bench.row(sale)["CombinedTrackingNumbers"] == "T1"
    assert bench.twin.act("lock_date", {"date": "2026-01-01"}) == {"lock_date": "2026-01-01"}


def test_unknown_actions_arguments_and_objects_have_distinct_errors() -> None:
    bench = Bench()
    with pytest.raises(KeyError, match="dump"):
        bench.twin.act("dump", {})
    with pytest.raises(ValueError, match="colour"):
        bench.twin.act("receive_stock", {"sku": "APPLE", "quantity": 1, "colour": "red"})
    with pytest.raises(KeyError, match="NOPE"):
        bench.twin.act("receive_stock", {"sku": "NOPE", "quantity": 1})
    with pytest.raises(KeyError, match="Moon"):
        bench.twin.act("receive_stock", {"sku": "APPLE", "quantity": 1, "location": "Moon"})
    with pytest.raises(KeyError):
        bench.twin.act("void_sale", {"sale_id": "no-such-sale"})
    with pytest.raises(ValueError, match="object"):
        bench.twin.act("seed", [])


def test_a_refused_parcel_leaves_the_sale_as_it_was() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 1}])
    before = bench.whole(sale)
    with pytest.raises(ValueError, match="above the ordered"):
        bench.twin.pick_pack_ship(sale, lines=[{"sku": "APPLE", "quantity": 3}])
    assert bench.whole(sale) == before
    assert before["Type"] == "Simple Sale"


@pytest.mark.parametrize("listed", ["hidden", "listed"])
def test_a_parcel_that_is_refused_after_picking_stays_picked(listed: str) -> None:
    bench = Bench()
    bench.twin.switches["simple_fulfilment"] = listed
    sale = bench.ordered()
    with pytest.raises(ValueError, match="Carrier length"):
        bench.twin.pick_pack_ship(sale, carrier="C" * 257)
    assert bench.row(sale)["Status"] == "PACKED"
    assert bench.stock("APPLE") == (7, 0, 7)
    bench.twin.ship(sale, carrier="UPS")
    assert bench.row(sale)["CombinedShippingStatus"] == "SHIPPED"


def test_a_refused_pick_leaves_no_task_behind() -> None:
    bench = Bench()
    sale = bench.ordered()
    tasks, updated = dict(bench.twin.company.sale_of_task), bench.row(sale)["Updated"]
    bench.clock.pass_time(minutes=5)
    with pytest.raises(ValueError, match="above the ordered"):
        bench.twin.pick(sale, lines=[{"sku": "APPLE", "quantity": 4}])
    assert bench.twin.company.sale_of_task == tasks
    assert bench.row(sale)["Updated"] == updated


def test_nothing_to_pick_is_a_refusal() -> None:
    bench = Bench()
    with pytest.raises(ValueError, match="no allocated units"):
        bench.twin.pick_pack_ship(bench.sale())


def test_undoing_on_the_screen_and_refusals_of_it() -> None:
    bench = Bench()
    sale = bench.ordered()
    bench.twin.undo_sale(sale)
    assert bench.row(sale)["OrderStatus"] == "DRAFT"
    bench.twin.void_sale(sale)
    with pytest.raises(ValueError, match="voided"):
        bench.twin.void_sale(sale)


def test_reseeding_changes_a_product_and_keeps_the_id() -> None:
    bench = Bench()
    before = bench.id_of("APPLE")
    bench.twin.seed(products=[{"sku": "APPLE", "name": "Red apple", "tier_prices": {"2": "1.10"}}])
    assert bench.id_of("APPLE") == before
    product = bench.ok("GET", "/product", Sku="APPLE")["Products"][0]
    assert (product["Name"], product["PriceTier2"]) == ("Red apple", 1.1)
    assert bench.stock("APPLE") == (10, 0, 10)
