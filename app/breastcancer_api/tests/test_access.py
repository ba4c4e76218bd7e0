from datetime import timedelta
from io import StringIO
from unittest import mock

from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase, override_settings
from django.utils import timezone

from breastcancer_api.access import Throttle
from breastcancer_api.models import AuditEvent, Study, Token
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files
from breastcancer_api.tests.test_upload import UploadTestCase


def made(user: str, name: str = "workstation", **options) -> str:
    call_command("token", user, name, stdout=(told := StringIO()), **options)
    return told.getvalue().strip()


class TokenTests(TestCase):
    def setUp(self):
        self.enterContext(override_settings(ANONYMOUS=False))

    def get(self, token: str = "", address: str = "/studies/"):
        return self.client.get(address, headers={"Authorization": f"Bearer {token}"} if token else {})

    def test_without_a_token_nothing_is_served(self):
        for address in ("/studies/", "/networks/", f"/studies/{Study.objects.create().pk}/"):
            response = self.get(address=address)
            self.assertEqual((response.status_code, response.json()["code"]), (401, "not_authenticated"))
            self.assertEqual(response["WWW-Authenticate"], "Bearer")
        self.assertEqual(self.client.post("/upload/").status_code, 401)

    def test_probes_are_served_to_everybody(self):
        self.assertEqual(self.client.get("/livez").status_code, 200)

    def test_token_lets_its_user_in(self):
        self.assertEqual(self.get(made("radiology")).status_code, 200)

    def test_token_is_kept_as_a_hash_with_its_name(self):
        token = made("radiology")
        kept = Token.objects.get()
        self.assertEqual((kept.name, kept.user.username), ("workstation", "radiology"))
        self.assertNotIn(token, (kept.digest, kept.token_key))

    def test_user_made_for_a_token_cannot_sign_in_with_a_password(self):
        made("radiology")
        self.assertFalse(User.objects.get().has_usable_password())

    def test_expired_token_is_none(self):
        token = made("radiology")
        Token.objects.update(expiry=timezone.now() - timedelta(seconds=1))
        self.assertEqual(self.get(token).json()["code"], "authentication_failed")

    def test_token_of_a_year_unless_told_otherwise(self):
        made("radiology")
        self.assertAlmostEqual(
            Token.objects.get().expiry, timezone.now() + timedelta(days=365), delta=timedelta(hours=1)
        )
        made("radiology", "for ever", days=0)
        self.assertIsNone(Token.objects.get(name="for ever").expiry)

    def test_names_and_times_that_are_none_are_refused_and_leave_no_user(self):
        told = {
            ("", "y"): "username: This field cannot be blank.",
            ("x" * 151, "y"): "username: Ensure this value has at most 150 characters (it has 151).",
            ("a b", "y"): "username: Enter a valid username.",
            ("x", ""): "name: This field cannot be blank.",
            ("x", "y" * 101): "name: Ensure this value has at most 100 characters (it has 101).",
            ("x", "y\nz"): "name: Line breaks and control characters are no part of a name.",
        }
        for (user, name), reason in told.items():
            with self.assertRaisesMessage(CommandError, reason):
                made(user, name)
        for days in (-1, 99999999999999):
            with self.assertRaisesMessage(CommandError, "--days is 0 to 36500"):
                made("x", days=days)
        self.assertEqual((User.objects.count(), Token.objects.count()), (0, 0))

    def test_what_is_no_token_is_401(self):
        for wrong in ("x", "ÿ", "a b"):
            self.assertEqual(self.get(wrong).status_code, 401)


class OtherSchemesTests(UploadTestCase):
    def test_authorization_that_is_not_a_bearer_token_is_401_also_where_anonymous_use_is_on(self):
        token = made("radiology")
        for header in (f"Token {token}", token, "Basic dTpw", "Bearer", "Bearer a b", ""):
            answer = self.client.post("/studies/", headers={"Authorization": header})
            self.assertEqual((answer.status_code, answer.json()["code"]), (401, "authentication_failed"), header)
            self.assertEqual(answer["WWW-Authenticate"], "Bearer")
        self.assertEqual(Study.objects.count(), 0)


class OwnershipTests(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.one, self.other = (User.objects.create(username=name) for name in ("one", "other"))
        self.client.force_login(self.one)
        self.location = self.send("/studies/", phantom_files())["Location"]

    def statuses(self) -> set[int]:
        addresses = [self.location, *(f"{self.location}{name}" for name in ("slices/", "results.json", "results.csv"))]
        return {self.client.get(address).status_code for address in addresses}

    def test_study_belongs_to_who_sent_it(self):
        self.assertEqual(Study.objects.get().owner, self.one)
        self.assertEqual(self.statuses(), {200})

    def test_for_others_it_is_not_there(self):
        for user in (self.other, None):
            self.client.force_login(user) if user else self.client.logout()
            self.assertEqual(self.statuses(), {404})
            self.assertEqual(self.client.delete(self.location).status_code, 404)
            self.assertEqual(self.client.get("/studies/").json()["count"], 0)

    def test_staff_see_all(self):
        self.client.force_login(User.objects.create(username="chief", is_staff=True))
        self.assertEqual(self.statuses(), {200})
        self.assertEqual(self.client.get("/studies/").json()["count"], 1)

    def test_trail_says_who_sent_read_and_erased(self):
        self.client.get(self.location)
        receipt = self.client.delete(self.location).json()
        trail = [(each.action, each.user) for each in AuditEvent.objects.order_by("id")]
        self.assertEqual(trail, [("sent", "one"), ("read", "one"), ("erased", "one")])
        self.assertEqual(AuditEvent.objects.first().detail["receipt"], receipt)


class ThrottleTests(TestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)

    def rates(self, **rates):
        return mock.patch.object(Throttle, "THROTTLE_RATES", dict.fromkeys(Throttle.THROTTLE_RATES) | rates)

    def test_one_request_more_than_the_rate_is_429_with_retry_after(self):
        with self.rates(requests="2/hour"):
            answers = [self.client.get("/studies/") for _ in range(3)]
        self.assertEqual([each.status_code for each in answers], [200, 200, 429])
        self.assertEqual(answers[2].json()["code"], "throttled")
        self.assertGreater(int(answers[2]["Retry-After"]), 3000)

    def test_uploads_are_counted_apart(self):
        with self.rates(uploads="1/hour"):
            answers = [self.client.post("/upload/").status_code for _ in range(2)]
            self.assertEqual((answers, self.client.get("/studies/").status_code), ([400, 429], 200))

    def test_slices_that_are_looked_at_are_counted_apart(self):
        address = f"/studies/{Study.objects.create().pk}/slices/1/pixels"
        with self.rates(pictures="1/hour"):
            answers = [self.client.get(address).status_code for _ in range(2)]
            self.assertEqual((answers, self.client.get("/studies/").status_code), ([409, 429], 200))

    def test_users_are_counted_apart(self):
        with self.rates(requests="1/hour"):
            self.client.get("/studies/")
            self.client.force_login(User.objects.create(username="b"))
            self.assertEqual(self.client.get("/studies/").status_code, 200)
