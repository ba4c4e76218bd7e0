"""A request that brings an exam -> a study, carried out while its sender waits or later."""

import hashlib
import json
import re
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from django.core.files.uploadedfile import UploadedFile
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from breastcancer_api import audit
from breastcancer_api.clients import still_waits
from breastcancer_api.execution import execution
from breastcancer_api.models import AuditEvent, Study
from breastcancer_api.places import place
from breastcancer_api.studies import Arrival, Passes, answered, ended
from breastcancer_api.uploads import uploaded_archive, wanted_passes
from nets.runtime import unchecked

KEY = re.compile(r"[\x21-\x7e]{1,255}")
ASYNC = "respond-async"


class BadKey(APIException):
    status_code, default_code = 400, "bad_idempotency_key"
    default_detail = "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces."


def sent(request: Request, any_layout: bool, wait: bool) -> Study:
    """The study of the exam that ``request`` brings, or the one that its Idempotency-Key brought before.

    With ``wait`` it is done, or its problem is raised as ``studies.carry_out`` does; else it may be queued. A sender
    who hangs up ends the work, unless the key lets another request fetch the answer. Raises what ``place``,
    ``uploaded_archive``, ``wanted_passes`` and the execution's ``take`` raise, and BadKey.
    """
    arrival = Arrival(_owner(request), _key(request), trace=partial(audit.record, request, AuditEvent.Action.SENT))
    check = still_waits(request)
    with ExitStack() as held:
        held.enter_context(place(again=arrival.known()))
        archive = held.enter_context(uploaded_archive(request, any_layout))
        passes = wanted_passes(request) if any_layout else None
        if arrival.key:
            arrival = replace(arrival, fingerprint=_fingerprint(archive, passes))
        study, new = execution().take(arrival, archive, passes)
        if new and not wait:
            execution().later(study, archive, passes, held.pop_all())
        elif new:
            execution().now(study, archive, passes, unchecked if arrival.key else check)
        else:
            archive.close()
            audit.read(request, ended(study, check) if wait else study)
            if wait:
                answered(study, check)
    study.refresh_from_db()
    return study


def prefers_async(request: Request) -> bool:
    """Whether the client would rather not wait (RFC 7240, section 4.1)."""
    preferences = request.headers.get("Prefer", "").split(",")
    return ASYNC in (each.split(";")[0].strip().lower() for each in preferences)


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if "Idempotency-Key" in request.headers and not KEY.fullmatch(key):
        raise BadKey
    return key


def _owner(request: Request):
    return request.user if request.user.is_authenticated else None


def _fingerprint(archive: UploadedFile, passes: Passes) -> str:
    digest = hashlib.file_digest(archive.file, "sha256")
    archive.seek(0)
    digest.update(json.dumps(passes, sort_keys=True).encode())
    return salted_hmac("fingerprint", digest.digest(), algorithm="sha256").hexdigest()
