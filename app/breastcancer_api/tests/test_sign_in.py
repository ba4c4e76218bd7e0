import re
from unittest import mock

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import TestCase, override_settings

from breastcancer_api import sign_in

PASSWORD = "a long word"
FORMS = ("/session/login/", "/admin/login/")
TOO_MANY = "Too many tries to sign in have failed. Try again in an hour."


@override_settings(SIGN_IN_RATE="3/hour", PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class SignInTests(TestCase):
    def setUp(self):
        caches["shared"].clear()
        self.addCleanup(caches["shared"].clear)
        self.logged = self.enterContext(self.assertLogs("breastcancer_api.sign_in"))
        User.objects.create_superuser("chief", password=PASSWORD)

    def enter(self, name: str = "chief", password: str = PASSWORD, form: str = FORMS[0], address: str = "192.0.2.1"):
        """What the form answers: empty once it lets in. ``address`` is what nginx says."""
        self.client.logout()
        given = {"username": name, "password": password}
        answer = self.client.post(form, given, headers={"X-Forwarded-For": address})
        if answer.status_code == 302:
            return ""
        return " ".join(answer.context["form"].non_field_errors())

    def fail(self, times: int, **given: str) -> list[str]:
        return [self.enter(**{"password": "wrong"} | given) for _ in range(times)]

    def test_after_the_failures_that_are_let_pass_the_right_password_is_not_tried(self):
        for form in FORMS:
            caches["shared"].clear()
            self.assertNotIn(TOO_MANY, self.fail(3, form=form))
            self.assertEqual(self.enter(form=form), TOO_MANY)

    def test_page_says_so(self):
        self.fail(3)
        for form in FORMS:
            page = self.client.post(form, {"username": "chief", "password": PASSWORD}).content.decode()
            self.assertIn(TOO_MANY, page)

    def test_both_forms_count_together(self):
        self.fail(2, form=FORMS[0])
        self.fail(1, form=FORMS[1])
        self.assertEqual(self.enter(), TOO_MANY)

    def test_name_is_counted_from_wherever_and_in_any_case(self):
        for number, name in enumerate(("chief", "CHIEF", "Chief")):
            self.fail(1, name=name, address=f"192.0.2.{number}")
        self.assertEqual(self.enter(address="192.0.2.9"), TOO_MANY)

    def test_address_is_counted_under_whatever_names_five_times_as_long(self):
        for number in range(15):
            self.fail(1, name=f"user-{number}")
        self.assertEqual(self.enter(), TOO_MANY)
        self.assertEqual(self.enter(address="192.0.2.2"), "")

    def test_address_is_the_one_that_nginx_adds_whatever_the_client_says(self):
        for number in range(15):
            self.fail(1, name=f"user-{number}", address=f"198.51.100.{number}, 192.0.2.1")
        self.assertEqual(self.enter(address="203.0.113.7, 192.0.2.1"), TOO_MANY)

    def test_who_signs_in_is_not_counted(self):
        self.assertEqual({self.enter() for _ in range(5)}, {""})
        self.assertNotIn(TOO_MANY, self.fail(3))

    def test_name_that_is_no_users_is_answered_alike(self):
        known = [*self.fail(4), self.enter()]
        caches["shared"].clear()
        unknown = [*self.fail(4, name="nobody"), self.enter("nobody")]
        self.assertEqual(known, unknown)

    @override_settings(SIGN_IN_RATE=None)
    def test_without_a_rate_nothing_is_counted(self):
        self.fail(20)
        self.assertEqual(self.enter(), "")

    def test_nothing_that_was_typed_is_kept_or_logged(self):
        with mock.patch.object(sign_in, "cache", wraps=caches["shared"]) as kept:
            self.fail(4)
        told = str(kept.mock_calls) + "".join(self.logged.output)
        self.assertEqual(re.findall("chief|wrong", told), [])
        self.assertEqual(self.logged.output[0], "WARNING:breastcancer_api.sign_in:sign-in from 192.0.2.1 failed")

    def test_header_that_is_no_address_is_not_logged(self):
        self.fail(1, address="Doe^Jane")
        self.assertIn("sign-in from no address failed", self.logged.output[0])

    def test_session_lasts_a_working_day(self):
        self.enter()
        self.assertEqual(self.client.session.get_expiry_age(), 12 * 3600)


class UnknownNameTests(TestCase):
    def test_password_is_hashed_for_a_name_that_is_no_users_too(self):
        with mock.patch.object(User, "set_password") as hashed:
            authenticate(None, username="nobody", password=PASSWORD)
        hashed.assert_called_once_with(PASSWORD)
