"""Client factory: builds the HTTP clients of a connection with their address, credentials, budget and timeouts."""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.design.secrets import Secrets
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Repositories
from weighbridge.platforms.api_credentials import bigcommerce_budget, cin7_budget
from weighbridge.platforms.bigcommerce.api_profile import BigCommerceApiProfile
from weighbridge.platforms.cin7.api_profile import Cin7ApiProfile
from weighbridge.platforms.clock_offsets import ClockOffsets
from weighbridge.platforms.http_client import HttpClient, Timeouts


def timeouts_of(connection: Connection) -> Timeouts:
    """How long calls of a connection may take. Authorising a long order is slow. Source: platform notes, cin7 1.6."""
    write = connection.design.retry.call_timeout_seconds
    return Timeouts(read=min(write, Timeouts().read), write=write)


@dataclass(frozen=True, slots=True)
class ClientFactory:
    """Builds HTTP clients whose every exchange is stored in the HTTP log."""

    database: Database
    repositories: Repositories
    clock: Clock
    clock_offsets: ClockOffsets = field(default_factory=ClockOffsets)

    def bigcommerce_http(self, name: str, connection: Connection, secrets: Secrets) -> HttpClient:
        """The client for BigCommerce, with the store's token and within its quota."""
        account = connection.bigcommerce
        return HttpClient(
            BigCommerceApiProfile(),
            f"{account.api}/stores/{account.store_hash}",
            {"x-auth-token": secrets.access_token.get_secret_value(), "user-agent": "Weighbridge"},
            connection=name,
            clock=self.clock,
            budget=bigcommerce_budget(self.database, self.clock, connection),
            recorder=self.repositories.http_log,
            timeouts=timeouts_of(connection),
            dated_answers=self.clock_offsets.answers_of("bigcommerce"),
        )

    def cin7_http(self, name: str, connection: Connection, secrets: Secrets) -> HttpClient:
        """The client for Cin7 Core, with the company's keys and within the quota of this application."""
        account_id = secrets.account_id.get_secret_value()
        headers = {
            "api-auth-accountid": account_id,
            "api-auth-applicationkey": secrets.application_key.get_secret_value(),
            "user-agent": "Weighbridge",
        }
        return HttpClient(
            Cin7ApiProfile(),
            connection.cin7.api,
            headers,
            connection=name,
            clock=self.clock,
            budget=cin7_budget(self.database, self.clock, connection, account_id),
            recorder=self.repositories.http_log,
            timeouts=timeouts_of(connection),
            dated_answers=self.clock_offsets.answers_of("cin7"),
        )
