"""The settings with which the compose stack runs, and what Django and we have to say about them."""

import functools
import json
import os
import subprocess
import sys
import tempfile

from django.core.checks import Tags, run_checks
from django.test import Client, SimpleTestCase, TestCase, override_settings

from breastwise.env import APP, SettingError, check_published, read_settings
from breastwise.tests.files import env_file

PUBLISHED = (("PUBLISHED", "0.0.0.0:8000"), ("ANONYMOUS", "0"))
TLS = ("TLS", "1")
TOLD = """
import json
from breastwise import settings
plain = (bool, int, str, list, tuple)
told = {name: value for name, value in vars(settings).items() if name.isupper() and isinstance(value, plain)}
print(json.dumps(told))
"""


def started(*changes: tuple[str, str]) -> subprocess.CompletedProcess:
    """What comes of starting as docker-compose.yml does, with ``changes``, and with folders of its own."""
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: f"{folder}/{name}" for name in ("STATE_DIR", "WORK_DIR", "STATIC_ROOT", "ARCHIVES", "RESULTS")}
        environ = os.environ | env_file() | {"PUBLISHED": "127.0.0.1:8000"} | folders | dict(changes)
        return subprocess.run([sys.executable, "-c", TOLD], cwd=APP, env=environ, capture_output=True, text=True)


@functools.cache
def settings_of(*changes: tuple[str, str]) -> dict:
    """Those of Django's settings that ``check --deploy`` asks about."""
    made = started(*changes)
    if made.returncode:
        raise AssertionError(made.stderr)
    asked = ("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE", "SILENCED", "ALLOWED_HOSTS", "DEBUG", "SECRET_KEY", "X_FRAME")
    values = json.loads(made.stdout)
    values["SECURE_PROXY_SSL_HEADER"] = tuple(values["SECURE_PROXY_SSL_HEADER"])
    return {name: value for name, value in values.items() if name.startswith((*asked, "TLS", "REACHED", "MIDDLEWARE"))}


def told(*changes: tuple[str, str]) -> list[str]:
    """What ``check --deploy`` warns of."""
    with override_settings(**settings_of(*changes)):
        found = run_checks(tags=[Tags.security], include_deployment_checks=True)
        return [f"{each.id} {each.msg}" for each in found if not each.is_silenced()]


class CheckTests(SimpleTestCase):
    def test_nothing_is_to_be_said_of_the_stack_as_it_comes(self):
        self.assertEqual(told(), [])

    def test_nothing_is_to_be_said_of_a_published_one_that_is_reached_by_https(self):
        self.assertEqual(told(*PUBLISHED, TLS), [])

    def test_published_one_without_https_is_warned_of_in_words_of_our_settings(self):
        reached = "PUBLISHED: '0.0.0.0:8000' is reached by other machines, and TLS is 0"
        warning = f"breastwise.W001 {reached}: exams, passwords and tokens pass unencrypted."
        self.assertEqual(told(*PUBLISHED), [warning])

    def test_container_asks_at_its_start(self):
        entrypoint = (APP.parent / "entrypoint.prod.sh").read_text()
        self.assertIn("\npython manage.py check --deploy\n", entrypoint)


class RefusedTests(SimpleTestCase):
    def test_unsafe_settings_stop_the_start_of_a_published_server(self):
        reasons = {
            ("ANONYMOUS", "1"): "ANONYMOUS is 1: set it to 0 and make tokens (manage.py token)",
            ("DEBUG", "1"): "DEBUG is 1, which shows them code and settings: set it to 0",
            ("ALLOWED_HOSTS", "a.org,*"): "ALLOWED_HOSTS is '*': name the hosts that the server answers to",
            ("SIGN_IN_RATE", "none"): "SIGN_IN_RATE is none: they could try every password",
        }
        for change, reason in reasons.items():
            expected = f"PUBLISHED: '0.0.0.0:8000' is reached by other machines, and {reason}"
            with self.assertRaisesMessage(SettingError, expected):
                check_published(read_settings(dict((*PUBLISHED, change))))
        self.assertIn(expected, started(*PUBLISHED, change).stderr)

    def test_key_that_can_be_guessed_stops_every_start(self):
        for weak in ("a" * 49, "ab" * 40):
            with self.assertRaises(SettingError) as caught:
                read_settings({"SECRET_KEY": weak})
            reason = "its value is shorter than 50 characters, or has fewer than 5 different ones"
            self.assertEqual(str(caught.exception), f"SECRET_KEY: {reason}")


class TlsTests(TestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(override_settings(**settings_of(*PUBLISHED, TLS) | {"ALLOWED_HOSTS": ["testserver"]}))
        self.client = Client()

    def get(self, address: str, scheme: str = "https"):
        return self.client.get(address, headers={"X-Forwarded-Proto": scheme})

    def test_http_is_sent_to_https_and_probes_are_not(self):
        self.assertEqual(self.get("/networks/", "http")["Location"], "https://testserver/networks/")
        self.assertEqual(self.get("/livez", "http").status_code, 200)

    def test_browser_is_told_to_come_by_https_for_a_year(self):
        self.assertEqual(self.get("/livez")["Strict-Transport-Security"], "max-age=31536000")

    def test_cookies_go_by_https_alone(self):
        answer = self.get("/session/login/")
        self.assertTrue(answer.cookies["csrftoken"]["secure"])
        self.assertTrue(settings_of(*PUBLISHED, TLS)["SESSION_COOKIE_SECURE"])

    def test_address_that_is_told_is_the_one_that_was_asked(self):
        self.assertEqual(self.get("/studies", "http")["Location"], "https://testserver/studies")
