"""How many exams are in this process at once: a few are read, some wait, the next is asked to come again."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from rest_framework.exceptions import APIException

RETRY_SECONDS = 30

_reading = BoundedSemaphore(settings.THREADS)
_inside = BoundedSemaphore(settings.THREADS + settings.QUEUE)


class Full(APIException):
    status_code, default_code = 503, "busy"
    default_detail = "As many exams as this server takes are being read or wait. Try again later."
    wait = RETRY_SECONDS


@contextmanager
def place() -> Iterator[None]:
    """A place to read an exam in, waited for behind those who came before. Raises Full when QUEUE exams wait."""
    if not _inside.acquire(blocking=False):
        raise Full
    try:
        with _reading:
            yield
    finally:
        _inside.release()
