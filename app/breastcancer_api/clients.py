"""The connection of who asks: how long it may be silent, what is still to be read from it, whether it is there."""

import select
import socket
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from rest_framework.exceptions import APIException
from rest_framework.request import Request

CHUNK = 1 << 20  # bytes


class ClientGone(APIException):
    """Ends the work on an exam; nobody is there to read this answer."""

    status_code, default_code = 408, "client_gone"
    default_detail = "The connection was closed before the answer."


def limit_silence(get_response: Callable) -> Callable:
    """Middleware: a client who neither sends nor takes anything for SILENCE_SECONDS is given up and holds no thread."""

    def middleware(request: HttpRequest) -> HttpResponse:
        connection = request.META.get("gunicorn.socket")
        if connection is not None:
            connection.settimeout(settings.SILENCE_SECONDS)
        return get_response(request)

    return middleware


def receive_rest(get_response: Callable) -> Callable:
    """Middleware: reads what nobody has read of a body that nginx sends, and only then lets the answer go.

    gunicorn closes the connection after it. nginx, which still sends then, takes that for a failure and answers 502.
    Who comes straight to gunicorn may send slowly, and is answered at once.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
            with suppress(UnreadablePostError):  # it broke off: nobody waits
                _read_rest(request)
        return response

    return middleware


def _read_rest(request: HttpRequest) -> None:
    """At most what nginx lets pass, which counts MAX_UPLOAD_MB in MiB."""
    for _ in range(settings.MAX_UPLOAD_BYTES // settings.MEGABYTE):
        if not request.read(CHUNK):
            return


def still_waits(request: Request) -> Callable[[], None]:
    """A function that raises ClientGone once the client of ``request``, or the proxy before it, has hung up.

    It looks at the connection that gunicorn hands on; another server's clients are taken to wait. A client who closes
    its half of the connection before the answer counts as gone: TCP does not tell the two apart.
    """
    connection = request.META.get("gunicorn.socket")

    def check() -> None:
        if connection is not None and _closed(connection):
            raise ClientGone

    return check


def _closed(connection: socket.socket) -> bool:
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    if not waiting.poll(0):
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True
