"""Is the process alive, and can it answer an upload?"""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from breastcancer_api.networks import identity, networks
from breastcancer_api.problems import CONTENT_TYPE, problem
from breastcancer_api.tasks import waiting


@require_safe
def livez(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 once the database answers and both networks are in memory; where workers have those, the broker instead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if settings.EXECUTION == "celery":
        return _broker()
    return JsonResponse({"status": "ready", "networks": [identity(card) for card in networks().cards()]})


def _broker() -> JsonResponse:
    try:
        return JsonResponse({"status": "ready", "exams_waiting": waiting()})
    except OperationalError:
        body = problem(503, "unavailable", "The server is not ready", "The broker does not answer; exams wait for it.")
        return JsonResponse(body, status=503, content_type=CONTENT_TYPE)
