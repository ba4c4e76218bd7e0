import logging
import uuid
from unittest import mock

from django.test import SimpleTestCase, TestCase

from breastcancer_api import tracing


class RequestTests(SimpleTestCase):
    def answered(self, given: str | None = None) -> str:
        headers = {} if given is None else {"X-Request-ID": given}
        return self.client.get("/livez", headers=headers)["X-Request-ID"]

    def test_answer_bears_the_id_that_the_request_came_with(self):
        self.assertEqual(self.answered("a1.B-_"), "a1.B-_")

    def test_request_without_an_id_gets_one(self):
        self.assertRegex(self.answered(), "^[0-9a-f]{32}$")
        self.assertNotEqual(self.answered(), self.answered())

    def test_id_that_is_not_safe_to_log_is_replaced(self):
        for given in ("", "a b", "a\tb", "ä", "a" * 65, '{"a":1}'):
            self.assertRegex(self.answered(given), "^[0-9a-f]{32}$")

    def test_every_answer_bears_one(self):
        for address in ("/nowhere", "/static/nowhere", "/admin/"):
            self.assertIn("X-Request-ID", self.client.get(address))

    def test_what_is_logged_after_the_middleware_is_still_of_the_request(self):
        told = []
        handler = logging.Handler()
        handler.emit = lambda _: told.append(tracing.now())
        with mock.patch.object(logging.getLogger("django.request"), "handlers", [handler]):
            self.client.get("/nowhere", headers={"X-Request-ID": "abc"})
        self.assertEqual(told, [{"request": "abc"}])

    def test_between_requests_there_is_none(self):
        self.answered("abc")
        self.assertEqual(tracing.now(), {})


class StudyTests(TestCase):
    def test_body_is_about_the_study_and_what_follows_is_not(self):
        outer, inner = uuid.uuid4(), uuid.uuid4()
        with tracing.about(outer):
            with tracing.about(inner):
                self.assertEqual(tracing.now(), {"study": str(inner)})
            self.assertEqual(tracing.now(), {"study": str(outer)})
        self.assertEqual(tracing.now(), {})
