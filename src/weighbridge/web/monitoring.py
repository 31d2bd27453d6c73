"""The addresses for monitoring systems, on both servers: /health/live, /health/ready and /metrics."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from weighbridge.queries.health import Readiness, Watched
from weighbridge.queries.metric_list import METRICS, Metric, MetricType
from weighbridge.queries.metrics import Metrics, Sample

READY, NOT_READY = 200, 503
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class MonitoringEndpoints:
    """What one server answers to a monitoring system."""

    readiness: Readiness
    metrics: Metrics
    token: SecretStr | None
    """What a scrape must present; without one there is no /metrics."""

    @classmethod
    def of(cls, watched: Watched, token: SecretStr | None) -> MonitoringEndpoints:
        """The endpoints of a process."""
        return cls(Readiness(watched), Metrics(watched), token)


def add_monitoring(app: FastAPI, endpoints: MonitoringEndpoints) -> None:
    """Adds the three addresses to a server."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"}, headers=NO_STORE)

    async def ready(_request: Request) -> Response:
        problems = await endpoints.readiness.problems()
        listed = [{"id": problem.id, "sentence": problem.sentence} for problem in problems]
        content = {"status": "not ready" if listed else "ready", "problems": listed}
        return JSONResponse(content, status_code=NOT_READY if listed else READY, headers=NO_STORE)

    async def metrics(request: Request) -> Response:
        if endpoints.token is None:
            return Response(status_code=404)
        if not _presents(request, endpoints.token):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        samples = await endpoints.metrics.samples(await endpoints.readiness.problems())
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        registry = CollectorRegistry()
        registry.register(_Samples(samples))
        ProcessCollector(registry=registry)
        return Response(encode(registry), headers=NO_STORE, media_type=content_type)

    # Plain routes: no model, and the same answer whoever asks.
    for path, endpoint in (("/health/live", live), ("/health/ready", ready), ("/metrics", metrics)):
        app.router.add_route(path, endpoint, methods=["GET"])


class _Samples(Collector):
    """Samples in the form that the Prometheus library renders."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = list(samples)

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Every metric of the list, with its samples."""
        for metric in METRICS:
            family = _family(metric)
            for sample in self._samples:
                if sample.metric is metric:
                    family.add_metric(sample.labels, sample.value)
            yield family


def _family(metric: Metric) -> GaugeMetricFamily | CounterMetricFamily:
    kind = CounterMetricFamily if metric.type is MetricType.COUNTER else GaugeMetricFamily
    return kind(metric.name, metric.meaning, labels=metric.labels)


def _presents(request: Request, token: SecretStr) -> bool:
    presented = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(presented.encode(), token.get_secret_value().encode())
