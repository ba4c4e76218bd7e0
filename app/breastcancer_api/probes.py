"""Is the process alive, and can it answer an upload?"""

from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from breastcancer_api import readiness, schema
from breastcancer_api.networks import cards, identity


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
    """``GET /readyz``: 200 with the parts that an exam needs once all of them can be used, and the networks that read
    exams; else which parts cannot be used, and why."""

    @schema.READY
    def get(self, request):  # noqa: ARG002
        missing = readiness.missing()
        if missing:
            raise Unavailable(" ".join(missing.values()))
        told = {"status": "ready", "parts": list(readiness.parts())}
        return Response(told | {"networks": [identity(card) for card in cards()]})
