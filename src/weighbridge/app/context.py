"""The office: everything that pages and API work with, wired once for one installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from starlette.requests import HTTPConnection

from weighbridge.access.oidc.provider import Provider
from weighbridge.access.service import Access
from weighbridge.common.cache import Memory
from weighbridge.common.clock import REAL_CLOCK, Clock, ScaledClock
from weighbridge.design.schema import Connection, Installation
from weighbridge.design.secrets import SecretFinder, resolve_provider_secret
from weighbridge.exceptions.lifecycle import ExceptionDesk
from weighbridge.exceptions.playbooks import Playbooks
from weighbridge.exceptions.record_queries import CaseFile
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.reports.status import sharing_stock


@dataclass(frozen=True, slots=True)
class Office:
    """What the console knows of its installation."""

    installation: Installation
    folder: Path
    """The configuration file's."""
    environment: Mapping[str, str]
    database: Database
    clock: Clock
    """The platforms' time; against the twins it may run faster."""
    people: Clock
    """The time that people live in: sessions and audit go by it."""
    access: Access
    journal: Journal
    cases: CaseFile
    desk: ExceptionDesk
    playbooks: Playbooks
    memory: Memory = field(default_factory=Memory)

    @classmethod
    def of(
        cls,
        installation: Installation,
        folder: Path,
        environment: Mapping[str, str],
        database: Database,
        people: Clock = REAL_CLOCK,
    ) -> Office:
        """The office over `database`; it opens and closes nothing. Raises SecretsProblem."""
        clock = ScaledClock.parse(installation.installation.clock) if installation.installation.clock else REAL_CLOCK
        console = installation.console
        secret = resolve_provider_secret(installation, folder, environment)
        access = Access.of(
            database,
            people,
            idle=timedelta(minutes=console.idle_minutes),
            longest=timedelta(hours=console.session_hours),
            provider=Provider(console.oidc, secret) if console.oidc is not None else None,
        )
        return cls(
            installation=installation,
            folder=folder,
            environment=environment,
            database=database,
            clock=clock,
            people=people,
            access=access,
            journal=Journal.of(database, clock),
            cases=CaseFile(database, clock),
            desk=ExceptionDesk(database, clock),
            playbooks=Playbooks(database, clock, {name: one.design for name, one in installation.connections.items()}),
        )

    @property
    def connections(self) -> Mapping[str, Connection]:
        return self.installation.connections

    @property
    def takes_passwords(self) -> bool:
        """Whether people may sign in with a password."""
        oidc = self.installation.console.oidc
        return oidc is None or oidc.passwords

    @property
    def is_secure(self) -> bool:
        """Whether people come by HTTPS, so that cookies must not travel otherwise."""
        return self.installation.console.public_url.startswith("https://")

    def sharing(self, connection: str) -> tuple[str, ...]:
        """The connections that sell the same company's stock."""
        return sharing_stock(self.installation, SecretFinder(self.folder, self.environment), connection)


def office_of(request: HTTPConnection) -> Office:
    """The office of the application that answers `request`."""
    office = request.app.state.office
    assert isinstance(office, Office)
    return office
