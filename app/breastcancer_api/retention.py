"""What is kept of a study, for how long, and how it is erased."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone

from breastcancer_api import archives, kept
from breastcancer_api.models import AuditEvent, Slice, Study
from breastcancer_api.reducing import reduce
from breastcancer_api.remembered import forget
from breastcancer_api.timers import EvenClock, now_and_then

PORTION = 500  # studies that are reduced together: databases take only so many in one question
LOG_MILLISECONDS = 1000  # longest wait for those who read, as nobody can write meanwhile
PURGE_SECONDS = 600  # between two looks of the timer
JUMP_SECONDS = 60  # by which a clock that is put right in small steps stays
log = logging.getLogger(__name__)


def erase(study: Study, **sender: str) -> dict:
    """Erases all that is kept of ``study``; the receipt says what that was and names nobody. The trail keeps it, with
    ``sender`` as ``audit.sender`` tells it.

    Work on a study that still runs ends at its next step. Where a storage or the cache is away nothing is erased, and
    what it says is raised. What a storage fails to delete after all goes with the purge. Raises Http404 when the study
    is gone.
    """
    for stored in (archives, kept):
        stored.is_kept(study.pk)  # raises what a storage that is away says
    trace = AuditEvent(action=AuditEvent.Action.ERASED, study=study.pk, **sender)
    with transaction.atomic(durable=True):  # nothing is erased without a trace
        receipt = _erase_rows(study)
        _tell(trace, receipt)
    # Only who took the rows away comes here, and nobody waits for the database while files are read.
    receipt["files"] = archives.erase(study.pk) + kept.erase(study.pk)
    _tell(trace, receipt)
    return receipt


def _tell(trace: AuditEvent, receipt: dict) -> None:
    trace.detail = {"receipt": receipt}
    trace.save()


def _erase_rows(study: Study) -> dict:
    """The receipt, without files."""
    get_object_or_404(Study.objects.select_for_update(), pk=study.pk)  # its end is written before or not at all
    slices, _ = Slice.objects.filter(study=study).delete()
    Study.objects.filter(pk=study.pk).delete()
    forget(study)
    transaction.on_commit(_empty_log, robust=True)
    return {
        "study": str(study.pk),
        "erased_at": timezone.now().isoformat(),
        "rows": {"studies": 1, "slices": slices},
        "files": [],
    }


def purge(now: datetime | None = None) -> int:
    """Reduces studies older than RETENTION_HOURS, and deletes their pictures; how many those were."""
    now = now or timezone.now()
    old = now - timedelta(hours=settings.RETENTION_HOURS)
    due = Study.objects.filter(reduced_at=None, finished_at__lte=old).order_by("pk")  # one order: two purges may meet
    reduced = 0
    while portion := reduce(due[:PORTION], now):
        reduced += portion
    kept.erase_what_is_over()
    transaction.on_commit(_empty_log, robust=True)
    return reduced


def _empty_log() -> None:
    """Empties SQLite's write-ahead log, which repeats what was erased since; who reads meanwhile puts that off until
    the next purge.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        (usual,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {LOG_MILLISECONDS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        cursor.execute(f"PRAGMA busy_timeout = {usual}")


def purge_now_and_then() -> None:
    """Purges every PURGE_SECONDS, for as long as the process lives, but for the first time after the clock was set:
    what a clock that is wrong for a moment says is over would be gone."""
    now_and_then("purge", PURGE_SECONDS, partial(_purge_all, EvenClock(JUMP_SECONDS)))


def _purge_all(clock: EvenClock) -> None:
    if not clock.ran_evenly():
        log.warning("the clock was set: the purge waits for %d seconds", PURGE_SECONDS)
        return
    purge()
    orphans = archives.erase_orphans()
    if orphans:
        log.warning("deleted %d files of archives that no study waited for", orphans)
