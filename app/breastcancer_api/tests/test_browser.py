"""The API's own pages in Debian's Chromium, served by gunicorn to somebody who signs in."""

import yaml
from selenium.webdriver.common.by import By

from breastcancer_api.local_server import APP
from breastcancer_api.tests.browsers import BrowserTestCase
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

OPERATIONS = [
    each["operationId"]
    for path in yaml.safe_load((APP.parent / "docs" / "schema.yaml").read_text())["paths"].values()
    for each in path.values()
]


class BrowserTests(BrowserTestCase):
    def test_who_signs_in_sees_the_studies_and_can_sign_out(self):
        self.sign_in("/studies/")
        self.assertIn("HTTP 200 OK", self.browser.find(".response-info").text)
        self.browser.find(".dropdown-toggle", "reader").click()
        self.browser.find(".dropdown-menu a", "Log out").click()
        self.browser.find("a", "Log in")
        (told,) = self.browser.console()
        self.assertIn("401 (Unauthorized)", told)

    def test_exam_is_sent_shown_and_erased(self):
        write_zip(Exam(7, Protocol(48, 48, 6)), self.folder / "exam.zip")
        self.sign_in("/studies/")
        self.browser.find("[name=file]").send_keys(str(self.folder / "exam.zip"))
        self.browser.find("#post-object-form button", "POST").click()
        self.browser.find(".response-info", "HTTP 201 Created")
        self.browser.find(".response-info a", "/studies/").click()
        self.browser.find(".response-info", '"state": "done"')
        self.browser.find("[data-target='#deleteModal']").click()
        self.browser.find("#deleteModal .btn-danger").click()
        self.assertIn('"slices": 6', self.browser.find(".response-info", '"erased_at"').text)

    def test_networks_and_users_are_shown(self):
        self.sign_in("/studies/")
        self.browser.open("/networks/")
        self.browser.find(".response-info", '"weights_sha256"')
        self.browser.open("/admin/auth/user/")
        self.browser.find("#result_list a", "reader")

    def test_swagger_ui_lists_every_operation(self):
        self.browser.open("/docs/")
        self.browser.wait(
            lambda chrome: len(chrome.find_elements(By.CSS_SELECTOR, ".opblock")) == len(OPERATIONS), "all"
        )

    def test_redoc_lists_every_operation(self):
        self.browser.open("/docs/redoc/")
        for each in OPERATIONS:
            self.browser.wait(lambda chrome, id_=f"operation/{each}": chrome.find_elements(By.ID, id_), each)

    def test_picture_of_another_server_is_refused_and_told(self):
        self.browser.open("/docs/")
        self.browser.chrome.execute_async_script(
            "const [told] = arguments, picture = new Image();"
            "picture.onerror = () => told(); picture.src = 'https://example.org/a.png';"
        )
        (told,) = self.browser.console()
        self.assertIn("Content Security Policy", told)
