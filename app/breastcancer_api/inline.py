"""EXECUTION=inline: the process that receives an exam reads it, while its sender waits or in the background."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from functools import cache
from typing import BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connections

from breastcancer_api.claims import Erased, Taken
from breastcancer_api.clients import ClientGone
from breastcancer_api.models import Study
from breastcancer_api.places import turn
from breastcancer_api.problems import StudyFailed, incident
from breastcancer_api.studies import Passes, abandon, carry_out, send
from imaging.errors import ScanError
from nets.runtime import Check, unchecked


def take(owner, key: str, fingerprint: str, _archive: UploadedFile, _passes: Passes) -> tuple[Study, bool]:
    """As ``studies.send``; the archive stays with the request."""
    return send(owner, key, fingerprint)


def now(study: Study, archive: UploadedFile, passes: Passes, check: Check) -> None:
    """Reads the exam. Raises what ``studies.carry_out`` does and what ``check`` raises while it waits for its turn."""
    try:
        with turn(check):
            carry_out(study, nullcontext((archive, passes)), check)
    except ClientGone as error:  # before its turn came
        abandon(study, error)
        raise


def later(study: Study, archive: UploadedFile, passes: Passes, held: ExitStack) -> None:
    """Has the exam read in the background, which closes ``held`` afterwards."""
    _pool().submit(_in_background, study, _own(archive), passes, held)


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
