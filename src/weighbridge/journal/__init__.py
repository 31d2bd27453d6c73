"""The journal: the record of what crossed, what is to be looked at, and what both platforms showed."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.common.clock import Clock
from weighbridge.journal.agenda import Agenda
from weighbridge.journal.attempts import Attempts
from weighbridge.journal.catalogue import Catalogue
from weighbridge.journal.designs import Designs
from weighbridge.journal.exceptions import FollowedExceptions
from weighbridge.journal.exchanges import Exchanges
from weighbridge.journal.exposures import Exposures
from weighbridge.journal.inbox import Inbox
from weighbridge.journal.intents import Intents
from weighbridge.journal.listings import Listings
from weighbridge.journal.promises import Promises
from weighbridge.journal.references import References
from weighbridge.journal.responsibility import Responsibility
from weighbridge.journal.stalls import Stalls
from weighbridge.journal.stock_levels import StockLevels
from weighbridge.journal.transfers import Transfers
from weighbridge.journal.watching import Watching
from weighbridge.journal.watermarks import Watermarks
from weighbridge.journal.words import Words
from weighbridge.journal.workers import Workers
from weighbridge.persistence.database import Database


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
