"""Which function does each job, how often the design lets it run, and whether the design asks for it at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta

from weighbridge.design.schema import Connection
from weighbridge.domain.findings.finding import hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.job_types import BY_FLOW, RECURRING, WHOLE_CONNECTION, Flow
from weighbridge.flows.catalogue.flow import catalogue
from weighbridge.flows.context import ConnectionContext
from weighbridge.flows.discovery.sweeps import fulfilment_sweep, order_sweep
from weighbridge.flows.discovery.webhooks import webhooks
from weighbridge.flows.evaluation import record_evaluation
from weighbridge.flows.fulfilment.flow import fulfilment
from weighbridge.flows.orders.duplicate_sales import void_duplicates
from weighbridge.flows.orders.flow import orders
from weighbridge.flows.orders.replay import replay
from weighbridge.flows.reference_data.load import reference_data
from weighbridge.flows.retention.flow import CADENCE as RETENTION_CADENCE
from weighbridge.flows.retention.flow import retention
from weighbridge.flows.returns.flow import refunds
from weighbridge.flows.stock.fast_lane import stock_fast
from weighbridge.flows.stock.flow import stock
from weighbridge.flows.stock.parity import stock_parity
from weighbridge.flows.stock.publish_decreases import stock_decreases
from weighbridge.flows.stock.stale_allocations import stale_allocations
from weighbridge.jobs.runner import JobTypes
from weighbridge.monitors.runner import monitors
from weighbridge.persistence.repositories.job_queue import Job

HANDLERS: Mapping[Flow, Callable[[ConnectionContext, str], Coroutine[object, object, str]]] = {
    Flow.ORDERS: orders,
    Flow.REPLAY: replay,
    Flow.VOID_DUPLICATES: void_duplicates,
    Flow.REFUNDS: refunds,
    Flow.FULFILMENT: fulfilment,
    Flow.ORDER_SWEEP: order_sweep,
    Flow.FULFILMENT_SWEEP: fulfilment_sweep,
    Flow.STOCK: stock,
    Flow.STOCK_FAST: stock_fast,
    Flow.STOCK_DECREASES: stock_decreases,
    Flow.REFERENCE_DATA: reference_data,
    Flow.WEBHOOKS: webhooks,
    Flow.CATALOGUE: catalogue,
    Flow.STALE_ALLOCATIONS: stale_allocations,
    Flow.MONITORS: monitors,
    Flow.STOCK_PARITY: stock_parity,
    Flow.RETENTION: retention,
}
"""The handler of every job type in `domain/job_types.py`."""


def cadence_of(connection: Connection, flow: str) -> timedelta | None:
    """How often the design lets a recurring job run; None for jobs of single objects."""
    design = connection.design
    seconds = {
        Flow.ORDER_SWEEP: design.cadence.orders_seconds,
        Flow.FULFILMENT_SWEEP: design.cadence.fulfilment_seconds,
        Flow.WEBHOOKS: design.cadence.webhooks_seconds,
        Flow.REFERENCE_DATA: design.cadence.reference_data_seconds,
        Flow.STOCK: design.stock.cadence_seconds,
        Flow.STOCK_FAST: design.stock.fast_lane_seconds,
        Flow.STOCK_PARITY: design.stock.parity_hours * 3600,
        Flow.CATALOGUE: design.catalogue.cadence_seconds,
        Flow.STALE_ALLOCATIONS: 86400,
        Flow.MONITORS: design.monitors.cadence_seconds,
        Flow.RETENTION: RETENTION_CADENCE.total_seconds(),
    }.get(Flow(flow))
    return None if seconds is None else timedelta(seconds=float(seconds))


def is_enabled(connection: Connection, flow: Flow) -> bool:
    """Whether the connection's design asks for a recurring job at all."""
    design = connection.design
    switches = {
        Flow.CATALOGUE: design.catalogue.enabled,
        Flow.STOCK_FAST: bool(design.stock.fast_lane),
        Flow.WEBHOOKS: connection.webhooks.enabled,
    }
    return switches.get(flow, True)


def recurring_cadences(connections: Mapping[str, Connection]) -> dict[tuple[str, Flow], timedelta]:
    """The cadence of every recurring job (connection, flow) that the designs ask for."""
    return {
        (name, flow): cadence
        for name, connection in connections.items()
        for flow in RECURRING
        if is_enabled(connection, flow) and (cadence := cadence_of(connection, flow)) is not None
    }


def next_run(ctx: ConnectionContext, job: Job) -> timedelta | None:
    """How long after its end a job is due again; None for jobs that do not recur."""
    if job.key != WHOLE_CONNECTION or job.flow not in RECURRING or not is_enabled(ctx.connection, Flow(job.flow)):
        return None
    return cadence_of(ctx.connection, job.flow)


async def give_up(ctx: ConnectionContext, job: Job) -> None:
    """Holds the object of a job whose runs failed or crashed their worker one after the other."""
    transfer = await ctx.repositories.transfers.open(ctx.name, job.flow, job.key)
    value = f"{job.failures} runs in a row failed or crashed their worker"
    expected = "a run that ends; an administrator reads the worker's log, then requests a new job"
    finding = hold(FindingKind.UNEXPECTED_ERROR, f"job {BY_FLOW[Flow(job.flow)].label} {job.key}", value, expected)
    await record_evaluation(ctx, transfer, (finding,))


JOB_RUNS = JobTypes(HANDLERS, next_run, give_up)
