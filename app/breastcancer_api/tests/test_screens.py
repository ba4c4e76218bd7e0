"""The pages that a radiologist opens, as the server hands them out."""

from dataclasses import replace
from unittest import mock

from django.contrib.auth.models import User
from django.test import Client, TestCase, override_settings

from breastcancer_api.networks import research_line
from breastcancer_api.tests.test_browsable import Page
from nets.tests.test_bundle import CARD

STUDY = "/read/6f8b1f3c-0d5e-4f06-9a59-1d2f0c8a7b11/"
PHANTOMS, ZIPS = ({"data": {"source": {"kind": kind}}} for kind in ("phantoms", "zips"))


def of_cards(*cards):
    return mock.patch("breastcancer_api.networks.cards", lambda: cards)


class ScreensTestCase(TestCase):
    def setUp(self):
        self.enterContext(of_cards(replace(CARD, made_by=PHANTOMS)))


class ScreensTests(ScreensTestCase):
    def test_pages_refuse_scripts_and_styles_that_stand_in_them(self):
        for address in ("/", STUDY, "/session/login/"):
            policy = self.client.get(address)["Content-Security-Policy"]
            self.assertTrue(policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';"))
            self.assertNotIn("unsafe", policy)

    def test_pages_stay_in_no_cache(self):
        for address in ("/", STUDY, "/session/login/"):
            self.assertIn("no-store", self.client.get(address)["Cache-Control"])

    def test_pages_load_from_this_server_alone(self):
        for address in ("/", STUDY, "/session/login/"):
            links = Page(self.client.get(address).content.decode()).links
            self.assertEqual([each for each in links if not each.startswith(("/", "#"))], [])

    def test_id_in_capitals_is_the_same_one(self):
        _, read, pk, _ = STUDY.split("/")
        self.assertContains(self.client.get(f"/{read}/{pk.upper()}/"), f'data-id="{pk}"')

    def test_name_of_a_user_is_no_markup(self):
        self.client.force_login(User.objects.create(username="<b>one"))
        self.assertContains(self.client.get("/"), "&lt;b&gt;one")


class SignInTests(ScreensTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(override_settings(ANONYMOUS=False))
        User.objects.create_user("reader", password="a long word")

    def post(self, **fields: str):
        return self.client.post("/session/login/", {"username": "reader", "password": "a long word"} | fields)

    def test_who_is_not_known_comes_to_where_one_signs_in(self):
        for address in ("/", STUDY):
            self.assertRedirects(self.client.get(address), f"/session/login/?next={address}")

    def test_who_signs_in_comes_to_the_page_that_was_asked_for(self):
        self.assertRedirects(self.post(), "/")
        self.assertRedirects(self.post(next=STUDY), STUDY)

    def test_another_server_is_no_page_to_come_to(self):
        self.assertRedirects(self.post(next="https://example.org/"), "/")

    def test_wrong_password_is_told_in_words(self):
        self.assertContains(self.post(password="wrong"), "Please enter a correct username and password.")

    def test_old_form_is_shown_anew_and_signs_in(self):
        client = Client(enforce_csrf_checks=True)
        old = {"username": "reader", "password": "a long word", "next": STUDY, "csrfmiddlewaretoken": "x" * 64}
        answer = client.post("/session/login/", old)
        self.assertContains(answer, "This page was open too long", status_code=403)
        self.assertContains(answer, f'name="next" value="{STUDY}"', status_code=403)
        self.assertTrue(answer["Content-Security-Policy"].startswith("default-src 'none'"))
        token = str(answer.context["csrf_token"])
        self.assertRedirects(client.post("/session/login/", old | {"csrfmiddlewaretoken": token}), STUDY)

    def test_who_signs_out_is_not_known_any_more(self):
        self.post()
        self.assertRedirects(self.client.post("/session/logout/"), "/", target_status_code=302)
        self.assertEqual(self.client.get("/").status_code, 302)


class ResearchLineTests(ScreensTestCase):
    def test_every_page_says_what_the_networks_have_never_seen(self):
        for address in ("/", STUDY, "/session/login/"):
            self.assertContains(self.client.get(address), "Research use only. These networks were trained on synthetic")

    def test_of_other_networks_their_cards_say_it(self):
        others = [replace(CARD, made_by=ZIPS, intended_use=use) for use in ("For dense breasts.", "For dense breasts.")]
        with of_cards(*others):
            self.assertEqual(research_line(), "Research use only. For dense breasts.")
