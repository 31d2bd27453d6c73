"""The journal's own desk serves the tests of access too."""

from tests.persistence.conftest import at_desk

__all__ = ["at_desk"]
