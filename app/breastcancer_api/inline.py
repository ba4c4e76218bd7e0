"""EXECUTION=inline: the process that receives an exam reads it, while its sender waits or in the background."""

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from typing import BinaryIO

import numpy as np
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connections

from breastcancer_api import heats
from breastcancer_api.claims import Erased, Taken
from breastcancer_api.clients import ClientGone
from breastcancer_api.models import Study
from breastcancer_api.places import turn
from breastcancer_api.problems import StudyFailed, incident
from breastcancer_api.studies import Arrival, Passes, abandon, carry_out, interrupt, send
from breastcancer_api.timers import now_and_then
from imaging.errors import ScanError
from nets.runtime import Check, unchecked

SWEEP_SECONDS = 5  # between two sweeps
FORGOTTEN_SECONDS = 30  # without a sign of life
log = logging.getLogger(__name__)
_in_hand: set[uuid.UUID] = set()  # studies that this process reads or will


def take(arrival: Arrival, _archive: UploadedFile, _passes: Passes) -> tuple[Study, bool]:
    """As ``studies.send``; the archive stays with the request."""
    return send(arrival)


def now(study: Study, archive: UploadedFile, passes: Passes, check: Check) -> None:
    """Reads the exam. Raises what ``studies.carry_out`` does and what ``check`` raises while it waits for its turn."""
    try:
        with _hand(study), turn(check):
            carry_out(study, nullcontext((archive, passes)), check)
    except ClientGone as error:  # before its turn came
        abandon(study, error)
        raise


def later(study: Study, archive: UploadedFile, passes: Passes, held: ExitStack) -> None:
    """Has the exam read in the background, which closes ``held`` afterwards."""
    held.enter_context(_hand(study))
    # a study of its own: the request reads the row anew, and might overwrite the claim with none
    _pool().submit(_in_background, Study(pk=study.pk), _own(archive), passes, held)


def make_heat(study: Study, numbers: Sequence[int], check: Check) -> dict[int, np.ndarray]:
    """As ``heats.make``."""
    return heats.make(study, numbers, check)


def finish() -> None:
    """Waits for the exams that are read in the background. Those that wait are left to the next start, which ends them.

    The interpreter would wait, too, but with no thread left to start, and exams need some.
    """
    _pool().shutdown(cancel_futures=True)


def sweep_now_and_then() -> None:
    """Sweeps every SWEEP_SECONDS, for as long as the process lives."""
    now_and_then("sweep", SWEEP_SECONDS, sweep)


def sweep() -> int:
    """Ends as failed what nobody reads: the database was away when its end was to be written. How many those were."""
    forgotten = interrupt(Study.objects.unseen(FORGOTTEN_SECONDS).exclude(pk__in=tuple(_in_hand)))
    if forgotten:
        log.warning("ended %d studies as failed whose end could not be written before", forgotten)
    return forgotten


@contextmanager
def _hand(study: Study) -> Iterator[None]:
    _in_hand.add(study.pk)
    try:
        yield
    finally:
        _in_hand.discard(study.pk)


def _own(archive: UploadedFile) -> BinaryIO:
    """The same file, open for longer than the request."""
    return os.fdopen(os.dup(archive.fileno()), "rb")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.THREADS, thread_name_prefix="background")


def _in_background(study: Study, archive: BinaryIO, passes: Passes, held: ExitStack) -> None:
    try:
        with held, archive, turn(unchecked):
            carry_out(study, nullcontext((archive, passes)))
    except (ScanError, StudyFailed, Erased, Taken):
        pass  # the study tells
    except Exception as error:  # nobody asks the pool for it
        incident(error, "the background")
    finally:
        connections.close_all()
