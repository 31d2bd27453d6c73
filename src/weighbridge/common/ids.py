"""Ids of our own records: time-ordered, made by us, never mixed with a platform's."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A fresh UUID version 7 as text."""
    return str(uuid_utils.uuid7())
