"""What this process counts for Prometheus (docs/monitoring.md). Labels are words of our own, never a sender's."""

import time
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from breastcancer_api.addresses import OTHER

disable_created_metrics()  # when each counter began: as many figures again, which nobody asks for
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
STAGE_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
REQUEST_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

EXAMS = Counter("breastwise_exams", "Exams that ended, and the code of why without a result.", ("state", "code"))
SLICES = Counter("breastwise_slices", "Slices that were answered.")
STAGES = Histogram("breastwise_stage_seconds", "Seconds of each stage of an exam.", ("stage",), buckets=STAGE_SECONDS)
IN_HAND = Gauge("breastwise_exams_in_hand", "Exams that this process reads now.")
PROBLEMS = Counter("breastwise_problems", "Errors that were answered over HTTP.", ("code",))
INCIDENTS = Counter("breastwise_incidents", "Failures that were not foreseen; the log tells of each.")
REQUESTS = Counter("breastwise_requests", "Requests that were answered.", ("view", "method", "status"))
SECONDS = Histogram("breastwise_request_seconds", "Seconds to an answer.", ("view",), buckets=REQUEST_SECONDS)
NETWORKS = Gauge("breastwise_network_info", "1 for each network in use.", ("role", "name", "version", "sha256"))
BUILD = Gauge("breastwise_build_info", "1 for what runs.", ("version", "device", "precision"))


def ended(state: str, code: str = "", exams: int = 1) -> None:
    """``exams`` ended as ``state``; ``code`` of the problem of those without a result."""
    EXAMS.labels(state, code).inc(exams)


def done(slices: int, seconds: Mapping[str, float]) -> None:
    """An exam of so many ``slices`` was answered; ``seconds`` by stage."""
    ended("done")
    SLICES.inc(slices)
    for stage, spent in seconds.items():
        STAGES.labels(stage).observe(spent)


def uses(network: Mapping[str, str]) -> None:
    """This process, or the workers it sends exams to, use the ``network`` (``networks.identity``)."""
    NETWORKS.labels(**network).set(1)


def count_requests(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: counts requests by view, method and status, and how long each took to an answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.monotonic()
        response = get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else OTHER
        method = request.method if request.method in METHODS else OTHER
        REQUESTS.labels(view, method, response.status_code).inc()
        SECONDS.labels(view).observe(time.monotonic() - begun)
        return response

    return middleware
