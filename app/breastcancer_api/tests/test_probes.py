import logging
from unittest import mock

from django.db import InterfaceError, OperationalError, connection
from django.test import Client, TestCase, override_settings

from breastcancer_api.places import Full


class ProbesTests(TestCase):
    def problem(self, response, status: int, code: str) -> dict:
        self.assertEqual((response.status_code, response["Content-Type"]), (status, "application/problem+json"))
        self.assertEqual(response.json()["code"], code)
        return response.json()

    def test_alive(self):
        self.assertEqual(self.client.get("/livez").json(), {"status": "alive"})

    def test_ready_names_both_networks(self):
        body = self.client.get("/readyz").json()
        self.assertEqual(
            (body["status"], [each["role"] for each in body["networks"]]), ("ready", ["single", "scantype"])
        )

    def test_probes_ask_for_no_token_and_read_none(self):
        with override_settings(ANONYMOUS=False):
            for address in ("/livez", "/readyz"):
                self.assertEqual(self.client.get(address, headers={"Authorization": "Bearer x"}).status_code, 200)

    def test_probes_are_only_read(self):
        browser = Client(enforce_csrf_checks=True)
        for address in ("/livez", "/readyz"):
            for method in (browser.post, browser.put, browser.delete):
                answer = method(address)
                self.problem(answer, 405, "method_not_allowed")
                self.assertEqual(answer["Allow"], "GET, HEAD, OPTIONS")

    def test_without_its_database_the_server_is_not_ready(self):
        for error in (OperationalError("no host 10.0.0.7"), InterfaceError):
            with mock.patch.object(connection, "cursor", side_effect=error):
                body = self.problem(self.client.get("/readyz"), 503, "unavailable")
            self.assertEqual(body["detail"], "The database does not answer.")

    def test_without_its_database_the_server_is_alive(self):
        with mock.patch.object(connection, "cursor", side_effect=OperationalError):
            self.assertEqual(self.client.get("/livez").status_code, 200)


class LogTests(TestCase):
    def test_server_that_is_busy_or_not_ready_is_no_error_in_the_log(self):
        with self.assertNoLogs("django.request"):
            with mock.patch.object(connection, "cursor", side_effect=OperationalError):
                self.client.get("/readyz")
            with mock.patch("breastcancer_api.views.place", side_effect=Full):
                self.assertEqual(self.client.post("/validate/").status_code, 503)

    def test_other_failures_are(self):
        with (
            mock.patch("breastcancer_api.views.place", side_effect=RuntimeError),
            self.assertLogs("django.request", logging.ERROR),
            self.assertLogs("breastcancer_api.problems"),
        ):
            self.assertEqual(self.client.post("/validate/").status_code, 500)
