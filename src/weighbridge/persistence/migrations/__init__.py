"""Migrations of the schema, run by Alembic: `versions/` has one module a revision.

Each module defines `upgrade()` and `SAFE`: whether a program may run it by itself when it starts, because it takes
moments, even on large tables, and workers of the former version can go on beside it. There is no way back to an older
schema except a backup.
"""

from __future__ import annotations

HEAD = "0001"
"""The revision that this version works with; known here so that a start need not load Alembic."""
VERSION_TABLE = "alembic_version"
