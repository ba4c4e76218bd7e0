"""``manage.py purge``: what the server does by itself every ten minutes."""

from django.core.management.base import BaseCommand

from breastcancer_api.archives import erase_orphans
from breastcancer_api.retention import purge


class Command(BaseCommand):
    help = "Reduce studies older than RETENTION_HOURS to their numbers; delete archives that no study waits for."
    requires_system_checks = ()

    def handle(self, **options):  # noqa: ARG002
        self.stdout.write(f"{purge()} studies keep their numbers only from now on")
        if orphans := erase_orphans():
            self.stdout.write(f"{orphans} files of archives that no study waited for are deleted")
