"""Stateful local simulators of the BigCommerce and Cin7 Core APIs, usable without Weighbridge."""

__version__ = "0.1.0"
