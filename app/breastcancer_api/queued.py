"""EXECUTION=celery: the process that receives an exam stores it, and a worker reads it (docs/architecture.md)."""

import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from breastcancer_api import archives, heats, kept
from breastcancer_api.clients import ClientGone
from breastcancer_api.models import Study
from breastcancer_api.places import Full
from breastcancer_api.studies import LOOK_SECONDS, Arrival, Passes, abandon, answered, release, send
from breastcancer_api.tasks import TimeUp, ask_for_heat, deliver
from nets.runtime import Check


def take(arrival: Arrival, archive: UploadedFile, passes: Passes) -> tuple[Study, bool]:
    """As ``studies.send``; a study is made once its archive is stored, and so is never without. Raises Full.

    An exam that was lost makes another study when it comes again: its archive is stored under that one's id.
    """
    if not arrival.known() and Study.objects.queued().count() >= settings.QUEUE:
        raise Full
    release(arrival)
    pk, new = uuid.uuid4(), False
    archives.keep(pk, archive, passes)
    try:
        study, new = send(arrival, pk)
    finally:
        if not new:
            archives.delete(pk)
    return study, new


def now(study: Study, archive: UploadedFile, _passes: Passes, check: Check) -> None:
    """Waits for the worker that reads the exam. Raises what ``studies.answered`` does; who hangs up ends the work."""
    archive.close()
    deliver(study.pk)
    try:
        answered(study, check)
    except ClientGone as error:
        abandon(study, error)
        archives.erase_unless_awaited(study.pk)
        raise


def later(study: Study, _archive: UploadedFile, _passes: Passes, held: ExitStack) -> None:
    """Sends the exam to the workers, and closes ``held``."""
    with held:
        deliver(study.pk)


def make_heat(study: Study, numbers: Sequence[int], check: Check) -> dict[int, np.ndarray]:
    """Waits for the worker that makes the heat of slices ``numbers``, (2, 128, 128) each.

    Raises NetworksChanged, NotKept when the pictures are gone, TimeUp after REQUEST_TIMEOUT_SECONDS, what ``check``
    raises, and Unavailable when the workers cannot be asked.
    """
    heats.check_networks(study)
    ask_for_heat(study.pk, numbers)
    end = time.monotonic() + settings.REQUEST_TIMEOUT_SECONDS
    found: dict[int, np.ndarray] = {}
    while True:
        found |= kept.kept_heats(study.pk, [number for number in numbers if number not in found])
        if len(found) == len(numbers):
            return found
        check()
        if not kept.is_kept(study.pk):
            raise kept.NotKept
        if time.monotonic() > end:
            raise TimeUp
        time.sleep(LOOK_SECONDS)
