"""The trail of who sent, read and erased what."""

from django.http import HttpRequest
from rest_framework.request import Request

from breastcancer_api.models import AuditEvent, Study


def record(request: Request | HttpRequest, action: AuditEvent.Action, study: Study, **detail: object) -> None:
    """Keeps that the sender of ``request`` did ``action`` to ``study``."""
    AuditEvent.objects.create(
        action=action,
        study=study.pk,
        user=request.user.get_username(),
        token=getattr(getattr(request, "auth", None), "name", ""),  # the admin knows of no tokens
        detail=detail,
    )


def read(request: Request | HttpRequest, study: Study) -> Study:
    """``study``, whose result goes out to the sender of ``request``; how far it is may be asked without a trace."""
    if study.final:
        record(request, AuditEvent.Action.READ, study)
    return study
