"""Alembic's environment: runs the migrations on the connection, inside the transaction, that the caller gives."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
