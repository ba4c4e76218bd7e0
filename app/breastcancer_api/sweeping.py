"""What sees to it that every queued study is read: lost messages are sent again, studies of lost workers too."""

import logging
import uuid

from django.db.models.functions import Now
from django.utils import timezone

from breastcancer_api import archives, metrics
from breastcancer_api.models import Study
from breastcancer_api.tasks import deliver, waiting
from breastcancer_api.timers import now_and_then

SWEEP_SECONDS = 5  # between two sweeps
STALE_SECONDS = 30  # without a sign of life (claims.py): its worker is lost
LOST_SECONDS = 10  # after which the message of a queued study may be missed
MOST_ATTEMPTS = 2  # an exam that has cost so many workers is not given to another
POISON = {
    "status": 500,
    "code": "worker_lost",
    "title": "The work was lost",
    "detail": f"The process that read this exam ended without an answer, {MOST_ATTEMPTS} times. It is not tried again.",
}
AFRESH = {"state": Study.State.QUEUED, "claim": None, "slices_done": 0, "progress": 0.0}
log = logging.getLogger(__name__)


def sweep_now_and_then() -> None:
    """Sweeps every SWEEP_SECONDS, for as long as the process lives. Any number of processes may."""
    now_and_then("sweep", SWEEP_SECONDS, sweep)


def sweep() -> None:
    give_up()
    queue_again()
    send_again(waiting())


def give_up() -> int:
    """Ends as failed what MOST_ATTEMPTS workers were lost over; how many those were."""
    poison = _stale().filter(attempts__gte=MOST_ATTEMPTS)
    ended = {"state": Study.State.FAILED, "problem": POISON, "claim": None, "finished_at": timezone.now()}
    keys = [key for key in _keys(poison) if poison.filter(pk=key).update(**ended)]
    for key in keys:
        metrics.ended("failed", POISON["code"])
        log.error("study %s failed: %d workers were lost over it", key, MOST_ATTEMPTS)
        archives.erase_unless_awaited(key)
    return len(keys)


def queue_again() -> int:
    """Queues the studies of lost workers and sends them; how many those were."""
    lost = _stale().filter(attempts__lt=MOST_ATTEMPTS)
    keys = [key for key in _keys(lost) if lost.filter(pk=key).update(seen_at=Now(), **AFRESH)]
    for key in keys:
        log.warning("study %s is queued again: its worker is lost", key)
        deliver(key)
    return len(keys)


def send_again(messages: int) -> int:
    """Sends queued studies whose message seems lost, longest ago first, as many as miss one; how many those were.

    ``messages`` is how many wait in the broker. One too many may be sent; it does nothing.
    """
    missing = max(0, Study.objects.queued().count() - messages)
    overdue = Study.objects.queued().unseen(LOST_SECONDS)
    keys = [key for key in _keys(overdue)[:missing] if overdue.filter(pk=key).update(seen_at=Now())]
    for key in keys:
        log.warning("study %s is sent again: its message seems lost", key)
        deliver(key)
    return len(keys)


def _stale():
    return Study.objects.running().unseen(STALE_SECONDS)


def _keys(studies) -> list[uuid.UUID]:
    return list(studies.order_by("seen_at").values_list("pk", flat=True))
