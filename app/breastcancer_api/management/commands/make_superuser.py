"""``manage.py make_superuser``: the administrator that the settings name."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make the administrator SUPERUSER_NAME. One who is there already keeps everything, the password too."
    requires_system_checks = ()

    def handle(self, **options):  # noqa: ARG002
        name, password = settings.SUPERUSER_NAME, settings.SUPERUSER_PASSWORD
        users = get_user_model().objects
        if not name or users.filter(username=name).exists():
            return
        if not password:
            raise CommandError("SUPERUSER_NAME is set: SUPERUSER_PASSWORD or SUPERUSER_PASSWORD_FILE must be, too")
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(f"SUPERUSER_PASSWORD: {' '.join(error.messages)}") from error
        users.create_superuser(name, password=password)
        self.stdout.write(f"administrator {name} made")
