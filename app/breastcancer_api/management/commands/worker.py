"""``manage.py worker``: reads the exams that the web has queued."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.worker import Unfit, work
from nets.bundle import BundleError


class Command(BaseCommand):
    help = "Read exams that the web has queued, until stopped. Any number of workers may run, on any machine."
    requires_system_checks = ()

    def handle(self, **options):  # noqa: ARG002
        if settings.EXECUTION != "celery":
            raise CommandError(f"EXECUTION is {settings.EXECUTION!r}: the process that answers reads exams itself")
        try:
            work()
        except (BundleError, Unfit) as error:
            raise CommandError(f"no exam can be read: {error}") from error
