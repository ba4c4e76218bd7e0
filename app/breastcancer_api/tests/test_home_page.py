"""The first page and where one signs in, in Debian's Chromium."""

import http.client
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from breastcancer_api.browsing.server import (
    ANALYSING,
    DONE,
    PASSWORD,
    QUEUED,
    REFUSED,
    USER,
    load_studies,
    manage,
)
from breastcancer_api.browsing.stage import MEGABYTE
from breastcancer_api.browsing.states import LIMIT, STATES
from breastcancer_api.tests.browsers import BrowserTestCase
from imaging.tests.slices import FEW_PIXELS

PLACES = 3  # exams that the server takes at once


class SendTests(BrowserTestCase):
    settings = {"MAX_FILES": "200", "THREADS": "1", "QUEUE": str(PLACES - 1)}  # noqa: RUF012

    def study(self) -> dict:
        """The study whose page is opened, once it has ended."""
        self.browser.wait(lambda chrome: "/read/" in chrome.current_url, "the page of a study")
        pk = urlsplit(self.browser.chrome.current_url).path.split("/")[2]
        return self.later(
            f"""const ask = () => fetch("/studies/{pk}/").then((answer) => answer.json()).then((study) =>
            study.finished_at ? told(study) : setTimeout(ask, 50)); ask();"""
        )

    def count(self) -> int:
        """Studies that the server has."""
        return self.later('fetch("/studies/").then((answer) => answer.json()).then(({ count }) => told(count))')

    def assert_read(self) -> None:
        study = self.study()
        self.assertEqual((study["state"], study["slice_count"]), ("done", 6))
        self.assertEqual(study["warnings"], [FEW_PIXELS.format(48)])

    def assert_told_of_a_broken_line(self) -> None:
        told = self.browser.console()
        self.assertTrue(told)
        self.assertEqual([each for each in told if "net::ERR_" not in each], [])

    def test_zip_is_sent_and_its_page_opened(self):
        self.sign_in()
        self.stage.choose(self.stage.exam())
        self.assert_read()

    def test_folder_is_packed_without_what_no_exam_needs(self):
        self.sign_in()
        self.stage.choose(self.stage.unzipped(), "#folder")
        self.assert_read()

    def test_folder_is_dropped(self):
        self.sign_in()
        self.browser.drop(self.stage.unzipped(), "#drop")
        self.assert_read()

    def test_zip_is_dropped_beside_the_field(self):
        self.sign_in()
        self.browser.drop(self.stage.exam(), ".earlier")
        self.assert_read()

    def test_synthetic_exam_is_made_and_sent_as_any(self):
        self.sign_in()
        self.browser.find("#synthetic").click()
        study = self.study()
        self.assertEqual((study["state"], study["slice_count"]), ("done", 48))

    def test_passes_are_named_where_somebody_names_them(self):
        self.sign_in()
        self.browser.find("#passes summary").click()
        for name, folder in (("pre", "1st_pass"), ("pass_1", "pre"), ("pass_2", "2nd_pass"), ("pass_3", "3rd_pass")):
            self.browser.find(f"#{name}").send_keys(folder)
        with zipfile.ZipFile(self.stage.exam()) as archive:
            archive.extractall(self.folder / "flat")
        self.stage.choose(self.folder / "flat", "#folder")
        self.assertEqual(self.study()["problem"]["code"], "passes_out_of_order")

    def test_upload_shows_bytes_share_speed_and_time_left(self):
        self.sign_in()
        self.line.hold(30 * MEGABYTE)
        self.stage.choose(self.stage.large(60))
        self.assertRegex(
            self.browser.find("#figures", "left").text, r"^\d+ % · \d+ MB of 60 MB · [\d.]+ MB/s · \d+ s left$"
        )
        self.assertEqual(self.browser.find("#about").text, "A zip of 60 MB")
        self.browser.find("#cancel").click()

    def test_upload_that_is_cancelled_leaves_no_study(self):
        self.sign_in()
        before = self.count()
        self.line.hold(20 * MEGABYTE)
        self.stage.choose(self.stage.large(60))
        self.browser.find("#stage", "Sending")
        self.browser.find("#cancel").click()
        self.browser.find("#told", "Cancelled.")
        self.line.free()
        self.browser.find("#drop")
        self.assertEqual(self.count(), before)

    def test_broken_line_is_told_and_the_exam_sent_once(self):
        self.sign_in()
        before = self.count()
        self.line.cut(20_000)
        self.stage.choose(self.stage.exam())
        self.browser.find("#stage", "The line broke. Trying again in ")
        self.line.free()
        self.browser.find("#hurry").click()
        self.assert_read()
        self.assertGreater(self.line.broken, 0)
        self.assertEqual(self.count(), before + 1)
        self.assert_told_of_a_broken_line()

    def test_answer_that_is_lost_makes_no_second_study(self):
        self.sign_in()
        before = self.count()
        self.line.cut_answers()
        self.stage.choose(self.stage.exam())
        self.browser.find("#stage", "The line broke. Trying again in ")
        self.line.free()
        self.browser.find("#hurry").click()
        self.assert_read()
        self.assertEqual(self.count(), before + 1)
        self.assert_told_of_a_broken_line()

    def test_wait_for_another_try_can_be_cancelled(self):
        self.sign_in()
        self.line.cut(20_000)
        self.stage.choose(self.stage.exam())
        self.browser.find("#stage", "The line broke.")
        self.line.free()
        self.browser.find("#cancel").click()
        self.browser.find("#told", "Cancelled.")
        self.assert_told_of_a_broken_line()

    def test_busy_server_is_waited_for(self):
        self.sign_in()
        with self.full():
            self.stage.choose(self.stage.exam())
            told = self.browser.find("#stage", "The server is busy with other exams. Trying again in ").text
            self.assertRegex(told, r"in (30|29|28) s\.$")
        self.browser.find("#hurry").click()
        self.assert_read()
        (told,) = self.browser.console()
        self.assertIn("503 (Service Unavailable)", told)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Others, whose lines are slow, take every place of the server."""
        token = manage(self.state, "token", USER, "another machine")
        headers = {"Content-Type": "multipart/form-data; boundary=b", "Authorization": f"Bearer {token}"}
        others = [http.client.HTTPConnection(urlsplit(self.server.url).netloc) for _ in range(PLACES)]
        for each in others:
            each.putrequest("POST", "/studies/")
            for name, value in (headers | {"Content-Length": str(MEGABYTE)}).items():
                each.putheader(name, value)
            each.endheaders()
        while self.server.client.post(f"{self.server.url}/validate/", headers=headers).status_code != 503:
            pass
        try:
            yield
        finally:
            for each in others:
                each.close()

    def test_folder_of_too_many_files_is_refused_before_it_is_sent(self):
        self.sign_in()
        folder = self.folder / "many"
        folder.mkdir()
        for k in range(201):
            (folder / f"{k}.dcm").write_bytes(b"")
        self.stage.choose(folder, "#folder")
        self.assertIn("There are 201; 200 are the most.", self.browser.find("#told [role=alert]").text)

    def test_folder_that_holds_nothing_of_use_is_refused(self):
        self.sign_in()
        folder = self.folder / "__MACOSX"
        folder.mkdir()
        (folder / "Thumbs.db").write_bytes(b"x")
        self.stage.choose(folder, "#folder")
        self.assertIn("There is nothing to send", self.browser.find("#told [role=alert]").text)

    def test_refusal_of_the_server_is_told_in_its_words(self):
        self.sign_in()
        self.browser.find("#passes summary").click()
        self.browser.find("#pre").send_keys("a")
        self.script('document.getElementById("pre").name = "pass_0"')
        self.stage.choose(self.stage.exam())
        told = self.browser.find("#told [role=alert]").text
        self.assertIn("A form field cannot be read", told)
        self.assertIn("The field 'pass_0' is not read", told)
        self.assertIn("400 (Bad Request)", self.browser.console()[0])

    def test_files_of_a_refusal_are_named_as_text(self):
        self.sign_in()
        told = self.later(
            """Promise.all(["notice", "http"].map((name) => import(`/static/breastcancer_api/${name}.js`))).then(
            ([{ notice }, { Problem }]) => {
                const errors = [{ file: "<b>pre/1.dcm", detail: "is cut off" }];
                const made = notice(new Problem({ title: "No", detail: "why", errors }));
                document.body.append(made);
                told(made.innerText);
            });"""
        )
        self.assertEqual(told.split("\n\n"), ["No", "why", "<b>pre/1.dcm: is cut off"])

    def test_whoever_is_signed_out_meanwhile_comes_to_where_one_signs_in(self):
        self.sign_in()
        self.browser.chrome.delete_all_cookies()
        self.stage.choose(self.stage.exam())
        self.browser.at("/session/login/?next=%2F")
        self.assertIn("401 (Unauthorized)", self.browser.console()[0])


class ScriptsTests(BrowserTestCase):
    """What scripts compute, asked of them in the browser, at a server that has no study."""

    def setUp(self):
        super().setUp()
        self.browser.open("/session/login/")

    def told(self, module: str, expression: str):
        return self.later(f'import("/static/breastcancer_api/{module}.js").then((it) => told({expression}));')

    def test_list_of_somebody_who_has_sent_nothing_says_so(self):
        self.sign_in()
        self.browser.find("#list-told", "Nothing was sent yet.")
        self.assert_accessible()

    def test_figures_in_words(self):
        told = self.told("words", "[139_001, 8_440_000, 1_234_500_000].map(it.size)")
        self.assertEqual(told, ["140 kB", "8.4 MB", "1,235 MB"])
        self.assertEqual(self.told("words", "[it.count(1, 'file'), it.count(640, 'file')]"), ["1 file", "640 files"])
        self.assertEqual(
            self.told("words", "[0.2, 59.4, 130, 3900].map(it.duration)"),
            ["1 s", "1 min 0 s", "2 min 10 s", "1 h 5 min"],
        )

    def test_times_are_as_short_as_they_can_be(self):
        now = 'new Date("2026-11-28T18:00")'
        times = ("2026-11-28T14:03", "2026-11-27T14:03", "2025-11-27T14:03")
        told = [self.told("words", f'it.when("{each}", {now})') for each in times]
        self.assertEqual(told, ["14:03", "27 Nov 14:03", "27 Nov 2025"])

    def test_wait_before_another_try_grows_and_a_refusal_has_none(self):
        waits = self.told("upload", "[0, 1, 2, 9].map((tries) => it.secondsUntilNextTry({ status: 0 }, tries))")
        self.assertEqual(waits, [1, 2, 4, 30])
        self.assertEqual(self.told("upload", "it.secondsUntilNextTry({ status: 503, seconds: 12 }, 3)"), 12)
        self.assertIsNone(self.told("upload", "it.secondsUntilNextTry({ status: 400 }, 0)"))

    def test_key_is_made_where_browsers_have_no_uuids(self):
        self.script("crypto.randomUUID = undefined")
        self.assertRegex(self.told("upload", "it.newKey()"), "^[0-9a-f]{32}$")

    def test_speed_is_that_of_the_last_seconds(self):
        # 9 MB in the first second, nothing in the next, 8 MB in the four that follow
        seen = "[[0, 0], [1, 9e6], [2, 9e6], [6, 17e6]].map(([at, bytes]) => ((clock = at), speed(bytes))).at(-1)"
        told = self.told(
            "sending", f"(() => {{ let clock; const speed = it.speedometer(() => clock); return {seen} }})()"
        )
        self.assertEqual(told, 2e6)


class HomeTests(BrowserTestCase):
    settings = {"MAX_UPLOAD_MB": str(LIMIT)}  # noqa: RUF012

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_studies(cls.state, more=30)

    def rows_shown(self) -> list[str]:
        """The first eight digits of each study in the list."""
        found = self.browser.chrome.find_elements(By.CSS_SELECTOR, "#rows th")
        return [each.text for each in found]

    def row(self, study: str) -> WebElement:
        return self.browser.find(f"#rows tr:has(a[href='/read/{study}/'])")

    def until_rows(self, *wanted: str) -> None:
        self.browser.wait(lambda _: self.rows_shown() == list(wanted), f"rows {wanted}")

    def test_states_of_earlier_studies_are_told_and_no_result(self):
        self.sign_in()
        self.assertIn("done, 160 slices", self.row(DONE).text)
        self.assertIn("analysing, 48 of 160 slices", self.row(ANALYSING).text)
        self.assertIn("waits for its turn", self.row(QUEUED).text)
        self.assertIn("refused", self.row(REFUSED).text)
        self.assertNotIn("positive", self.browser.find("#studies").text)

    def test_studies_are_narrowed_down_by_state_also_after_the_page_is_loaded_anew(self):
        self.sign_in()
        self.browser.find("#state option[value=refused], #state option:nth-of-type(6)").click()
        self.until_rows("dddddddd")
        self.browser.chrome.refresh()
        self.until_rows("dddddddd")

    def test_study_is_found_by_the_beginning_of_its_id(self):
        self.sign_in()
        self.browser.find("#search").send_keys("bbbb")
        self.until_rows("bbbbbbbb")

    def test_search_for_what_is_no_id_is_refused_in_words(self):
        self.sign_in()
        self.browser.find("#search").send_keys("xyz")
        self.browser.find("#list-told", "The query cannot be read.")
        self.assertIn("400 (Bad Request)", self.browser.console()[0])

    def test_studies_come_in_pages(self):
        self.sign_in()
        self.browser.find("#older").click()
        self.browser.wait(lambda _: len(self.rows_shown()) < 25, "the second page")
        self.browser.find("#newer").click()
        self.browser.wait(lambda _: len(self.rows_shown()) == 25, "the first page")

    def test_list_that_is_empty_says_so_in_words(self):
        self.sign_in()
        self.browser.find("#state option:nth-of-type(7)").click()
        self.browser.find("#list-told", "No study is like this.")

    def test_study_is_erased_by_keyboard_and_its_receipt_shown(self):
        self.sign_in()
        button = self.row(DONE).find_element(By.TAG_NAME, "button")
        self.assertEqual(button.accessible_name, "Erase aaaaaaaa")
        self.script("arguments[0].focus()", button)
        self.browser.press(Keys.ENTER)
        self.browser.find("dialog", "Erase study aaaaaaaa?")
        self.assertEqual(self.browser.focused().text, "Keep it")
        self.browser.press(Keys.ENTER)
        self.assertIn("done", self.row(DONE).text)
        self.assertEqual(self.browser.focused(), button)
        self.browser.press(Keys.ENTER, Keys.TAB, Keys.ENTER)
        receipt = self.browser.find("dialog", "Erased")
        self.browser.find("dialog dd", DONE)
        self.assertIn("1 study, 0 slices", receipt.text)
        self.assert_accessible()
        self.browser.press(Keys.ESCAPE)
        self.browser.wait(lambda _: "aaaaaaaa" not in self.rows_shown(), "the list without it")
        self.assertEqual(self.browser.focused().get_attribute("id"), "earlier")

    def test_page_is_walked_through_by_keyboard(self):
        self.sign_in()
        self.row(REFUSED)
        walked = []
        for _ in range(11):
            self.browser.press(Keys.TAB)
            each = self.browser.focused()
            walked.append(each.get_attribute("id") or each.text)
        wanted = [
            "Skip to the content",
            "BreastWise",
            "networks-open",
            "theme",
            "Sign out",
            "zip",
            "folder",
            "synthetic",
        ]
        self.assertEqual(walked, [*wanted, "Name the passes", "search", "state"])

    def test_networks_tell_what_they_are_worth(self):
        self.sign_in()
        self.browser.find("#networks-open").click()
        cards = self.browser.find("#networks-cards", "Limits")
        for told in ("SHA-256", "synthetic exams (phantoms)", "has never seen a patient", "both fused"):
            self.assertIn(told, cards.text)
        self.browser.press(Keys.ESCAPE)
        self.assertEqual(self.browser.focused().get_attribute("id"), "networks-open")

    def test_every_state_can_be_read_by_everybody(self):
        for name, state in STATES.items():
            with self.subTest(name), state(self.stage):
                self.assert_accessible()
            self.browser.leave()
            self.browser.width(1280)
            told = self.browser.console()
            self.assertEqual([each for each in told if "net::ERR_" not in each], [])  # lines that were cut

    def test_exam_larger_than_the_limit_is_refused_before_it_is_sent(self):
        with STATES["too-large"](self.stage):
            told = self.browser.find("#told [role=alert]").text
        self.assertIn("The exam is larger than this server takes", told)
        self.assertIn("It is 65 MB; 64 MB are the most.", told)

    def test_theme_stays_after_the_page_is_loaded_anew(self):
        self.sign_in()
        self.browser.theme("light")
        self.browser.chrome.refresh()
        self.assertEqual(self.script("return document.documentElement.dataset.theme"), "light")
        self.browser.theme("dark")
        self.assertEqual(self.script("return document.documentElement.dataset.theme"), "dark")

    def test_page_that_was_asked_for_opens_after_signing_in(self):
        self.browser.open("/")
        self.browser.at("/session/login/?next=/")
        self.browser.find("[name=username]").send_keys(USER)
        self.browser.find("[name=password]").send_keys(PASSWORD, Keys.ENTER)
        self.browser.at("/")
        self.browser.find("form.user button").click()
        self.browser.at("/session/login/?next=/")

    def test_wrong_password_is_told_in_words(self):
        self.browser.sign_in(USER, "another word")
        self.browser.find("[role=alert]", "Please enter a correct username and password.")
