"""What a study keeps once its time is over: its numbers, and nothing that leads to an exam or to who sent it."""

from datetime import datetime

from django.db import transaction

from breastcancer_api.models import AuditEvent, Slice, Study, StudyQuerySet

NOWHERE = {"file": "", "sop_instance_uids": []}  # of a slice
UNKEYED = {"idempotency_key": "", "fingerprint": ""}  # of a study


def reduce(studies: StudyQuerySet, now: datetime) -> int:
    """Takes UIDs, file names and what came with a key from ``studies``; how many those were. Each leaves a trace."""
    with transaction.atomic():
        keys = list(studies.select_for_update().values_list("pk", flat=True))
        Study.objects.filter(pk__in=keys).update(reduced_at=now, **UNKEYED)
        Slice.objects.filter(study__in=keys).update(**NOWHERE)
        AuditEvent.objects.bulk_create(AuditEvent(action=AuditEvent.Action.REDUCED, study=key) for key in keys)
    return len(keys)
