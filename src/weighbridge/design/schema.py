"""The operating model of an installation and its connections, as the configuration file states it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from weighbridge.common.clock import ScaledClock
from weighbridge.design.alerts import Alerts
from weighbridge.design.catalogue import Catalogue
from weighbridge.design.console import Console
from weighbridge.design.policies import Capture, Edits, Fulfilment, Masters, Payments, Sale, Stock, Tax
from weighbridge.design.refunds import Refunds
from weighbridge.design.sections import Name, Part, SecretReference
from weighbridge.design.timing import Cadence, Monitors, Quota, Retry
from weighbridge.domain.exceptions.kinds import DEFAULT_AUTONOMY, Autonomy
from weighbridge.domain.findings.finding import FindingKind, Owner, default_owner

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


class BigCommerceAccount(Part):
    """One store and the API account that speaks for us."""

    api: Address = "https://api.bigcommerce.com"
    """Where the API answers; changed only to work against a twin."""
    store_hash: Name
    """The store's hash, as in the API path of its API account."""
    access_token: SecretReference
    """Token of the store-level API account."""
    client_secret: SecretReference | None = None
    """Signs the store's webhooks; without it hooks are known by their secret path and header only."""


class Cin7Account(Part):
    """One company and the API application that speaks for us."""

    api: Address = "https://inventory.dearsystems.com/ExternalApi/v2"
    """Where the API answers; changed only to work against a twin."""
    account_id: SecretReference
    """The company's account id."""
    application_key: SecretReference
    """Key of the API application made for Weighbridge."""


class Hooks(Part):
    """Webhooks of a connection; off by default, since they need a public address."""

    enabled: bool = False
    """Whether both platforms are asked to tell us of changes; needs `public_url` of the installation."""
    secret: SecretReference | None = None
    """Part of the path and of a header of every delivery; needed when enabled."""

    @model_validator(mode="after")
    def _secret_when_enabled(self) -> Hooks:
        if self.enabled and self.secret is None:
            raise ValueError("field 'secret' beside enabled = true")
        return self


Hours = Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False)]
"""Up to a year."""


class Design(Part):
    """The agreed operating model of a connection. Every transfer names the version it crossed under."""

    version: int = Field(default=1, ge=1)
    """Counted up by people when they agree on a change."""
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
    """Kind of finding -> who resolves it, where that differs from the default."""
    backups: dict[Owner, Owner] = Field(default_factory=dict)
    """Owner -> who stands in, told too once an exception is past its deadline, where that differs from the default."""
    deadlines: dict[FindingKind, Hours] = Field(default_factory=dict)
    """Kind of finding -> hours within which its exception should be resolved, where that differs from the default."""
    autonomy: dict[FindingKind, Autonomy] = Field(default_factory=dict)
    """Kind of finding -> `watch`, `suggest`, `approve` or `act`: how far its first safe action goes by itself."""
    skus: dict[Name, Name] = Field(default_factory=dict)
    """SKU of the shop -> Cin7 SKU that orders of it are for; its stock is not told until both are written alike."""

    @field_validator("backups")
    @classmethod
    def _nobody_stands_in_for_themselves(cls, backups: dict[Owner, Owner]) -> dict[Owner, Owner]:
        for owner, backup in backups.items():
            if owner is backup:
                raise ValueError(f"another owner to stand in for {owner}, not {owner} again")
        return backups

    @model_validator(mode="after")
    def _payments_need_accounts(self) -> Design:
        if self.sale.post == "invoice_and_payment" and not self.payments.accounts:
            raise ValueError(
                "field 'payments.accounts' to name an account for each tender, since sale.post is invoice_and_payment"
            )
        return self

    def autonomy_of(self, kind: FindingKind) -> Autonomy:
        """How far the first safe action of `kind` goes by itself under this design."""
        return self.autonomy.get(kind, DEFAULT_AUTONOMY.get(kind, Autonomy.SUGGEST))

    def owner_of(self, kind: FindingKind) -> Owner:
        """Who resolves findings of `kind` under this design."""
        return self.owners.get(kind, default_owner(kind))


def design_version(design: Design) -> str:
    """The name of exactly this design, `v3-1a2b3c4d`: its version and the first 8 hex digits of its SHA-256.

    Two designs that differ in any field, defaults included, have different names.
    """
    canonical = json.dumps(design.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"v{design.version}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"


class Connection(Part):
    """One store joined to one company."""

    bigcommerce: BigCommerceAccount
    cin7: Cin7Account
    hooks: Hooks = Hooks()
    design: Design


class Settings(Part):
    """What belongs to the installation, not to a merchant."""

    database: str = "sqlite:///weighbridge.db"
    """Weighbridge's own tables: `sqlite:///PATH` (relative to the configuration file) or `postgresql://...`."""
    engine_database: str = ""
    """The durable engine's tables; by default beside our own."""
    worker: Name = "worker-1"
    """Stable, and unique among processes on one database: unfinished work is resumed under this name."""
    clock: str = ""
    """Only for work against the twins: their clock, as they print it, `speed@wall@origin`."""
    host: Name = "127.0.0.1"
    """Address on which hooks and the operators' API are served."""
    port: int = Field(default=8800, ge=0, le=65535)
    """Port for the same; 0 takes any free one."""
    public_url: Annotated[str, AfterValidator(_web_address_if_any)] = ""
    """The address under which the platforms reach this process's hooks."""
    concurrency: int = Field(default=12, ge=1, le=200)
    """Looks that run side by side in one process."""
    polling_seconds: float = Field(default=0.1, gt=0, le=60)
    """How often the agenda is asked what is due; shorter is quicker and costs more of the processor."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe event that is logged."""

    @field_validator("database", "engine_database")
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


class Installation(Part):
    """Everything one `weighbridge.toml` says."""

    installation: Settings = Settings()
    console: Console = Console()
    alerts: Alerts = Alerts()
    connections: dict[ConnectionName, Connection] = Field(min_length=1)

    @model_validator(mode="after")
    def _stores_once(self) -> Installation:
        seen: dict[str, str] = {}
        for name, connection in self.connections.items():
            store = connection.bigcommerce.store_hash
            if store in seen:
                raise ValueError(f"each store in one connection; {store!r} stands in {seen[store]!r} and {name!r}")
            seen[store] = name
        return self

    @model_validator(mode="after")
    def _hooks_need_an_address(self) -> Installation:
        for name, connection in self.connections.items():
            if connection.hooks.enabled and not self.installation.public_url:
                raise ValueError(f"installation.public_url, since connection {name!r} has hooks enabled")
        return self

    def resolved(self, folder: Path) -> Installation:
        """The same with SQLite paths resolved against `folder`, and the engine's database named."""
        settings = self.installation
        ours = _resolve(settings.database, folder)
        engine = _resolve(settings.engine_database, folder) if settings.engine_database else _beside(ours)
        changed = settings.model_copy(update={"database": ours, "engine_database": engine})
        return self.model_copy(update={"installation": changed})


def _resolve(url: str, folder: Path) -> str:
    if url.startswith(SQLITE):
        return f"{SQLITE}{(folder / url.removeprefix(SQLITE)).resolve()}"
    return url


def _beside(url: str) -> str:
    """The engine's own database: another file on SQLite, the same database (its own schema) on PostgreSQL."""
    if not url.startswith(SQLITE):
        return url
    path = PurePosixPath(url.removeprefix(SQLITE))
    return f"{SQLITE}{path.with_name(path.stem + '-engine' + path.suffix)}"
