"""A stateful local simulator of a BigCommerce store, modelled on the vendor's v2 and v3 API documents."""

from weighbridge_twins.bigcommerce.twin import BigCommerceTwin

__all__ = ["BigCommerceTwin"]
