"""Every error as one shape: ``application/problem+json`` (RFC 9457) with ``type title status detail code errors``."""

import errno
import logging
import math
import sys
import uuid
from http import HTTPStatus

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from breastcancer_api import log_lines, metrics
from imaging.errors import FILE_NAME, LimitExceeded, OutOfTime, ScanError
from reports.errors import FormError

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 30  # after which a client may come again that was told 503
FOR_A_WHILE = ("database_away", "no_room")  # codes of what an exam may be sent again for
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
log = logging.getLogger(__name__)


class StudyFailed(Exception):
    """The work on a study ended with the problem that is its ``body``."""

    def __init__(self, body: dict):
        super().__init__(body["code"])
        self.body = body


def problem(status: int, code: str, title: str, detail: str, files: tuple[str, ...] = ()) -> dict:
    """The body of an error. ``files`` are names inside the upload that it is about."""
    return {
        "type": f"urn:breastwise:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [{"file": file, "detail": detail} for file in files],
    }


def exception_handler(error: Exception, context: dict) -> Response:
    """The answer to an exception in an API view. What is not foreseen becomes a 500 with an id and nothing else."""
    set_rollback()
    body, headers = described(error) or incident(error, type(context["view"]).__name__), {}
    metrics.PROBLEMS.labels(body["code"]).inc()
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if wait := getattr(error, "wait", None) or (RETRY_SECONDS if body["status"] == 503 else None):
        headers["Retry-After"] = str(math.ceil(wait))
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    renderer = getattr(context["request"], "accepted_renderer", None)
    kind = None if renderer and renderer.format == "api" else CONTENT_TYPE
    return Response(body, body["status"], headers=headers, content_type=kind)


def described(error: Exception) -> dict | None:
    """The body of an error that was foreseen; None for another."""
    if isinstance(error, StudyFailed):
        return error.body
    if isinstance(error, ScanError):
        return refusal(error)
    if isinstance(error, FormError):
        return problem(409, error.code, error.title, str(error))
    if isinstance(error, OutOfTime):
        return problem(504, "time_up", HTTPStatus(504).phrase, "The work was not done within REQUEST_TIMEOUT_SECONDS.")
    if isinstance(error, InterfaceError | OperationalError):
        told = log_lines.described(error)
        log.error("the database is away: %s", told["exception"], extra=told)
        return problem(503, "database_away", "The database is away", "The database does not answer. Try again later.")
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        told = log_lines.described(error)
        log.error("a disk is full: %s", told["exception"], extra=told)
        return problem(503, "no_room", "There is no room", "A disk of this server is full. Try again later.")
    if isinstance(error, UnreadablePostError):
        return problem(400, "incomplete_body", "The request broke off", "The body of the request did not arrive whole.")
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, SuspiciousOperation | BadRequest):
        error = exceptions.ParseError()
    if isinstance(error, exceptions.ParseError):
        return problem(400, "bad_request", "The request cannot be read", f"{FILE_NAME} The form cannot be read.")
    if isinstance(error, exceptions.ValidationError):
        return problem(400, "bad_query", "The query cannot be read", _told_of_fields(error.detail))
    if isinstance(error, exceptions.APIException):
        title = HTTPStatus(error.status_code).phrase
        return problem(error.status_code, error.default_code, title, str(error.detail))
    return None


def _told_of_fields(detail: dict | list) -> str:
    """What is wrong with each field, in one text."""
    fields = detail.items() if isinstance(detail, dict) else [("", detail)]
    return " ".join(f"{name}: {' '.join(map(str, found))}".removeprefix(": ") for name, found in fields)


def refusal(error: ScanError) -> dict:
    """Why an exam was refused."""
    status = 413 if isinstance(error, LimitExceeded) else 400
    return problem(status, error.code, error.title, error.detail, error.files)


def incident(error: Exception, where: str) -> dict:
    """The body of an error that was not foreseen, once it is logged under the id that the body holds."""
    # type and place only: the text of an exception can hold what a file says about its patient
    metrics.INCIDENTS.inc()
    known_by = uuid.uuid4().hex
    told = log_lines.described(error) | {"incident": known_by}
    log.error("incident %s in %s: %s", known_by, where, told["exception"], extra=told)
    return server_problem(known_by)


def server_problem(incident: str) -> dict:
    return problem(
        500,
        "internal_error",
        "Internal server error",
        f"Something failed here. Its id in the server's log: {incident}.",
    )


def _page(status: int, code: str, detail: str) -> JsonResponse:
    body = problem(status, code, HTTPStatus(status).phrase, detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001
    return _page(400, "bad_request", "The request cannot be understood, or its host name is not one of ALLOWED_HOSTS.")


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001
    return _page(403, "permission_denied", "This is not allowed.")


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:  # noqa: ARG001
    return _page(403, "permission_denied", "The form has no CSRF token of this site. Load its page again.")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001
    return _page(404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    body = described(sys.exception()) or _incident_outside()
    headers = {"Retry-After": str(RETRY_SECONDS)} if body["status"] == 503 else {}
    return JsonResponse(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _incident_outside() -> dict:
    metrics.INCIDENTS.inc()
    incident = uuid.uuid4().hex
    log.error("incident %s outside the API views", incident, extra={"incident": incident})
    return server_problem(incident)
