"""Tests of access use the fixture of the tests of persistence."""

from tests.persistence.conftest import on_both_databases

__all__ = ["on_both_databases"]
