"""``manage.py token``: lets a program send exams as a user."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from breastcancer_api.models import Token

MOST_DAYS = 36500


class Command(BaseCommand):
    help = "Make a token. It is shown once: only a hash of it is kept."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("user", help="whose studies it sends and sees; made when there is none of the name")
        parser.add_argument("name", help="what it is for")
        parser.add_argument("--days", type=int, default=365, help="until it expires (default: 365); 0: never")

    def handle(self, **options):
        if not 0 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"--days is 0 to {MOST_DAYS}")
        expiry = timedelta(days=options["days"]) if options["days"] else None
        try:
            with transaction.atomic():  # no user without the token
                user = _user(options["user"])
                Token(user=user, name=options["name"]).full_clean(exclude=("digest", "token_key"))
                _, token = Token.objects.create(user=user, name=options["name"], expiry=expiry)
        except ValidationError as error:
            told = (f"{field}: {' '.join(reasons)}" for field, reasons in error.message_dict.items())
            raise CommandError("\n".join(told)) from error
        self.stdout.write(token)


def _user(name: str) -> AbstractBaseUser:
    """The user of the name; made when there is none. Raises ValidationError when it is no name."""
    users = get_user_model()
    if found := users.objects.filter(username=name).first():
        return found
    user = users(username=name)
    user.set_unusable_password()
    user.full_clean()
    user.save()
    return user
