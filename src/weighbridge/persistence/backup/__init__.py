"""Backup: copies of the whole database into one file, and back, on SQLite and PostgreSQL."""
