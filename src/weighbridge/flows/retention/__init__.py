"""Removal of records that are older than the retention."""
