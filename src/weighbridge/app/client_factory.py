"""The roads of a connection to its platforms: where they lead, under which name, budget and patience."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.common.clock import Clock
from weighbridge.design.schema import Connection
from weighbridge.design.secrets import Secrets
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories import Journal
from weighbridge.platforms.api_credentials import books_budget, shop_budget
from weighbridge.platforms.bigcommerce.api_profile import BigCommerceDialect
from weighbridge.platforms.cin7.api_profile import Cin7Dialect
from weighbridge.platforms.http_client import Timeouts, Transport
from weighbridge.platforms.http_exchange import Exchange


class JournalRecorder:
    """Keeps every exchange of the clients in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def record(self, exchange: Exchange) -> None:
        await self._journal.exchanges.store(
            connection=exchange.connection,
            platform=exchange.platform,
            method=exchange.method,
            url=exchange.url,
            request=exchange.request,
            status=exchange.status,
            response=exchange.response,
            started_at=exchange.started_at,
            duration_ms=exchange.duration_ms,
            outcome=exchange.outcome,
        )


def timeouts_of(connection: Connection) -> Timeouts:
    """How long calls of a connection may take. Authorising a long order is slow. Source: platform notes, cin7 1.6."""
    write = connection.design.retry.call_timeout_seconds
    return Timeouts(read=min(write, Timeouts().read), write=write)


@dataclass(frozen=True, slots=True)
class Roads:
    """Makes the transports of connections; every exchange on them is kept in the journal."""

    database: Database
    journal: Journal
    clock: Clock

    def to_shop(self, name: str, connection: Connection, secrets: Secrets) -> Transport:
        """To BigCommerce, with the store's token and within its quota."""
        account = connection.bigcommerce
        return Transport(
            BigCommerceDialect(),
            f"{account.api}/stores/{account.store_hash}",
            {"x-auth-token": secrets.access_token.get_secret_value(), "user-agent": "Weighbridge"},
            connection=name,
            clock=self.clock,
            budget=shop_budget(self.database, self.clock, connection),
            recorder=JournalRecorder(self.journal),
            timeouts=timeouts_of(connection),
        )

    def to_books(self, name: str, connection: Connection, secrets: Secrets) -> Transport:
        """To Cin7 Core, with the company's keys and within the quota of this application."""
        account_id = secrets.account_id.get_secret_value()
        headers = {
            "api-auth-accountid": account_id,
            "api-auth-applicationkey": secrets.application_key.get_secret_value(),
            "user-agent": "Weighbridge",
        }
        return Transport(
            Cin7Dialect(),
            connection.cin7.api,
            headers,
            connection=name,
            clock=self.clock,
            budget=books_budget(self.database, self.clock, connection, account_id),
            recorder=JournalRecorder(self.journal),
            timeouts=timeouts_of(connection),
        )
