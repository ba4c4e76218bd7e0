"""What a browser sees of the API."""

import logging
import re
from html.parser import HTMLParser
from unittest import mock
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from breastcancer_api.models import AuditEvent, Study
from breastcancer_api.tests.test_studies import StudiesTestCase, phantom_files

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Page(HTMLParser):
    """``links`` are all values of ``src`` and ``href``; ``fields`` name -> type of what forms that post ask for."""

    def __init__(self, html: str):
        super().__init__()
        self.links, self.fields = [], {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.links += [given[name] for name in ("src", "href") if given.get(name)]
        if tag in ("input", "textarea") and "name" in given:
            self.fields[given["name"]] = given.get("type")


class BrowsableTestCase(StudiesTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(logging.getLogger("django.request"), "disabled", True))

    def page(self, address: str, status: int = 200) -> str:
        response = self.client.get(address, headers=HTML)
        self.assertEqual((response.status_code, response["Content-Type"]), (status, "text/html; charset=utf-8"))
        return self.local(response.content.decode())

    def local(self, html: str) -> str:
        """``html``, once everything it loads and links is known to be on this server."""
        links = [urlsplit(each) for each in Page(html).links]
        self.assertEqual({each.netloc for each in links} - {"testserver", ""}, set())
        files = [each.path.removeprefix("/static/") for each in links if each.path.startswith("/static/")]
        self.assertTrue(files)
        self.assertEqual([each for each in files if not finders.find(each)], [])
        return html


class BrowsableTests(BrowsableTestCase):
    def post(self, client: Client, address: str = "/studies/", **fields: str):
        return client.post(address, {"file": self.file(phantom_files(), "exam.zip"), **fields}, headers=HTML)

    def test_study_and_its_slices_are_pages(self):
        location = self.send("/studies/", phantom_files())["Location"]
        for address in (location, f"{location}slices/", f"{location}results.json"):
            self.assertIn("research use only", self.page(address))
        self.assertIn(location, self.page("/studies/"))

    def test_networks_are_a_page(self):
        self.assertIn("weights_sha256", self.page("/networks/"))

    def test_errors_are_pages_that_hold_the_problem(self):
        wrong = {f"/studies/{'0' * 8}-{'0000-' * 3}{'0' * 12}/": 404, "/studies/?state=x": 400, "/validate/": 405}
        for address, status in wrong.items():
            self.assertIn("urn:breastwise:problem:", self.page(address, status))

    @override_settings(ANONYMOUS=False)
    def test_who_is_not_known_is_shown_where_to_sign_in(self):
        self.assertIn("/session/login/?next=/studies/", Page(self.page("/studies/", 401)).links)
        self.page("/session/login/")

    def test_server_has_an_icon(self):
        icon = self.client.get("/favicon.ico")["Location"]
        self.assertEqual(icon, "/static/breastcancer_api/icon.svg")
        self.assertTrue(finders.find(icon.removeprefix("/static/")))

    def test_page_offers_no_format_that_it_does_not_give(self):
        self.assertEqual([each for each in Page(self.page("/studies/")).links if "format=" in each], [])

    def test_one_look_at_the_slices_leaves_one_line_in_the_trail(self):
        self.page(self.send("/studies/", phantom_files())["Location"] + "slices/")
        self.assertEqual(AuditEvent.objects.filter(action="read").count(), 1)

    def test_forms_ask_for_a_file(self):
        for address, status in (("/studies/", 200), ("/validate/", 405)):
            self.assertEqual(Page(self.page(address, status)).fields.get("file"), "file")

    def test_form_that_is_sent_makes_a_study_of_who_is_signed_in(self):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(User.objects.create(username="reader"))
        page = browser.get("/studies/", headers=HTML).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        for address, status in (("/studies/", 201), ("/validate/", 200)):
            answer = self.post(browser, address, csrfmiddlewaretoken=token)
            self.assertEqual(answer.status_code, status)
            self.assertEqual(Page(self.local(answer.content.decode())).fields.get("file"), "file")
        self.assertEqual(Study.objects.get().owner.username, "reader")
        self.assertEqual(self.post(browser).status_code, 403)

    def test_form_to_sign_in_without_its_csrf_token_is_a_problem(self):
        answers = [
            Client(enforce_csrf_checks=True).post(address, {"username": "a", "password": "b"})
            for address in ("/admin/login/", "/session/login/")
        ]
        self.refused(answers[0], 403, "permission_denied")
        self.assertContains(answers[1], "Please sign in here.", status_code=403)

    def test_study_can_be_erased(self):
        location = self.send("/studies/", phantom_files())["Location"]
        self.assertIn('data-method="DELETE"', self.page(location))
        answer = self.client.delete(location, headers={"Accept": "text/html; q=1.0, */*"})
        self.assertEqual(answer.status_code, 200)
        self.assertIn("erased_at", self.local(answer.content.decode()))

    def test_upload_answers_a_browser_with_its_bare_array(self):
        answer = self.client.post("/upload/", {"file": self.file(phantom_files())}, headers=HTML)
        self.assertIsInstance(answer.json(), list)


class DocumentationTests(BrowsableTestCase):
    def test_documentation_loads_from_this_server(self):
        for address in ("/docs/", "/docs/redoc/"):
            self.assertNotRegex(self.page(address), "https?://(?!testserver)")

    @override_settings(ANONYMOUS=False)
    def test_it_needs_no_token(self):
        for address in ("/schema/", "/docs/", "/docs/redoc/"):
            self.assertEqual(self.client.get(address).status_code, 200)

    def test_browser_is_told_to_load_from_nowhere_else(self):
        policy = self.client.get("/docs/redoc/")["Content-Security-Policy"]
        self.assertTrue(policy.startswith("default-src 'self'"))
        self.assertNotIn("http", policy)
