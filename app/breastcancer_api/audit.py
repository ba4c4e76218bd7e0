"""The trail of who sent, read and erased what."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from breastcancer_api.models import AuditEvent, Study

LOOKING = timedelta(hours=1)


def record(request: Request | HttpRequest, action: AuditEvent.Action, study: Study, **detail: object) -> None:
    """Keeps that the sender of ``request`` did ``action`` to ``study``."""
    AuditEvent.objects.create(action=action, study=study.pk, detail=detail, **sender(request))


def looked_at(request: Request, study: Study) -> Study:
    """As ``read``, for what is asked for many times while somebody looks: one trace an hour."""
    lately = timezone.now() - LOOKING
    by = sender(request)
    known = AuditEvent.objects.filter(action=AuditEvent.Action.READ, study=study.pk, at__gt=lately, **by)
    return study if known.exists() else read(request, study)


def read(request: Request | HttpRequest, study: Study) -> Study:
    """``study``, whose result goes out to the sender of ``request``; how far it is may be asked without a trace."""
    if study.final:
        record(request, AuditEvent.Action.READ, study)
    return study


def sender(request: Request | HttpRequest) -> dict[str, str]:
    """What the trail tells of the sender of ``request``."""
    token = getattr(getattr(request, "auth", None), "name", "")  # the admin knows of no tokens
    return {"user": request.user.get_username(), "token": token}
