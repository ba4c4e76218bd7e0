"""Which request and which study the work of this thread is about; the log tells it (``log_lines.py``)."""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.signals import request_finished, request_started
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# an id that is safe to log; nginx passes on no other either
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_request: ContextVar[str] = ContextVar("request", default="")
_study: ContextVar[str] = ContextVar("study", default="")


@receiver(request_started)
def _begin(environ: Mapping[str, object], **_) -> None:
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    _request.set(given if PLAIN.fullmatch(given) else uuid.uuid4().hex)


@receiver(request_finished)
def _end(**_) -> None:
    _request.set("")


def name_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the answer bears the request's id, the client's own where that is short and plain."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers[HEADER] = _request.get()
        return response

    return middleware


@contextmanager
def about(study: uuid.UUID) -> Iterator[None]:
    """What is logged in the body is about ``study``."""
    before = _study.set(str(study))
    try:
        yield
    finally:
        _study.reset(before)


def now() -> dict[str, str]:
    """``request`` and ``study``, as far as there are any."""
    found = {"request": _request.get(), "study": _study.get()}
    return {name: value for name, value in found.items() if value}
