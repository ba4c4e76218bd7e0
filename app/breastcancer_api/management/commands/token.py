"""``manage.py token``: lets a program send exams as a user."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.models import Token


class Command(BaseCommand):
    help = "Make a token. It is shown once: only a hash of it is kept."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("user", help="whose studies it sends and sees; made when there is none of the name")
        parser.add_argument("name", help="what it is for")
        parser.add_argument("--days", type=int, default=365, help="until it expires (default: 365); 0: never")

    def handle(self, **options):
        if options["days"] < 0:
            raise CommandError("--days begins at 0")
        user, made = get_user_model().objects.get_or_create(username=options["user"])
        if made:
            user.set_unusable_password()
            user.save()
        expiry = timedelta(days=options["days"]) if options["days"] else None
        _, token = Token.objects.create(user=user, name=options["name"], expiry=expiry)
        self.stdout.write(token)
