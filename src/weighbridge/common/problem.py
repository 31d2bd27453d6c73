"""Problems of operation: conditions outside the program that people must resolve before it can work."""

from __future__ import annotations


class OperationalProblem(Exception):
    """A condition of the machine or the database that stops a command.

    Its text is one sentence that says what is wrong and what to do; commands print it and end with exit code 2.
    """
