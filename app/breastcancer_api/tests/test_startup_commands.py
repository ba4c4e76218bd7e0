"""What the container runs before it serves: ``wait_for_database`` and ``make_superuser``."""

from io import StringIO
from unittest.mock import Mock, patch

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.test import SimpleTestCase, TestCase, override_settings

from breastcancer_api.management.commands import wait_for_database

REFUSED = OperationalError("connection refused")


class WaitForDatabaseTest(SimpleTestCase):
    def test_database_that_answers_is_not_waited_for(self):
        pause = Mock()
        wait_for_database.wait(Mock(), 60, pause)
        pause.assert_not_called()

    def test_database_that_answers_at_the_third_attempt_is_waited_for_twice(self):
        pause = Mock()
        wait_for_database.wait(Mock(side_effect=[REFUSED, REFUSED, None]), 60, pause)
        self.assertEqual(pause.call_count, 2)

    def test_waiting_ends_with_the_database_error(self):
        pause = Mock()
        with self.assertRaisesMessage(OperationalError, "connection refused"):
            wait_for_database.wait(Mock(side_effect=REFUSED), 60, pause)
        self.assertEqual(pause.call_count, 60)

    def test_command_says_how_long_it_waited_and_for_what(self):
        with (
            patch.object(wait_for_database, "connection", Mock(**{"ensure_connection.side_effect": REFUSED})),
            self.assertRaisesMessage(CommandError, "did not answer within 0 seconds: connection refused"),
        ):
            call_command("wait_for_database", seconds=0)


def superuser(name, password):
    return override_settings(SUPERUSER_NAME=name, SUPERUSER_PASSWORD=password)


class MakeSuperuserTest(TestCase):
    def run_command(self):
        out = StringIO()
        call_command("make_superuser", stdout=out)
        return out.getvalue()

    @superuser("ada", "correct horse battery staple")
    def test_named_administrator_is_made_and_the_password_is_not_told(self):
        self.assertEqual(self.run_command(), "administrator ada made\n")
        user = get_user_model().objects.get(username="ada")
        self.assertTrue(user.is_superuser)
        self.assertTrue(user.check_password("correct horse battery staple"))

    @superuser("", "correct horse battery staple")
    def test_without_a_name_no_one_is_made(self):
        self.run_command()
        self.assertEqual(get_user_model().objects.count(), 0)

    @superuser("ada", "another long password")
    def test_administrator_who_exists_keeps_the_password(self):
        get_user_model().objects.create_superuser("ada", password="the first password")
        self.assertEqual(self.run_command(), "")
        self.assertTrue(get_user_model().objects.get().check_password("the first password"))

    @superuser("ada", "")
    def test_name_without_a_password_stops_the_start(self):
        with self.assertRaisesMessage(CommandError, "SUPERUSER_PASSWORD_FILE must be, too"):
            self.run_command()

    @superuser("ada", "12345")
    def test_weak_password_stops_the_start_and_is_not_told(self):
        with self.assertRaisesMessage(CommandError, "SUPERUSER_PASSWORD: This password is too short.") as caught:
            self.run_command()
        self.assertNotIn("12345", str(caught.exception))
