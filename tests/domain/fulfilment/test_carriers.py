"""Carriers: the codes that BigCommerce gets for a carrier of Cin7."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.design.domain_policies import store_carriers
from weighbridge.design.policies import Carrier, Fulfilment
from weighbridge.design.schema import Design
from weighbridge.domain.fulfilment.carriers import UNMAPPED, StoreCarrier, store_carrier
from weighbridge.domain.fulfilment.shipments import Parcel, ShipmentItem
from weighbridge.platforms.bigcommerce import write

CARRIERS = {"DHL Express": StoreCarrier(tracking_carrier="dhl"), "UPS": StoreCarrier("ups", "ups")}
ITEMS = (ShipmentItem(11, 7, 2),)


def parcel(carrier: str) -> Parcel:
    return Parcel("task:line", carrier, "T-1", "", (("MUG", Decimal(2)),))


def test_mapped_carrier_gets_the_codes_of_bigcommerce() -> None:
    shipment = write.shipment(parcel("UPS"), ITEMS, store_carrier(parcel("UPS"), CARRIERS))
    assert (shipment.shipping_provider, shipment.tracking_carrier, shipment.shipping_method) == ("ups", "ups", "UPS")


def test_code_that_the_design_leaves_empty_is_not_sent() -> None:
    tracking = write.tracking(parcel("DHL Express"), store_carrier(parcel("DHL Express"), CARRIERS))
    assert (tracking.shipping_provider, tracking.tracking_carrier) == (None, "dhl")


def test_unmapped_carrier_is_passed_on_as_text_only() -> None:
    assert store_carrier(parcel("Courier"), CARRIERS) == UNMAPPED
    shipment = write.shipment(parcel("Courier"), ITEMS, UNMAPPED)
    assert (shipment.shipping_provider, shipment.tracking_carrier, shipment.shipping_method) == (None, None, "Courier")


def test_carriers_of_the_design_are_mapped_by_their_cin7_name() -> None:
    design = Design.model_construct(fulfilment=Fulfilment(carriers={"UPS": Carrier(provider="ups")}))
    assert store_carriers(design) == {"UPS": StoreCarrier("ups", "")}
