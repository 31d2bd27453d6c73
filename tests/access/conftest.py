"""The journal's own desk serves the tests of access too."""

from tests.journal.conftest import at_desk

__all__ = ["at_desk"]
