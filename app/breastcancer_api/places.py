"""How many exams are in this process at once: a few are read, some wait, the next is asked to come again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from rest_framework.exceptions import APIException

RETRY_SECONDS = 30
LOOK_SECONDS = 1  # how often a waiting exam looks whether its sender is still there

_reading = BoundedSemaphore(settings.THREADS)
_inside = BoundedSemaphore(settings.THREADS + settings.QUEUE)


class Full(APIException):
    status_code, default_code = 503, "busy"
    default_detail = "As many exams as this server takes are being read or wait. Try again later."
    wait = RETRY_SECONDS


@contextmanager
def place() -> Iterator[None]:
    """A place among those who are read or wait. Raises Full when there is none."""
    if not _inside.acquire(blocking=False):
        raise Full
    try:
        yield
    finally:
        _inside.release()


@contextmanager
def turn(check: Callable[[], None]) -> Iterator[None]:
    """The turn to be read, waited for. To be taken once the upload is here: a client that stalls must not hold one.

    Raises what ``check`` raises, which looks whether somebody still waits for the answer.
    """
    while not _reading.acquire(timeout=LOOK_SECONDS):
        check()
    try:
        yield
    finally:
        _reading.release()
