"""A stateful local simulator of Cin7 Core, built from the vendor's API v2 documents."""

from weighbridge_twins.cin7.twin import Cin7Twin

__all__ = ["Cin7Twin"]
