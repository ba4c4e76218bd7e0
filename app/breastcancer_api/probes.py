"""Is the process alive, and can it answer an upload?"""

from django.conf import settings
from django.db import Error, connection
from kombu.exceptions import OperationalError
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from breastcancer_api import schema
from breastcancer_api.networks import identity, networks
from breastcancer_api.tasks import waiting


class Unavailable(APIException):
    status_code, default_code = 503, "unavailable"


class Probe(APIView):
    """Asks for no token and is not counted."""

    authentication_classes = permission_classes = throttle_classes = ()
    renderer_classes = (JSONRenderer,)


class Alive(Probe):
    """``GET /livez``."""

    @schema.ALIVE
    def get(self, request):  # noqa: ARG002
        return Response({"status": "alive"})


class Ready(Probe):
    """``GET /readyz``: 200 once the database answers and both networks are in memory; where workers have those, the
    broker instead."""

    @schema.READY
    def get(self, request):  # noqa: ARG002
        _ask_database()
        if settings.EXECUTION == "celery":
            return Response({"status": "ready", "exams_waiting": _exams_waiting()})
        return Response({"status": "ready", "networks": [identity(card) for card in networks().cards()]})


def _ask_database() -> None:
    """Raises Unavailable."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        raise Unavailable("The database does not answer.") from error


def _exams_waiting() -> int:
    """Raises Unavailable."""
    try:
        return waiting()
    except OperationalError as error:
        raise Unavailable("The broker does not answer; exams wait for it.") from error
