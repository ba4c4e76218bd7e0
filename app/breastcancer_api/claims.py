"""Which process carries a study out: one at a time, known by its claim, for as long as it shows life."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.exceptions import APIException

from breastcancer_api.models import Study

T = TypeVar("T")
BEAT_SECONDS = 5  # between two signs of life
AWAY_SECONDS = (1, 2, 4, 8, 15)  # between two tries to reach a database that is away
log = logging.getLogger(__name__)


class Erased(APIException):
    """Ends the work on a study that was erased meanwhile."""

    status_code, default_code = 410, "erased"
    default_detail = "The study was erased while it was read."


class Taken(APIException):
    """Ends the work on a study that another process has taken over, or has ended."""

    status_code, default_code = 409, "taken"
    default_detail = "The study is not this process's to read."


def claim(study: Study) -> None:
    """Makes a queued ``study`` this process's. Raises Erased when it is gone, Taken when it is queued no more."""
    mine = uuid.uuid4()
    waiting = Study.objects.queued().filter(pk=study.pk)
    started = {"state": Study.State.READING, "started_at": timezone.now(), "attempts": F("attempts") + 1}
    if not waiting.update(claim=mine, seen_at=Now(), **started):
        raise _lost(study)
    study.claim = mine
    log.info("study %s is claimed", study.pk)


def write(study: Study, **values: object) -> None:
    """Writes ``values`` of a claimed ``study``. Raises Erased when it is gone, Taken when the claim is another's."""
    if not Study.objects.filter(pk=study.pk, claim=study.claim).update(seen_at=Now(), **values):
        raise _lost(study)


def patiently(work: Callable[[], T]) -> T:
    """What ``work`` gives, which is called again for a while where the database is away: it may be restarting."""
    for seconds in AWAY_SECONDS:
        try:
            return work()
        except (InterfaceError, OperationalError) as error:
            log.warning("the database is away: %s", type(error).__name__)
            connection.close()  # a broken one does not mend itself
            time.sleep(seconds)
    return work()


def _lost(study: Study) -> APIException:
    return Taken() if Study.objects.filter(pk=study.pk).exists() else Erased()


@contextmanager
def beating(study: Study) -> Iterator[None]:
    """Shows every BEAT_SECONDS that this process still carries out the claimed ``study``."""
    over = threading.Event()
    heart = threading.Thread(target=_beat, args=(study, over), name="heart", daemon=True)
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join()


def _beat(study: Study, over: threading.Event) -> None:
    while not over.wait(BEAT_SECONDS):
        try:
            write(study)
        except (Erased, Taken):
            return  # the work hears it at its next step
        except DatabaseError as error:  # it may be back before the next beat
            log.error("no sign of life could be written: %s", type(error).__name__)
        finally:
            connections.close_all()
