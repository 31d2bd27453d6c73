"""The journal: the record of what crossed, what is to be looked at, and what both platforms showed."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.attempts import Attempts
from weighbridge.persistence.repositories.catalogue import Catalogue
from weighbridge.persistence.repositories.decisions import Words
from weighbridge.persistence.repositories.designs import Designs
from weighbridge.persistence.repositories.escalation_policy import Responsibility
from weighbridge.persistence.repositories.exception_records import FollowedExceptions
from weighbridge.persistence.repositories.http_log import Exchanges
from weighbridge.persistence.repositories.intents import Intents
from weighbridge.persistence.repositories.job_queue import Agenda
from weighbridge.persistence.repositories.listings import Listings
from weighbridge.persistence.repositories.lost_jobs import Stalls
from weighbridge.persistence.repositories.monitoring_facts import Watching
from weighbridge.persistence.repositories.oversell_risk import Exposures
from weighbridge.persistence.repositories.reference_cache import References
from weighbridge.persistence.repositories.reservations import Promises
from weighbridge.persistence.repositories.stock_levels import StockLevels
from weighbridge.persistence.repositories.transfers import Transfers
from weighbridge.persistence.repositories.watermarks import Watermarks
from weighbridge.persistence.repositories.webhook_inbox import Inbox
from weighbridge.persistence.repositories.workers import Workers


@dataclass(frozen=True, slots=True)
class Journal:
    """All records of one installation."""

    agenda: Agenda
    attempts: Attempts
    catalogue: Catalogue
    designs: Designs
    exceptions: FollowedExceptions
    exchanges: Exchanges
    exposures: Exposures
    inbox: Inbox
    intents: Intents
    listings: Listings
    promises: Promises
    references: References
    responsibility: Responsibility
    stalls: Stalls
    stock_levels: StockLevels
    transfers: Transfers
    watching: Watching
    watermarks: Watermarks
    words: Words
    workers: Workers

    @classmethod
    def of(cls, database: Database, clock: Clock) -> Journal:
        """The journal kept in `database`."""
        agenda = Agenda(database, clock)
        exceptions = FollowedExceptions(database, clock)
        return cls(
            agenda=agenda,
            attempts=Attempts(database, clock),
            catalogue=Catalogue(database, clock),
            designs=Designs(database, clock),
            exceptions=exceptions,
            exchanges=Exchanges(database),
            exposures=Exposures(database, clock),
            inbox=Inbox(database, clock, agenda),
            intents=Intents(database, clock),
            listings=Listings(database, clock),
            promises=Promises(database, clock),
            references=References(database, clock),
            responsibility=Responsibility(database, clock),
            stalls=Stalls(database),
            stock_levels=StockLevels(database, clock),
            transfers=Transfers(database, clock, exceptions),
            watching=Watching(database),
            watermarks=Watermarks(database),
            words=Words(database, clock),
            workers=Workers(database, clock),
        )
