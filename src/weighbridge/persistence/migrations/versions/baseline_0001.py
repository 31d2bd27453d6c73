"""The schema of the first release. `python -m tools.render_baseline` renders its SQL until then, never afterwards."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
SAFE = True


def upgrade() -> None:
    """Creates every table, index and trigger. The statements of a file are separated by blank lines."""
    connection = op.get_bind()
    script = Path(__file__).with_name("baseline") / f"{connection.dialect.name}.sql"
    for statement in script.read_text(encoding="utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)
