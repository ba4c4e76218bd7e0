"""What is kept of a study, for how long, and how it is erased."""

import logging
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from breastcancer_api.models import AuditEvent, Slice, Study

PURGE_SECONDS = 600  # between two looks of the timer
log = logging.getLogger(__name__)


def erase(study: Study) -> dict:
    """Erases all that is kept of ``study``; the receipt says what that was and names nobody.

    Work on a study that still runs ends at its next step.
    """
    with transaction.atomic():
        slices, _ = Slice.objects.filter(study=study).delete()
        receipt = {
            "study": str(study.pk),
            "erased_at": timezone.now().isoformat(),
            "rows": {"studies": 1, "slices": slices},
            "files": [],
        }
        Study.objects.filter(pk=study.pk).delete()
    return receipt


def purge(now: datetime | None = None) -> int:
    """Takes UIDs and file names from studies older than RETENTION_HOURS; how many those were."""
    now = now or timezone.now()
    old = now - timedelta(hours=settings.RETENTION_HOURS)
    due = Study.objects.filter(reduced_at=None, finished_at__lte=old).values_list("pk", flat=True)
    with transaction.atomic():
        keys = list(due)
        Slice.objects.filter(study__in=keys).update(file="", sop_instance_uids=[])
        Study.objects.filter(pk__in=keys).update(reduced_at=now)
        AuditEvent.objects.bulk_create(AuditEvent(action=AuditEvent.Action.REDUCED, study=key) for key in keys)
    return len(keys)


def purge_now_and_then() -> None:
    """Purges every PURGE_SECONDS, for as long as the process lives."""
    threading.Thread(target=_timer, name="purge", daemon=True).start()


def _timer() -> None:
    waiting = threading.Event()
    while not waiting.wait(PURGE_SECONDS):
        try:
            purge()
        except Exception as error:  # the database may be away; the next look comes
            log.error("purge failed: %s", type(error).__name__)
        finally:
            connections.close_all()
