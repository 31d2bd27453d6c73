"""Stateful local simulators of BigCommerce and Cin7 Core, usable without the product."""

__version__ = "0.1.0"
