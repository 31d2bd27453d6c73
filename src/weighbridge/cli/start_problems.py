"""Problems that the user of a command can remove, in one sentence each; every other error keeps its traceback."""

from __future__ import annotations

from weighbridge.cli.context import fail
from weighbridge.common.problem import OperationalProblem
from weighbridge.design.secrets import SecretsProblem
from weighbridge.persistence.database import DatabaseError
from weighbridge.persistence.database_problem import lost_database

__all__ = ["fail", "message_of"]


def message_of(error: Exception) -> str | None:
    """The sentence for an error that ended a command; None for an error that is a fault of the program."""
    if isinstance(error, OperationalProblem | SecretsProblem):
        return str(error)
    if isinstance(error, DatabaseError):
        return lost_database(error)
    return None
