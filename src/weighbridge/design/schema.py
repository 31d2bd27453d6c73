"""The schema of the configuration file: an installation and the designs of its connections."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from weighbridge.common.clock import ScaledClock
from weighbridge.design.alerts import Alerts
from weighbridge.design.catalogue import Catalogue
from weighbridge.design.console import Console
from weighbridge.design.monitoring import Monitoring
from weighbridge.design.policies import Capture, Edits, Fulfilment, Masters, Payments, Sale, Stock, Tax
from weighbridge.design.refunds import Refunds
from weighbridge.design.retention import Retention
from weighbridge.design.retry_schedules import Retry
from weighbridge.design.sections import Name, SecretReference, Section
from weighbridge.design.timing import Cadence, Monitors, Quota
from weighbridge.domain.documents import canonical_digest
from weighbridge.domain.exceptions.kinds import DEFAULT_AUTONOMY, Autonomy
from weighbridge.domain.exceptions.owners import Owner, owner_of
from weighbridge.domain.findings.kind import FindingKind

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgresql+psycopg://")


def _web_address(text: str) -> str:
    if not re.match(r"https?://[^\s/]", text):
        raise ValueError("an address that begins with http:// or https://")
    return text.rstrip("/")


def _web_address_if_any(text: str) -> str:
    return _web_address(text) if text else ""


def _connection_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise ValueError("a connection name of up to 40 lower-case letters, digits, - and _")
    return text


Address = Annotated[str, AfterValidator(_web_address)]
ConnectionName = Annotated[str, AfterValidator(_connection_name)]


class BigCommerceAccount(Section):
    """One store and its API account for Weighbridge."""

    api: Address = "https://api.bigcommerce.com"
    """Address of the API; changed only to work against a twin."""
    store_hash: Name
    """The store's hash, as in the API path of its API account."""
    access_token: SecretReference
    """Access token of the store-level API account."""
    client_secret: SecretReference | None = None
    """Secret that signs the store's webhooks; without it only the secret path and header authenticate them."""


class Cin7Account(Section):
    """One company and its API application for Weighbridge."""

    api: Address = "https://inventory.dearsystems.com/ExternalApi/v2"
    """Address of the API; changed only to work against a twin."""
    account_id: SecretReference
    """The company's account id."""
    application_key: SecretReference
    """Key of the API application created for Weighbridge."""


class Webhooks(Section):
    """Webhooks of a connection; off by default, because they need a public address."""

    enabled: bool = False
    """Whether webhooks are registered at both platforms; needs `public_url` of the installation."""
    secret: SecretReference | None = None
    """Secret in the path and in a header of every delivery; needed when enabled."""

    @model_validator(mode="after")
    def _secret_when_enabled(self) -> Webhooks:
        if self.enabled and self.secret is None:
            raise ValueError("field 'secret' with enabled = true")
        return self


Hours = Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False)]
"""Up to a year."""


class Design(Section):
    """The agreed operating model of a connection. Every transfer names the version it was posted under."""

    version: int = Field(default=1, ge=1)
    """Version number; raise it when you agree on a change."""
    masters: Masters = Masters()
    capture: Capture = Capture()
    sale: Sale
    tax: Tax
    payments: Payments = Payments()
    refunds: Refunds = Refunds()
    stock: Stock
    edits: Edits = Edits()
    fulfilment: Fulfilment = Fulfilment()
    catalogue: Catalogue = Catalogue()
    cadence: Cadence = Cadence()
    monitors: Monitors = Monitors()
    retry: Retry = Retry()
    quota: Quota = Quota()
    owners: dict[FindingKind, Owner] = Field(default_factory=dict)
    """Kind of finding -> its owner, where that differs from the default."""
    backups: dict[Owner, Owner] = Field(default_factory=dict)
    """Owner -> backup, notified too once an exception is past its deadline, where it differs from the default."""
    deadlines: dict[FindingKind, Hours] = Field(default_factory=dict)
    """Kind of finding -> hours within which its exception should be resolved, where they differ from the default."""
    autonomy: dict[FindingKind, Autonomy] = Field(default_factory=dict)
    """Kind of finding -> `watch`, `suggest`, `approve` or `act`: how automatically its first safe action runs."""
    skus: dict[Name, Name] = Field(default_factory=dict)
    """Store SKU -> Cin7 SKU that its orders are for; its stock is not published until both SKUs are the same."""

    @field_validator("backups")
    @classmethod
    def _backups_are_other_owners(cls, backups: dict[Owner, Owner]) -> dict[Owner, Owner]:
        for owner, backup in backups.items():
            if owner is backup:
                raise ValueError(f"another owner as the backup of {owner}, not {owner} again")
        return backups

    @model_validator(mode="after")
    def _payments_need_accounts(self) -> Design:
        if self.sale.post == "invoice_and_payment" and not self.payments.accounts:
            raise ValueError(
                "field 'payments.accounts' to name an account for each tender, since sale.post is invoice_and_payment"
            )
        return self

    def autonomy_of(self, kind: FindingKind) -> Autonomy:
        """How automatically the first safe action of `kind` runs under this design."""
        return self.autonomy.get(kind, DEFAULT_AUTONOMY.get(kind, Autonomy.SUGGEST))

    def owner_of(self, kind: FindingKind) -> Owner:
        """The owner of findings of `kind` under this design."""
        return owner_of(kind, self.owners)


def design_version(design: Design) -> str:
    """The name of exactly this design, `v3-1a2b3c4d`: its version and the first 8 hex digits of its SHA-256.

    Two designs that differ in any field, defaults included, have different names.
    """
    return f"v{design.version}-{canonical_digest(design.model_dump(mode='json'))[:8]}"


class Connection(Section):
    """One store connected to one company."""

    bigcommerce: BigCommerceAccount
    cin7: Cin7Account
    webhooks: Webhooks = Webhooks()
    design: Design


class Settings(Section):
    """Settings of the installation, not of a merchant."""

    database: str = "sqlite:///weighbridge.db"
    """Weighbridge's own tables: `sqlite:///PATH` (relative to the configuration file) or `postgresql://...`."""
    lock_wait_seconds: float = Field(default=30.0, gt=0, le=600)
    """How long a transaction waits for a lock of another process; then it fails, and its work is tried again later."""
    worker: Name = "worker-1"
    """A stable name, unique among the processes on one database: unfinished work is resumed under it."""
    clock: str = ""
    """The twins' clock as they print it, `speed@wall@origin`; only for work against the twins."""
    host: Name = "127.0.0.1"
    """Address on which webhooks and the operators' API are served."""
    port: int = Field(default=8800, ge=0, le=65535)
    """Port of that address; 0 takes any free port."""
    public_url: Annotated[str, AfterValidator(_web_address_if_any)] = ""
    """The address at which the platforms reach this process's webhook endpoints."""
    concurrency: int = Field(default=12, ge=1, le=200)
    """Jobs that run concurrently in one process."""
    polling_seconds: float = Field(default=0.5, gt=0, le=60)
    """How often the job queue is polled for due jobs; a shorter interval is faster and uses more processor time."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""
    log_format: Literal["json", "console"] = "json"
    """Form of the log: one JSON object a line, or lines for people."""

    @field_validator("database")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith((SQLITE, *POSTGRESQL)):
            raise ValueError(f"an address that begins with {SQLITE} or postgresql://")
        return url

    @field_validator("clock")
    @classmethod
    def _readable_clock(cls, text: str) -> str:
        if text:
            try:
                ScaledClock.parse(text)
            except ValueError as error:
                raise ValueError(f"speed@wall@origin ({error})") from error
        return text


class Installation(Section):
    """The content of one `weighbridge.toml`."""

    installation: Settings = Settings()
    console: Console = Console()
    monitoring: Monitoring = Monitoring()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    connections: dict[ConnectionName, Connection] = Field(min_length=1)

    @model_validator(mode="after")
    def _stores_once(self) -> Installation:
        seen: dict[str, str] = {}
        for name, connection in self.connections.items():
            store = connection.bigcommerce.store_hash
            if store in seen:
                raise ValueError(f"each store in one connection; {store!r} is in {seen[store]!r} and {name!r}")
            seen[store] = name
        return self

    @model_validator(mode="after")
    def _webhooks_need_an_address(self) -> Installation:
        for name, connection in self.connections.items():
            if connection.webhooks.enabled and not self.installation.public_url:
                raise ValueError(f"installation.public_url, since connection {name!r} has webhooks enabled")
        return self

    def resolved(self, folder: Path) -> Installation:
        """A copy with SQLite paths resolved against `folder`."""
        database = _resolve(self.installation.database, folder)
        changed = self.installation.model_copy(update={"database": database})
        return self.model_copy(update={"installation": changed})


def _resolve(url: str, folder: Path) -> str:
    if url.startswith(SQLITE):
        return f"{SQLITE}{(folder / url.removeprefix(SQLITE)).resolve()}"
    return url
