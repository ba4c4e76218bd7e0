"""What the web sends to workers, and what a worker does with it. A message holds a study's id, and maybe slice numbers.

The database says what is to be done, a message only that it can be: one too many does nothing, one that is lost is sent
again (``sweeping.py``).
"""

import logging
import time
import uuid
from collections.abc import Sequence

from celery import current_app, shared_task
from django.conf import settings
from kombu.exceptions import OperationalError
from rest_framework.exceptions import APIException

from breastcancer_api import archives, heats, kept, tracing
from breastcancer_api.claims import Erased, Taken, beating, claim
from breastcancer_api.models import Study
from breastcancer_api.problems import StudyFailed, incident
from breastcancer_api.studies import carry_out_claimed
from imaging.errors import ScanError
from nets.runtime import Check

HEAT_QUEUE = "heat"  # workers take from it and from that of the exams in turn
RETRIES = {"max_retries": 1, "interval_start": 0.2}  # of sending a message while the broker is away
log = logging.getLogger(__name__)


class TimeUp(APIException):
    """Ends the work on an exam that takes too long."""

    status_code, default_code = 504, "time_up"
    default_detail = "The work was not done within REQUEST_TIMEOUT_SECONDS."


class Unavailable(APIException):
    status_code, default_code = 503, "unavailable"
    default_detail = "The workers cannot be asked now. Try again."


def deliver(key: uuid.UUID) -> None:
    """Tells the workers that the study ``key`` is queued."""
    try:
        read_exam.apply_async((str(key),), retry_policy=RETRIES)
    except OperationalError as error:
        log.error("study %s could not be sent to the workers now: %s", key, type(error).__name__)


def ask_for_heat(key: uuid.UUID, numbers: Sequence[int]) -> None:
    """Asks the workers for the heat of slices of the study ``key``. Raises Unavailable."""
    try:
        make_heat.apply_async((str(key), list(numbers)), retry_policy=RETRIES, queue=HEAT_QUEUE, expires=_patience())
    except OperationalError as error:
        raise Unavailable from error


def _patience() -> int:
    """Seconds after which nobody waits any more."""
    return settings.REQUEST_TIMEOUT_SECONDS


def waiting() -> int:
    """How many messages no worker has taken yet. Raises kombu.exceptions.OperationalError when the broker is away."""
    with current_app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, timeout=4)
        queue = current_app.amqp.queues[current_app.conf.task_default_queue]
        return queue.bind(connection.default_channel).queue_declare().message_count


@shared_task(name="breastwise.read_exam", Request="breastcancer_api.worker:Settled")
def read_exam(key: str) -> None:
    """Carries out the study ``key`` where it is queued. Raises nothing: Celery would log it, names of files and all."""
    try:
        _read(uuid.UUID(key))
    except Exception as error:
        incident(error, "a worker")  # the study shows no life any more, and is swept


@shared_task(name="breastwise.make_heat", acks_late=False)
def make_heat(key: str, numbers: list[int]) -> None:
    """Makes the heat of slices of the study ``key`` that is still missing. Raises nothing, as above."""
    try:
        study = Study.objects.get(pk=key)
        missing = [number for number in numbers if number not in kept.kept_heats(study.pk, numbers)]
        if missing:
            heats.make(study, missing, _deadline())
    except (Study.DoesNotExist, kept.NotKept, heats.NetworksChanged):
        pass  # who waits looks, too
    except Exception as error:
        incident(error, "a worker")


def _read(key: uuid.UUID) -> None:
    study = Study(pk=key)
    try:
        with tracing.about(key):
            claim(study)
            with beating(study):
                carry_out_claimed(study, archives.opened(key), _deadline())
    except (ScanError, StudyFailed, Erased, Taken):
        pass  # the study tells
    finally:
        archives.erase_unless_awaited(key)


def _deadline() -> Check:
    end = time.monotonic() + settings.REQUEST_TIMEOUT_SECONDS

    def check() -> None:
        if time.monotonic() > end:
            raise TimeUp

    return check
