"""How Prometheus reads the figures: of the web at ``/metrics``, of a worker at an address of its own."""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db import Error
from django.db.models import Count, Min
from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from rest_framework.views import APIView

from breastcancer_api import readiness, schema
from breastcancer_api.models import Study

log = logging.getLogger(__name__)


class Present(Collector):
    """How things stand when somebody asks, of all processes that share the database."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _gauge("breastwise_ready", "1 for each part that can be used.", "part", _ready())
        yield _gauge("breastwise_free_bytes", "Free bytes where a part keeps files.", "part", _free())
        places = {"reading": settings.THREADS, "queued": settings.QUEUE}
        yield _gauge("breastwise_places", "Exams that may be read or wait at a time.", "state", places)
        try:
            states, longest = _unfinished()
        except Error:  # breastwise_ready tells
            return
        yield _gauge("breastwise_studies", "Studies without an end yet.", "state", states)
        yield GaugeMetricFamily("breastwise_longest_wait_seconds", "Since the first of the queue came.", value=longest)


def _gauge(name: str, meaning: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=(label,))
    for each, value in values.items():
        family.add_metric((each,), value)
    return family


def _ready() -> dict[str, float]:
    missing = readiness.missing()
    return {name: float(name not in missing) for name in readiness.parts()}


def _free() -> dict[str, float]:
    return {name: readiness.free(folder) for name, folder in readiness.folders().items()}


def _unfinished() -> tuple[dict[str, float], float]:
    """Studies by state, and seconds since the first one that waits came."""
    unfinished = Study.objects.unfinished().order_by()
    counted = dict(unfinished.values_list("state").annotate(Count("pk")))
    first = unfinished.queued().aggregate(at=Min("created_at"))["at"]
    states = {state.value: counted.get(state.value, 0) for state in (Study.State.QUEUED, *Study.RUNNING)}
    return states, (timezone.now() - first).total_seconds() if first else 0.0


PRESENT = CollectorRegistry()
PRESENT.register(Present())


class MetricsView(APIView):
    """``GET /metrics``. Asks for a token where the API does."""

    @schema.METRICS
    def get(self, request):  # noqa: ARG002
        return HttpResponse(generate_latest(REGISTRY) + generate_latest(PRESENT), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def serve_worker() -> None:
    """Answers at WORKER_METRICS, where that is set, with what this process has counted."""
    if not settings.WORKER_METRICS:
        return
    host, port = settings.WORKER_METRICS
    try:
        start_http_server(port, host)
    except OSError as error:  # exams are worth more than figures
        log.error("WORKER_METRICS cannot be listened at: %s", error.strerror)
