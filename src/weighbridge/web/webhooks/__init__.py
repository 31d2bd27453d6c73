"""Webhooks: what both platforms deliver."""
