import re
from datetime import timedelta

from django.contrib.auth.models import Permission, User
from django.test import override_settings
from django.utils import timezone

from breastcancer_api.models import AuditEvent, Slice, Study, Token
from breastcancer_api.tests.test_browsable import BrowsableTestCase, Page
from breastcancer_api.tests.test_studies import phantom_files

PLACES = ("study", "auditevent", "token")


class AdminTestCase(BrowsableTestCase):
    def setUp(self):
        super().setUp()
        self.chief = User.objects.create_superuser("chief")
        self.client.force_login(self.chief)

    def path(self, place: str, rest: str = "") -> str:
        return f"/admin/breastcancer_api/{place}/{rest}"

    def statuses(self, place: str, key: object) -> dict[str, int]:
        """What comes of trying to add, change and delete."""
        posts = {"add": "add/", "change": f"{key}/change/", "delete": f"{key}/delete/"}
        return {
            name: self.client.post(self.path(place, rest), {"post": "yes"}).status_code for name, rest in posts.items()
        }


class IndexTests(AdminTestCase):
    def test_every_page_links_the_networks_the_studies_and_the_documentation(self):
        for address in ("/admin/", self.path("study")):
            links = Page(self.page(address)).links
            self.assertEqual({"/networks/", "/studies/", "/docs/"} - set(links), set())


class StudyAdminTests(AdminTestCase):
    def setUp(self):
        super().setUp()
        self.study = self.send("/studies/", phantom_files()).json()["id"]

    def test_studies_are_listed_and_found_by_their_id(self):
        self.assertIn(self.study, self.page(self.path("study")))
        self.assertIn(self.study, self.page(self.path("study", f"?q={self.study}")))

    def test_study_is_shown_with_its_slices(self):
        page = self.page(self.path("study", f"{self.study}/change/"))
        for reason in Slice.objects.values_list("reason", flat=True):
            self.assertIn(reason, page)
        self.assertNotIn('name="_save"', page)

    def test_who_looks_at_a_study_is_in_the_trail(self):
        self.page(self.path("study"))
        self.assertFalse(AuditEvent.objects.filter(action="read").exists())
        self.page(self.path("study", f"{self.study}/change/"))
        event = AuditEvent.objects.get(action="read")
        self.assertEqual((str(event.study), event.user, event.token), (self.study, "chief", ""))

    def test_study_cannot_be_added_changed_or_deleted(self):
        self.assertEqual(set(self.statuses("study", self.study).values()), {403})
        self.assertEqual(Study.objects.get().state, "done")

    def test_lists_offer_no_deletion(self):
        for place in ("study", "auditevent"):
            self.assertNotIn("delete_selected", self.page(self.path(place)))


class TrailAdminTests(AdminTestCase):
    def setUp(self):
        super().setUp()
        self.study = self.send("/studies/", phantom_files()).json()["id"]

    def test_trail_is_listed_and_found_by_study_and_user(self):
        for query in ("", f"?q={self.study}", "?q=chief", "?action=sent"):
            self.assertIn(self.study, self.page(self.path("auditevent", query)))
        self.assertNotIn(self.study, self.page(self.path("auditevent", "?q=nobody")))

    def test_event_is_shown(self):
        self.assertIn(self.study, self.page(self.path("auditevent", f"{AuditEvent.objects.get().pk}/change/")))

    def test_trail_cannot_be_added_to_changed_or_deleted(self):
        self.assertEqual(set(self.statuses("auditevent", AuditEvent.objects.get().pk).values()), {403})
        self.assertEqual(AuditEvent.objects.count(), 1)

    def test_user_who_is_deleted_stays_in_the_trail(self):
        Study.objects.all().delete()
        answer = self.client.post(f"/admin/auth/user/{self.chief.pk}/delete/", {"post": "yes"})
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(AuditEvent.objects.get().user, "chief")

    def test_user_with_studies_is_not_deleted(self):
        self.client.post(f"/admin/auth/user/{self.chief.pk}/delete/", {"post": "yes"})
        self.assertTrue(User.objects.filter(username="chief").exists())


class TokenAdminTests(AdminTestCase):
    def made(self, **fields: str) -> str:
        """The page that follows on making a token."""
        form = {"user": self.chief.pk, "name": "scanner", "expiry_0": "", "expiry_1": ""} | fields
        answer = self.client.post(self.path("token", "add/"), form, follow=True)
        self.assertEqual(answer.status_code, 200)
        return self.local(answer.content.decode())

    def shown(self, page: str) -> str:
        return re.search(r"TOKEN (\w+)", page)[1]

    @override_settings(ANONYMOUS=False)
    def test_token_that_is_made_works(self):
        token = self.shown(self.made())
        self.client.logout()
        answer = self.client.get("/studies/", headers={"Authorization": f"Bearer {token}"})
        self.assertEqual((answer.status_code, Token.objects.get().name), (200, "scanner"))

    def test_it_is_shown_once(self):
        token = self.shown(self.made())
        for rest in ("", f"{Token.objects.get().pk}/change/"):
            self.assertNotIn(token, self.page(self.path("token", rest)))

    def test_form_asks_for_user_name_and_expiry(self):
        page = self.page(self.path("token", "add/"))
        for name in ("user", "name", "expiry_0"):
            self.assertIn(f'name="{name}"', page)

    def test_expiry_that_is_given_is_kept(self):
        day = timezone.now() + timedelta(days=3)
        self.made(expiry_0=f"{day:%Y-%m-%d}", expiry_1="12:00:00")
        self.assertEqual(Token.objects.get().expiry.date(), day.date())

    def test_token_without_a_name_is_not_made(self):
        self.assertIn("This field is required", self.made(name=""))
        self.assertEqual(Token.objects.count(), 0)

    def test_token_that_has_expired_or_has_a_line_break_in_its_name_is_not_made(self):
        self.assertIn("This is past", self.made(expiry_0="2020-01-01", expiry_1="12:00:00"))
        self.assertIn("Line breaks and control characters", self.made(name="a\nb"))
        self.assertEqual(Token.objects.count(), 0)

    def test_token_is_not_changed_but_can_be_deleted(self):
        self.made()
        key = Token.objects.get().pk
        self.assertEqual(self.client.post(self.path("token", f"{key}/change/"), {"name": "x"}).status_code, 403)
        self.assertEqual(self.client.post(self.path("token", f"{key}/delete/"), {"post": "yes"}).status_code, 302)
        self.assertEqual(Token.objects.count(), 0)


class StaffTests(AdminTestCase):
    def sign_in(self, **options) -> User:
        user = User.objects.create(username="reader", **options)
        self.client.force_login(user)
        return user

    def statuses_of_lists(self) -> set[int]:
        return {self.client.get(self.path(place)).status_code for place in PLACES}

    def test_who_is_no_staff_is_sent_to_sign_in(self):
        self.sign_in()
        self.assertEqual(self.statuses_of_lists(), {302})

    def test_staff_see_what_they_have_the_permission_to_view(self):
        user = self.sign_in(is_staff=True)
        self.assertEqual(self.statuses_of_lists(), {403})
        user.user_permissions.set(Permission.objects.filter(codename__in=[f"view_{place}" for place in PLACES]))
        self.assertEqual(self.statuses_of_lists(), {200})
