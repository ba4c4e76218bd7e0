"""The pages in Debian's Chromium, served by gunicorn to somebody who signs in."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock, skipUnless

import yaml
from django.core.management import call_command
from django.test import override_settings, tag
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as condition
from selenium.webdriver.support.wait import WebDriverWait

from breastcancer_api.local_server import APP, serving
from imaging.tests.folders import FolderTestCase
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
EVENT_SECONDS = 60  # in which whatever is waited for must happen
USER = {"SUPERUSER_NAME": "reader", "SUPERUSER_PASSWORD": "a long word"}
OPERATIONS = [
    each["operationId"]
    for path in yaml.safe_load((APP.parent / "docs" / "schema.yaml").read_text())["paths"].values()
    for each in path.values()
]


def chromium() -> Chrome:
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for each in OPTIONS:
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
    return Chrome(options, Service(DRIVER))


@tag("servers")
@skipUnless(CHROMIUM and DRIVER, "Debian's chromium and chromium-driver are not here")
class BrowserTests(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # a proxy set for the house must not be asked for these addresses
        told = {"ANONYMOUS": "0", "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}
        cls.enterClassContext(mock.patch.dict(os.environ, told))
        state = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        with override_settings(STATIC_ROOT=state / "static"):
            call_command("collectstatic", interactive=False, verbosity=0)
        cls.server = cls.enterClassContext(serving(state))
        environ = os.environ | USER | {"STATE_DIR": str(state)}
        command = [sys.executable, "manage.py", "make_superuser"]
        subprocess.run(command, cwd=APP, env=environ, check=True, stdout=subprocess.DEVNULL)
        cls.browser = chromium()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        super().setUp()
        self.browser.delete_all_cookies()
        self.addCleanup(self.assert_nothing_told)

    def assert_nothing_told(self):
        self.assertEqual(self.console(), [])

    def console(self) -> list[str]:
        """What the browser has warned of since it was asked last: errors of scripts, what is refused or not there."""
        return [each["message"] for each in self.browser.get_log("browser")]

    def open(self, path: str) -> None:
        self.browser.get(f"{self.server.url}{path}")

    def find(self, selector: str, holding: str = "") -> WebElement:
        """The first visible element, once it is there with the text ``holding``."""

        def found(browser):
            shown = [each for each in browser.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]
            return next((each for each in shown if holding in each.text), None)

        return self.wait(found, f"{selector} {holding}")

    def wait(self, until, told: str):
        passing = (StaleElementReferenceException,)  # the page before goes while it is looked at
        return WebDriverWait(self.browser, EVENT_SECONDS, 0.05, passing).until(until, told)

    def sign_in(self) -> None:
        self.open("/session/login/?next=/studies/")
        self.find("[name=username]").send_keys(USER["SUPERUSER_NAME"])
        self.find("[name=password]").send_keys(USER["SUPERUSER_PASSWORD"])
        self.find("[type=submit]").click()
        self.wait(condition.url_to_be(f"{self.server.url}/studies/"), "the page of studies")

    def test_who_signs_in_sees_the_studies_and_can_sign_out(self):
        self.sign_in()
        self.assertIn("HTTP 200 OK", self.find(".response-info").text)
        self.find(".dropdown-toggle", "reader").click()
        self.find(".dropdown-menu a", "Log out").click()
        self.find("a", "Log in")
        (told,) = self.console()
        self.assertIn("401 (Unauthorized)", told)

    def test_exam_is_sent_shown_and_erased(self):
        write_zip(Exam(7, Protocol(48, 48, 6)), self.folder / "exam.zip")
        self.sign_in()
        self.find("[name=file]").send_keys(str(self.folder / "exam.zip"))
        self.find("#post-object-form button", "POST").click()
        self.find(".response-info", "HTTP 201 Created")
        self.find(".response-info a", "/studies/").click()
        self.find(".response-info", '"state": "done"')
        self.find("[data-target='#deleteModal']").click()
        self.find("#deleteModal .btn-danger").click()
        self.assertIn('"slices": 6', self.find(".response-info", '"erased_at"').text)

    def test_networks_and_users_are_shown(self):
        self.sign_in()
        self.open("/networks/")
        self.find(".response-info", '"weights_sha256"')
        self.open("/admin/auth/user/")
        self.find("#result_list a", "reader")

    def test_swagger_ui_lists_every_operation(self):
        self.open("/docs/")
        self.wait(lambda browser: len(browser.find_elements(By.CSS_SELECTOR, ".opblock")) == len(OPERATIONS), "all")

    def test_redoc_lists_every_operation(self):
        self.open("/docs/redoc/")
        for each in OPERATIONS:
            self.wait(lambda browser, id_=f"operation/{each}": browser.find_elements(By.ID, id_), each)

    def test_picture_of_another_server_is_refused_and_told(self):
        self.open("/docs/")
        self.browser.execute_async_script(
            "const [told] = arguments, picture = new Image();"
            "picture.onerror = () => told(); picture.src = 'https://example.org/a.png';"
        )
        (told,) = self.console()
        self.assertIn("Content Security Policy", told)
