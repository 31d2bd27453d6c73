"""Exceptions: their kinds, causes, owners and alerts."""
