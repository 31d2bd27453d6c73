"""Webhooks of both platforms."""
