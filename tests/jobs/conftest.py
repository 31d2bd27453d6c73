"""Tests of jobs use the repositories on both databases."""

from __future__ import annotations

from tests.persistence.conftest import on_both_databases

__all__ = ["on_both_databases"]
