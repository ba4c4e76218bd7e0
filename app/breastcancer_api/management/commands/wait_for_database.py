"""``manage.py wait_for_database``: returns once the database answers."""

import time
from collections.abc import Callable

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection


class Command(BaseCommand):
    help = "Wait until the database answers; fail with its last error when it does not."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--seconds", type=int, default=60, help="how long to wait")

    def handle(self, **options):
        try:
            wait(connection.ensure_connection, options["seconds"])
        except OperationalError as error:
            raise CommandError(f"the database did not answer within {options['seconds']} seconds: {error}") from error


def wait(connect: Callable[[], None], seconds: int, pause: Callable[[float], None] = time.sleep) -> None:
    """Calls ``connect`` once a second until it succeeds. Raises its OperationalError when ``seconds`` have passed."""
    for _ in range(seconds):
        try:
            return connect()
        except OperationalError:
            pause(1)
    return connect()
