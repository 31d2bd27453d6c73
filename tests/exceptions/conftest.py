"""The journal's own desk serves the tests of exceptions too."""

from tests.persistence.conftest import at_desk

__all__ = ["at_desk"]
