"""Keeps a database with work in flight for the tests of later migrations: `python -m tools.keep_schema`.

Run it when a release is made. It plays orders between the twins on SQLite and on PostgreSQL, kills the worker in the
middle, and writes the database and the twins' state into `tests/persistence/kept_schemas/`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.persistence.kept_database import KEPT, keep
from tests.postgres import own_database, postgres_server


def main() -> None:
    """Keeps both databases and prints the sizes of the files."""
    with TemporaryDirectory(prefix="weighbridge-kept-") as folder:
        keep(f"sqlite:///{folder}/weighbridge.db", "sqlite", Path(folder))
    with (
        TemporaryDirectory(prefix="weighbridge-kept-") as folder,
        postgres_server() as server,
        own_database(server, "kept") as url,
    ):
        keep(url, "postgresql", Path(folder))
    for file in sorted(KEPT.iterdir()):
        sys.stdout.write(f"{file.name}: {file.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
