"""``manage.py doctor``: whether an installation works, from an exam that is sent to its erasure. The first thing after
installing."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import Error

from breastcancer_api.doctor import installation, leftovers
from breastcancer_api.doctor.findings import Finding, Mark, found
from breastcancer_api.doctor.visit import Visit
from breastcancer_api.models import Token

TOKEN_LIFE = timedelta(hours=1)  # of one that a doctor who is killed leaves
ANY_HOST = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  # nosec B104  # to be asked at


class Command(BaseCommand):
    help = "Send a phantom to the running server, open every form of its result, erase it, and tell what is amiss."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--url", help="another server than this installation's, of which no folder is looked at")
        parser.add_argument("--token", help="to be known by (default: BREASTWISE_TOKEN; here, one of its own)")

    def handle(self, **options):
        findings = []
        for finding in _elsewhere(**options) if options["url"] else _here(options["token"]):
            findings.append(finding)
            self.stdout.write(str(finding))
        failed = sum(finding.mark == Mark.FAIL for finding in findings)
        if failed:
            self.stdout.write(f"{failed} of {len(findings)} checks failed")
            raise SystemExit(1)
        self.stdout.write(f"{len(findings)} checks, all well")


def _elsewhere(url: str, token: str | None, **_) -> Iterator[Finding]:
    with requests.Session() as client:
        yield from Visit(url, token or os.environ.get("BREASTWISE_TOKEN", ""), client).findings()


def _here(token: str | None) -> Iterator[Finding]:
    for name, check in installation.checks().items():
        yield found(name, check)
    before = leftovers.in_work()
    with requests.Session() as client, _token(token) as known_by:
        client.trust_env = False  # a proxy set for the house must not be asked for this address
        client.headers["X-Forwarded-Proto"] = "https" if settings.TLS else "http"  # as nginx says it to gunicorn
        visit = Visit(_address(), known_by, client)
        yield from visit.findings()
    if visit.key:
        yield found("left behind", partial(leftovers.check, visit.key, before))


def _address() -> str:
    """Where gunicorn listens."""
    host, _, port = settings.BIND.rpartition(":")
    return f"http://{ANY_HOST.get(host, host)}:{port}"


@contextmanager
def _token(given: str | None) -> Iterator[str]:
    """``given``, BREASTWISE_TOKEN, or where a token is needed one of a user who is there for the body's length."""
    known = given or os.environ.get("BREASTWISE_TOKEN", "")
    if known or settings.ANONYMOUS:
        yield known
        return
    try:
        user = get_user_model().objects.create(username=f"doctor-{uuid.uuid4().hex[:8]}")
        _, token = Token.objects.create(user=user, name="manage.py doctor", expiry=TOKEN_LIFE)
    except Error:  # the database is away, as its own check tells
        yield ""
        return
    try:
        yield token
    finally:
        user.delete()
