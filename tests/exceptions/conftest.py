"""The tests of exceptions run on both databases, as those of persistence do."""

from tests.persistence.conftest import on_both_databases

__all__ = ["on_both_databases"]
