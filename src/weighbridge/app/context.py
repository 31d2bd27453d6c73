"""App context: everything that pages and API work with, built once for one installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from weighbridge.access.oidc.provider import Provider
from weighbridge.access.service import Access
from weighbridge.common.cache import Cache
from weighbridge.common.clock import REAL_CLOCK, Clock, ScaledClock
from weighbridge.design.schema import Connection, Installation
from weighbridge.design.secrets import SecretFinder, resolve_metrics_token, resolve_provider_secret
from weighbridge.exceptions.lifecycle import ExceptionLifecycle
from weighbridge.exceptions.playbooks import PlaybookRunner
from weighbridge.exceptions.record_queries import ExceptionQueries
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.reports.status import sharing_stock


@dataclass(frozen=True, slots=True)
class AppContext:
    """One installation as the web and the command line see it."""

    installation: Installation
    folder: Path
    """The folder of the configuration file."""
    environment: Mapping[str, str]
    database: Database
    clock: Clock
    """The platforms' time; with the twins it may run faster."""
    wall_clock: Clock
    """The real time; sessions and the audit log use it."""
    access: Access
    repositories: Repositories
    exception_queries: ExceptionQueries
    lifecycle: ExceptionLifecycle
    playbook_runner: PlaybookRunner
    metrics_token: SecretStr | None = None
    """What `/metrics` asks for; without one, the console has no such address."""
    cache: Cache = field(default_factory=Cache)

    @classmethod
    def of(
        cls,
        installation: Installation,
        folder: Path,
        environment: Mapping[str, str],
        database: Database,
        wall_clock: Clock = REAL_CLOCK,
        *,
        without_sign_in: str = "",
    ) -> AppContext:
        """The app context over `database`, which it neither opens nor closes. Raises SecretsProblem.

        `without_sign_in` names a way in where nobody signs in, for the audit log; the secret of the identity provider
        is not needed there.
        """
        clock = ScaledClock.parse(installation.installation.clock) if installation.installation.clock else REAL_CLOCK
        console = installation.console
        secret = resolve_provider_secret(installation, folder, environment) if not without_sign_in else None
        access = Access.of(
            database,
            wall_clock,
            idle=timedelta(minutes=console.idle_minutes),
            longest=timedelta(hours=console.session_hours),
            provider=Provider(console.oidc, secret) if console.oidc is not None and not without_sign_in else None,
            via=without_sign_in,
        )
        return cls(
            installation=installation,
            folder=folder,
            environment=environment,
            database=database,
            clock=clock,
            wall_clock=wall_clock,
            access=access,
            repositories=Repositories.of(database, clock),
            exception_queries=ExceptionQueries(database, clock),
            lifecycle=ExceptionLifecycle(database, clock),
            playbook_runner=PlaybookRunner(
                database, clock, {name: connection.design for name, connection in installation.connections.items()}
            ),
            metrics_token=resolve_metrics_token(installation, folder, environment) if not without_sign_in else None,
        )

    @property
    def connections(self) -> Mapping[str, Connection]:
        return self.installation.connections

    @property
    def allows_passwords(self) -> bool:
        """Whether users may sign in with a password."""
        oidc = self.installation.console.oidc
        return oidc is None or oidc.passwords

    @property
    def is_secure(self) -> bool:
        """Whether the console is reached by HTTPS, so that cookies must be sent by HTTPS only."""
        return self.installation.console.public_url.startswith("https://")

    @property
    def account_ids(self) -> Mapping[str, str]:
        """Connection -> id of its Cin7 account; empty for an id that cannot be read here."""
        finder = SecretFinder(self.folder, self.environment)
        return {
            name: finder.find(f"connections.{name}.cin7.account_id", connection.cin7.account_id).get_secret_value()
            for name, connection in self.connections.items()
        }

    def sharing(self, connection: str) -> tuple[str, ...]:
        """The connections that sell the stock of the same company, `connection` among them."""
        return sharing_stock(self.installation, SecretFinder(self.folder, self.environment), connection)


def app_context_of(request: HTTPConnection) -> AppContext:
    """The app context of the application that answers `request`."""
    app = request.app.state.app_context
    assert isinstance(app, AppContext)
    return app
