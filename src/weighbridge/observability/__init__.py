"""Observability: logs."""
