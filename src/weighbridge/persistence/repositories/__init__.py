"""The repositories: transfers, the job queue, the HTTP log, and what was read from both platforms."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.common.clock import Clock
from weighbridge.persistence.database import Database
from weighbridge.persistence.repositories.attempts import Attempts, Intents
from weighbridge.persistence.repositories.decisions import Decisions
from weighbridge.persistence.repositories.designs import Designs
from weighbridge.persistence.repositories.escalation_policy import EscalationPolicy
from weighbridge.persistence.repositories.exception_records import ExceptionRecords
from weighbridge.persistence.repositories.http_log import HttpLog
from weighbridge.persistence.repositories.job_queue import JobQueue
from weighbridge.persistence.repositories.listings import Listings
from weighbridge.persistence.repositories.monitoring_facts import MonitoringFacts
from weighbridge.persistence.repositories.oversell_risk import OversellRisk
from weighbridge.persistence.repositories.reference_data import Catalogue, ReferenceCache
from weighbridge.persistence.repositories.reservations import Reservations
from weighbridge.persistence.repositories.restores import Restores
from weighbridge.persistence.repositories.retention import Retention
from weighbridge.persistence.repositories.stock_levels import StockLevels
from weighbridge.persistence.repositories.transfers import Transfers
from weighbridge.persistence.repositories.watermarks import Watermarks
from weighbridge.persistence.repositories.webhook_inbox import WebhookInbox
from weighbridge.persistence.repositories.workers import Workers


@dataclass(frozen=True, slots=True)
class Repositories:
    """The repositories of one installation."""

    job_queue: JobQueue
    attempts: Attempts
    catalogue: Catalogue
    designs: Designs
    exception_records: ExceptionRecords
    http_log: HttpLog
    oversell_risk: OversellRisk
    webhook_inbox: WebhookInbox
    intents: Intents
    listings: Listings
    reservations: Reservations
    reference_cache: ReferenceCache
    restores: Restores
    retention: Retention
    escalation_policy: EscalationPolicy
    stock_levels: StockLevels
    transfers: Transfers
    monitoring_facts: MonitoringFacts
    watermarks: Watermarks
    decisions: Decisions
    workers: Workers

    @classmethod
    def of(cls, database: Database, clock: Clock) -> Repositories:
        """The repositories over `database`."""
        job_queue = JobQueue(database, clock)
        exception_records = ExceptionRecords(database, clock)
        return cls(
            job_queue=job_queue,
            attempts=Attempts(database, clock),
            catalogue=Catalogue(database, clock),
            designs=Designs(database, clock),
            exception_records=exception_records,
            http_log=HttpLog(database),
            oversell_risk=OversellRisk(database, clock),
            webhook_inbox=WebhookInbox(database, clock, job_queue),
            intents=Intents(database, clock),
            listings=Listings(database, clock),
            reservations=Reservations(database, clock),
            reference_cache=ReferenceCache(database, clock),
            restores=Restores(database),
            retention=Retention(database, clock),
            escalation_policy=EscalationPolicy(database, clock),
            stock_levels=StockLevels(database, clock),
            transfers=Transfers(database, clock, exception_records),
            monitoring_facts=MonitoringFacts(database),
            watermarks=Watermarks(database),
            decisions=Decisions(database, clock),
            workers=Workers(database, clock),
        )
