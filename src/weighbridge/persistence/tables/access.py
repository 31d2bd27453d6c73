"""The tables of access: users, sessions, API tokens, failed sign-ins, linked identities and the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from weighbridge.persistence.types import UtcTimestamp, metadata

users = sa.Table(
    "user_account",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True, doc="in lower case"),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False, doc="argon2; empty: signs in by the provider only"),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("password_at", UtcTimestamp, nullable=True, doc="when the password was last set"),
    sa.Column("disabled_at", UtcTimestamp, nullable=True),
)

sessions = sa.Table(
    "user_session",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, doc="of the secret in the cookie, which is not stored"),
    sa.Column("user_id", sa.Text, sa.ForeignKey("user_account.id"), nullable=False),
    sa.Column("csrf", sa.Text, nullable=False, doc="what every form of this session must send"),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("seen_at", UtcTimestamp, nullable=False),
    sa.Column("ends_at", UtcTimestamp, nullable=False),
    sa.Index("user_session_of_user", "user_id"),
    sa.Index("user_session_by_end", "ends_at"),
)

tokens = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("user_account.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False, doc="its purpose"),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("read_only", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTimestamp, nullable=False),
    sa.Column("used_at", UtcTimestamp, nullable=True),
    sa.Column("ends_at", UtcTimestamp, nullable=True),
    sa.Column("revoked_at", UtcTimestamp, nullable=True),
    sa.Index("api_token_of_user", "user_id"),
)

failed_sign_ins = sa.Table(
    "failed_sign_in",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name_digest", sa.Text, nullable=False, doc="of the name; users type passwords into that field"),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Index("failed_sign_in_of_name", "name_digest", "at"),
    sa.Index("failed_sign_in_of_address", "address", "at"),
)

identities = sa.Table(
    "user_identity",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True, doc="permanent at the provider, unlike a name"),
    sa.Column("user_id", sa.Text, sa.ForeignKey("user_account.id"), nullable=False),
    sa.Column("linked_at", UtcTimestamp, nullable=False),
    sa.UniqueConstraint("issuer", "user_id"),
)

ended_attempts = sa.Table(
    "ended_sign_in_attempt",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True, doc="of an attempt at the provider; each ends once"),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Index("ended_sign_in_attempt_by_time", "at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTimestamp, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, doc="canonical JSON, as digested"),
    sa.Column("digest", sa.Text, nullable=False, doc="of this line and the digest before it"),
    sa.Index("audit_of_actor", "actor", "number"),
    sa.Index("audit_of_subject", "subject", "number"),
)
