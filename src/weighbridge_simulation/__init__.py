"""Simulations of Weighbridge between its twins: the demonstration, the flash sale and the week of faults."""

__version__ = "0.1.0"
