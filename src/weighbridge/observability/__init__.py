"""Observability: the log of decisions."""
