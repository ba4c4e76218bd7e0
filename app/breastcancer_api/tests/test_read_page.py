"""The page of one study in Debian's Chromium: from the moment it waits until it is erased."""

import io
import json
import re
import uuid
import zipfile
from collections.abc import Callable

import cv2
import numpy as np
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from breastcancer_api.browsing.reading import FAILED, INCIDENT, STATES, Desk
from breastcancer_api.browsing.stage import SMALL
from breastcancer_api.browsing.studies import Studies
from breastcancer_api.tests.browsers import BrowserTestCase
from imaging import errors
from phantom.dicom import write_zip
from phantom.exam import Exam

LEVEL = 1  # of grey: the page computes with rounded brightness
MOST_BYTES = 200_000  # of all that the page loads before it asks for a study


# Reads a canvas: RGBA. Of one that is read often itself Chromium warns.
COPY = """const copy = (canvas) => {
  const context = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
};"""
# of phantoms of 6 slices: slices 2 to 4 of the one are positive, none of the other
POSITIVE, NEGATIVE = 4, 1


def phantom(seed: int) -> bytes:
    file = io.BytesIO()
    write_zip(Exam(seed, SMALL), file)
    return file.getvalue()


def changed(archive: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """``archive`` with what ``change`` makes of the content of each file; None leaves it out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as whole, zipfile.ZipFile(file, "w") as part:
        for name in whole.namelist():
            content = change(name, whole.read(name))
            if content is not None:
                part.writestr(name, content)
    return file.getvalue()


class ReadPageTestCase(BrowserTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.studies = Studies(cls.server, cls.state)
        exam = phantom(POSITIVE)
        spoiled = changed(exam, lambda name, content: b"no DICOM" if name == "pre/003.dcm" else content)
        cls.desk = Desk(cls.browser, cls.studies, exam, phantom(NEGATIVE), spoiled)

    def setUp(self):
        super().setUp()
        self.desk.sign_in()

    def text(self, id_: str) -> str:
        return self.browser.there(f"#{id_}").text

    def texts(self, selector: str) -> list[str]:
        return [each.text for each in self.browser.chrome.find_elements(By.CSS_SELECTOR, selector)]

    def wait_for(self, id_: str, holding: str) -> None:
        self.browser.find(f"#{id_}", holding)

    def expect_console(self, *told: str) -> None:
        """What the browser has warned of, each once, and nothing else."""
        warned = self.browser.console()
        self.assertEqual(len(warned), len(told), warned)
        for each in told:
            self.assertTrue(any(each in line for line in warned), warned)


class BeforeTheResultTests(ReadPageTestCase):
    def test_study_that_waits_says_so_and_is_cancelled_with_a_receipt(self):
        study = self.studies.make("queued")
        self.desk.open(study)
        self.wait_for("waiting-title", "Waiting for its turn")
        self.assertEqual(self.script("return document.getElementById('waiting-bar').position"), -1)
        self.browser.find("#cancel").click()
        self.browser.find("dialog button.danger").click()
        self.browser.find("dialog", study)
        self.browser.find("dialog button", "Close").click()
        self.wait_for("ended-title", "Erased")
        self.assertEqual(self.browser.focused().get_attribute("id"), "ended-title")
        self.assertEqual(self.studies.ask(f"/studies/{study}/").status_code, 404)

    def test_study_that_is_kept_after_all_is_followed_on(self):
        study = self.studies.make("queued")
        self.desk.open(study)
        self.browser.find("#cancel").click()
        self.browser.find("dialog button", "Keep it").click()
        self.studies.erase(study)
        self.wait_for("ended-title", "There is no such study here")
        self.expect_console("404 (Not Found)")

    def test_share_of_slices_is_shown_while_networks_look(self):
        self.desk.open(self.studies.make("analysing", slice_count=160, slices_done=48, progress=0.3))
        self.wait_for("waiting-words", "48 of 160 slices")
        self.assertEqual(self.browser.there("#waiting-bar").get_attribute("value"), "0.3")
        self.assertIn("Analysing 30 %", self.browser.chrome.title)
        self.expect_console("409 (Conflict)")  # a study that nobody has read has no passport

    def test_refusal_says_what_is_wrong_with_which_file_and_what_to_do(self):
        self.desk.open(self.studies.send(self.desk.spoiled))
        self.wait_for("ended-title", "The exam was refused")
        self.browser.find("#ended-body", "A file is not a DICOM image")
        self.assertIn("pre/003.dcm", self.browser.find("#ended-body .files").text)
        self.assertIn("Leave it out if it is no slice", self.text("ended-body"))
        self.browser.find("#ended-body a.button", "Send another exam")
        told = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        edge = self.script(told, "#ended-body .notice", "border-left-color")
        self.assertEqual(edge, self.script(told, "#ended-body strong", "color"))

    def test_missing_pass_has_a_remedy_of_its_own(self):
        three = changed(self.desk.exam, lambda name, content: None if name.startswith("3rd_pass/") else content)
        self.desk.open(self.studies.send(three))
        self.browser.find("#ended-body", "missing")
        self.assertIn("Export the dynamic series whole", self.text("ended-body"))

    def test_failure_shows_the_id_for_the_administrator(self):
        study = self.studies.make("failed", problem=FAILED)
        self.desk.open(study)
        self.browser.find("#ended-body", "Internal server error")
        self.assertEqual(self.texts("dd code"), [study, INCIDENT])

    def test_study_that_is_not_there_says_so(self):
        self.desk.open(str(uuid.uuid4()))
        self.wait_for("ended-title", "There is no such study here")
        self.expect_console("404 (Not Found)")

    def test_lost_server_is_told_and_found_again(self):
        self.desk.open(self.studies.make("queued"))
        self.wait_for("waiting-title", "Waiting for its turn")
        self.line.cut(after=0)
        self.wait_for("line", "cannot be reached")
        self.line.free()
        self.browser.wait(lambda _: not self.browser.there("#line").is_displayed(), "the server is back")
        self.assertTrue(all("net::ERR_" in each for each in self.browser.console()))


class ReadingTests(ReadPageTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.result = cls.studies.ask(f"/studies/{cls.desk.study}/results.json").json()

    def setUp(self):
        super().setUp()
        self.desk.read()

    def drawn(self, selector: str = ".pane canvas[role=img]") -> np.ndarray:
        """What a canvas holds, (rows, columns, 4) uint8."""
        values, rows, columns = self.script(
            f"""{COPY} const canvas = document.querySelector(arguments[0]);
            return [[...copy(canvas)], canvas.height, canvas.width];""",
            selector,
        )
        return np.array(values, np.uint8).reshape(rows, columns, 4)

    def grey(self) -> np.ndarray:
        return self.drawn()[..., 0].astype(int)

    def server_picture(self, number: int, kind: str = "1st_pass") -> np.ndarray:
        answer = self.studies.ask(f"/studies/{self.desk.study}/slices/{number}.png?kind={kind}")
        return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE).astype(int)

    def server_layer(self, number: int, name: str) -> np.ndarray:
        answer = self.studies.ask(f"/studies/{self.desk.study}/slices/{number}/layers/{name}.png")
        return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)

    def assert_shows(self, number: int, kind: str) -> None:
        self.assertLessEqual(np.abs(self.grey() - self.server_picture(number, kind)).max(), LEVEL, (number, kind))

    def to(self, number: int) -> None:
        self.browser.press(Keys.HOME, *[Keys.ARROW_RIGHT] * (number - 1))
        self.wait_for("number", f"Slice {number} of 6")
        self.browser.wait(lambda _: "loading" not in self.text("where"), "the picture")

    def drag(self, selector: str, x: int, y: int) -> None:
        mouse = ActionChains(self.browser.chrome).move_to_element(self.browser.there(selector)).click_and_hold()
        mouse.move_by_offset(x, y).release().perform()

    def shown_picture(self) -> str:
        """Name of the picture that is chosen."""
        return self.script("return document.querySelector('#pictures [aria-pressed=true]').dataset.name")

    def test_begins_at_the_best_slice_of_the_first_finding(self):
        best = self.result["findings"][0]["best_slice"]
        self.assertEqual(self.text("number"), f"Slice {best} of 6")
        self.assertEqual(self.text("array"), str(self.result["positive_slices"]))
        self.assertIn("positive", self.text("verdict"))

    def test_exam_without_a_positive_slice_begins_in_the_middle(self):
        self.desk.read(self.studies.send(self.desk.clear))
        self.wait_for("answer", "No slice of 6 is positive")
        self.wait_for("number", "Slice 3 of 6")
        self.assertEqual((self.text("array"), self.text("findings")), ("[]", "None."))
        self.browser.press("n")
        self.browser.find("#take a", "Heat, scantype").click()
        self.browser.find("#take-told", "There is nothing to point at")
        self.expect_console("409 (Conflict)")

    def test_keys_move_through_the_stack(self):
        positive = self.result["positive_slices"]
        for key, number in ((Keys.END, 6), (Keys.HOME, 1), ("n", positive[0]), ("n", positive[1]), ("p", positive[0])):
            self.browser.press(key)
            self.wait_for("number", f"Slice {number} of 6")
        self.browser.press(Keys.HOME, Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
        self.wait_for("number", "Slice 3 of 6")
        self.browser.press(Keys.PAGE_DOWN)
        self.wait_for("number", "Slice 6 of 6")

    def test_strip_is_a_slider_that_says_what_a_slice_is(self):
        self.to(1)
        row = self.result["slices"][0]
        strip = self.browser.there("#strip")
        told = f"single {row['single_probability']:.2f}, scantype {row['scantype_probability']:.2f}"
        decision = "positive" if row["fused"] else "negative"
        self.assertEqual(strip.get_attribute("aria-valuetext"), f"slice 1 of 6, {decision}, {told}")
        ActionChains(self.browser.chrome).move_to_element_with_offset(
            strip, strip.size["width"] // 2 - 4, 0
        ).click().perform()
        self.wait_for("number", "Slice 6 of 6")
        self.assertEqual(strip.get_attribute("aria-valuenow"), "6")

    def test_every_picture_is_that_of_the_server(self):
        keys = {"1": "pre", "2": "1st_pass", "3": "2nd_pass", "4": "3rd_pass", "5": "1st_subtraction"}
        keys |= {"6": "2nd_subtraction", "7": "3rd_subtraction"}
        for number in (1, 4):
            self.to(number)
            for key, kind in keys.items():
                self.browser.press(key)
                self.browser.wait(lambda _, kind=kind: self.shown_picture() == kind, kind)
                self.assert_shows(number, kind)

    def test_projection_is_that_of_the_server(self):
        self.browser.press("8")
        shown = "return document.querySelector('.pane:not(.empty) .pane-title')?.textContent.startsWith('MIP')"
        self.browser.wait(lambda _: self.script(shown), "the projection")
        self.assert_shows(1, "maximum_intensity_projection")

    def test_four_passes_stand_side_by_side(self):
        self.browser.press("0")
        self.browser.wait(lambda _: len([each for each in self.panes() if each.is_displayed()]) == 4, "four panes")
        self.assertEqual(
            [each.split(",")[0] for each in self.texts(".pane-title")],
            ["Before contrast", "1st pass", "2nd pass", "3rd pass"],
        )

    def panes(self):
        return self.browser.chrome.find_elements(By.CSS_SELECTOR, ".pane")

    def test_number_and_picture_agree_in_every_frame(self):
        pictures = {f"Slice {number} of 6": self.server_picture(number) for number in range(1, 7)}
        self.desk.read()  # anew, so that slices come while somebody moves
        frames = self.later(
            f"""{COPY} const seen = [], canvas = document.querySelector(".pane canvas");
            const keys = ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"];
            const frame = () => {{
              const empty = canvas.closest(".pane").classList.contains("empty");
              const greys = empty ? null : [...copy(canvas)].filter((_, at) => at % 4 === 0);
              seen.push([document.getElementById("number").textContent, greys]);
              document.dispatchEvent(new KeyboardEvent("keydown", {{ key: keys[seen.length % keys.length] }}));
              if (seen.length < 40) requestAnimationFrame(() => setTimeout(frame)); else told(seen);
            }};
            frame();"""
        )
        drawn = [(number, np.reshape(greys, (48, 48))) for number, greys in frames if greys]
        self.assertGreater(len({number for number, _ in drawn}), 3)
        for number, greys in drawn:
            self.assertLessEqual(np.abs(greys - pictures[number]).max(), LEVEL, number)

    def test_heat_is_laid_over_the_picture_and_taken_away(self):
        number = self.result["findings"][0]["best_slice"]
        before = self.grey()
        self.browser.press("h")
        self.browser.find("#caption", "scantype")
        cover = self.drawn(".pane canvas.cover")
        wanted = self.server_layer(number, "heat-scantype")
        np.testing.assert_array_equal(cover[..., 3], wanted[..., 3])
        self.assertGreater(cover[..., 3].max(), 0)
        self.browser.find("#legend", "most")
        np.testing.assert_array_equal(self.grey(), before)
        self.browser.press("[", "[")
        self.browser.wait(lambda _: self.browser.there("#opacity").get_attribute("value") == "80", "fainter")
        self.browser.press("h")
        self.browser.wait(lambda _: not self.browser.there("#legend").is_displayed(), "no legend")
        self.assertEqual(self.drawn(".pane canvas.cover").max(), 0)

    def test_each_layer_has_its_legend(self):
        for name, words in (("curve_types", "wash-out"), ("initial_rise", "100 % and more"), ("heat-single", "most")):
            self.browser.find(f"#layers [data-name={name}]").click()
            self.browser.find("#legend", words)
        self.browser.find("#layers button", "None").click()

    def test_dragging_changes_the_window_and_reset_brings_it_back(self):
        before = self.grey()
        self.drag("#stage", 60, -30)
        self.browser.wait(lambda _: not self.text("look").startswith("W 3072"), "another window")
        self.assertFalse(np.array_equal(self.grey(), before))
        self.browser.press("r")
        self.wait_for("look", "W 3072 L 1536")
        np.testing.assert_array_equal(self.grey(), before)

    def test_keys_change_the_window_as_the_table_says(self):
        before = self.grey().sum()
        self.browser.press("b", "b")
        self.wait_for("look", "W 3072 L 1228")
        self.assertGreater(self.grey().sum(), before)
        self.browser.press("c")
        self.wait_for("look", "W 2918 L 1228")

    def test_picture_is_zoomed_and_fitted(self):
        self.browser.press("+", "+")
        self.wait_for("look", "156 %")
        self.browser.press("f")
        self.wait_for("look", "100 %")

    def test_edges_and_a_scale_are_as_the_headers_say(self):
        edges = self.texts(".pane:not([hidden]) .edge")
        self.assertEqual(edges, ["R", "L", "A", "P"])
        self.assertEqual(self.browser.find(".scale").text, "100 mm")

    def test_slice_and_place_lie_where_the_report_says(self):
        z = self.result["slices"][0]["position"]
        self.to(1)
        self.assertEqual(self.text("where"), f"{abs(z):.1f} mm to the {'head' if z > 0 else 'feet'}")
        self.browser.press("k")
        self.browser.find("#curve", f"{self.text('where')} of the scanner's origin.")

    def test_curve_is_that_of_the_place_that_is_clicked(self):
        self.to(3)
        ActionChains(self.browser.chrome).move_to_element(self.browser.there(".pane canvas")).click().perform()
        self.browser.find("#curve .chart")
        row, column = map(int, re.search(r"Slice 3, row (\d+), column (\d+)", self.text("curve")).groups())
        self.assertLessEqual(max(abs(row - 24), abs(column - 24)), 1)
        told = self.studies.ask(f"/studies/{self.desk.study}/slices/3/curve/?row={row}&column={column}").json()
        self.assertIn(told["curve_type"] or "Too dark", self.text("curve"))
        (chart,) = self.browser.chrome.find_elements(By.CSS_SELECTOR, "#curve .chart")
        self.assertIn(f"{told['seconds'][1]:.0f} s: {told['brightness'][1]:.0f}", chart.get_attribute("aria-label"))

    def test_finding_shows_its_peak_and_curve(self):
        finding = self.result["findings"][0]
        self.browser.press(Keys.END)
        self.browser.find("#findings button").click()
        self.wait_for("number", f"Slice {finding['best_slice']} of 6")
        self.browser.find("#curve", f"row {finding['peak']['curve_row']}, column {finding['peak']['curve_column']}")
        self.browser.find("#curve", f"{finding['peak']['curve_type']}.")
        self.assertEqual(len(self.texts(".pane:not([hidden]) .peak")), 1)
        self.browser.press("m")
        self.browser.wait(lambda chrome: not chrome.find_elements(By.CSS_SELECTOR, ".pane:not([hidden]) .peak"), "none")

    def test_reason_is_told_in_words(self):
        self.to(1)
        self.assertIn(self.result["slices"][0]["reason"][1:], self.text("reason"))

    def test_patient_is_named_only_when_asked_for(self):
        self.assertNotIn("Phantom", self.browser.there("body").text)
        self.browser.find("#patient button").click()
        self.browser.find("#patient", "Phantom, Seed4")
        self.browser.find("#patient button", "Hide").click()
        self.browser.find("#patient button", "Show whose")
        self.assertNotIn("Phantom", self.browser.there("body").text)

    def test_cards_of_the_networks_are_a_press_away(self):
        self.browser.find("#cards").click()
        self.browser.find("#networks-cards", "phantoms-scantype")

    def test_what_was_sent_is_told_when_asked_for(self):
        self.browser.find("#exam summary").click()
        self.browser.find("#exam-passport", "6 slices")
        self.assertEqual(len(self.texts("#exam-passport tbody tr")), 4)

    def test_numbers_are_copied(self):
        self.browser.chrome.execute_cdp_cmd(
            "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        )
        self.browser.find("#copy").click()
        self.browser.find("#copy", "Copied")
        told = self.later("navigator.clipboard.readText().then(told)")
        self.assertEqual(json.loads(told), self.result["positive_slices"])

    def test_every_form_is_saved(self):
        behaviour = {"behavior": "allow", "downloadPath": str(self.folder)}
        self.browser.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
        name = f"breastwise-{self.desk.study}"
        for title, file in (("CSV", f"{name}.csv"), ("PDF", f"{name}-results.pdf")):
            self.browser.find("#take a", title).click()
            self.browser.find("#take-told", f"{title} is saved")
            self.browser.wait(lambda _, file=file: (self.folder / file).exists(), file)
        saved = (self.folder / f"{name}.csv").read_bytes()
        self.assertEqual(saved, self.studies.ask(f"/studies/{self.desk.study}/results.csv").content)

    def test_help_lists_keys_and_letters_can_be_switched_off(self):
        self.browser.press("?")
        self.browser.find("#keys", "next positive slice")
        self.browser.find("#letters").click()
        self.browser.press(Keys.ESCAPE, "4")
        self.assertEqual(self.shown_picture(), "1st_pass")
        self.script("localStorage.clear()")

    def test_page_loads_little(self):
        sizes = self.script(
            """return performance.getEntriesByType("resource").filter((each) => each.name.includes("/static/"))
            .map((each) => each.decodedBodySize);"""
        )
        self.assertGreater(len(sizes), 20)
        self.assertLess(sum(sizes), MOST_BYTES)


class TouchTests(ReadPageTestCase):
    """Fingers on a telephone. A place is [x, y] in pixels of the page."""

    def setUp(self):
        super().setUp()
        self.browser.width(390)
        self.touching(True)
        self.addCleanup(self.touching, False)
        self.desk.read()

    def touching(self, enabled: bool) -> None:
        told = {"enabled": enabled, "maxTouchPoints": 2}
        self.browser.chrome.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", told)

    def middle(self, selector: str) -> tuple[float, float]:
        box = self.script("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(self, *fingers: list[tuple[float, float]]) -> None:
        """Each of the ``fingers`` goes down at its first place, over the others, and up at its last."""
        for k, places in enumerate(zip(*fingers, strict=True)):
            points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
            kind = "touchMove" if k else "touchStart"
            self.browser.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.browser.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def test_finger_that_is_drawn_over_the_picture_changes_the_window(self):
        x, y = self.middle("#stage")
        self.touch([(x, y), (x + 20, y), (x + 60, y - 30)])
        self.browser.wait(lambda _: not self.text("look").startswith("W 3072"), "another window")
        self.assertEqual(self.script("return scrollY"), 0)

    def test_finger_moves_through_slices_where_that_is_chosen(self):
        self.browser.find("#drags [data-name=slices]").click()
        self.script("scrollTo(0, 0)")
        self.browser.press(Keys.HOME)
        self.wait_for("number", "Slice 1 of 6")
        x, y = self.middle("#stage")
        self.touch([(x, y), (x, y + 12), (x, y + 30)])
        self.wait_for("number", "Slice 3 of 6")

    def test_two_fingers_zoom(self):
        x, y = self.middle("#stage")
        apart = (20, 30, 40)
        self.touch([(x - each, y) for each in apart], [(x + each, y) for each in apart])
        self.wait_for("look", "200 %")

    def test_tap_asks_for_the_curve(self):
        self.touch([self.middle(".pane canvas")])
        self.browser.find("#curve .chart")

    def test_tap_on_the_strip_goes_to_a_slice_and_a_drag_on_through_others(self):
        width = self.browser.there("#strip").size["width"]
        x, y = self.middle("#strip")
        first, last = x - 0.45 * width, x + 0.45 * width
        self.touch([(first, y)])
        self.wait_for("number", "Slice 1 of 6")
        self.touch([(first, y), (x, y), (last, y)])
        self.wait_for("number", "Slice 6 of 6")


class AfterReadingTests(ReadPageTestCase):
    def test_study_that_is_kept_after_all_is_read_on(self):
        self.desk.read()
        self.browser.find("#erase").click()
        self.browser.find("dialog button", "Keep it").click()
        before = int(self.text("number").split()[1])
        self.browser.press("h", Keys.ARROW_RIGHT)
        self.wait_for("number", f"Slice {before + 1} of 6")
        self.browser.find("#caption", "scantype")
        self.browser.find(".pane:not(.empty)")

    def test_study_is_erased_and_the_receipt_shown(self):
        study = self.studies.send(self.desk.exam)
        self.desk.open(study)
        self.browser.find("#erase").click()
        self.browser.find("dialog button.danger").click()
        self.assertIn("6 slices", self.browser.find("dialog", study).text)
        self.wait_for("ended-title", "Erased")  # behind the receipt
        self.assertFalse(self.browser.there("#reading").is_displayed())
        self.browser.find("dialog button", "Close").click()
        self.browser.wait(lambda _: self.browser.focused().get_attribute("id") == "ended-title", "the focus")
        self.assertEqual(self.studies.ask(f"/studies/{study}/").status_code, 404)

    def test_numbers_stay_where_pictures_are_not_kept(self):
        study = self.studies.send(self.desk.exam)
        self.studies.lose_pictures(study)
        self.desk.open(study)
        self.wait_for("no-pictures", "not kept")
        self.assertTrue(all("410 (Gone)" in each for each in self.browser.console()))
        self.browser.press(Keys.END)
        self.wait_for("number", "Slice 6 of 6")
        self.assertIn("Slice 6", self.text("reason-title"))
        self.assertEqual(self.texts("#take a"), ["CSV", "JSON"])
        self.browser.find("#findings button").click()
        self.browser.find("#curve .chart")

    def test_pictures_that_go_while_somebody_looks_are_told(self):
        study = self.studies.send(self.desk.exam)
        self.desk.open(study)
        self.browser.find(".pane:not(.empty)")
        self.studies.lose_pictures(study)
        self.browser.find("#take a", "PDF").click()
        self.browser.find("#take-told", "not kept")
        self.expect_console("410 (Gone)")
        self.assertIn("Send the exam again", self.text("take-told"))


class AccessibilityTests(ReadPageTestCase):
    def test_every_state_is_accessible(self):
        for name, reach in STATES.items():
            with self.subTest(state=name):
                reach(self.desk)
                self.assert_accessible()
        # of an exam that nobody has read there is no passport, of one that is not kept no picture
        told = self.browser.console()
        self.assertEqual([each for each in told if "409 (Conflict)" not in each and "410 (Gone)" not in each], [])


class ModuleTests(ReadPageTestCase):
    """What a module computes, against a second way to compute it."""

    def setUp(self):
        super().setUp()
        self.browser.open("/livez")

    def imported(self, module: str, names: str, expression: str):
        address = f"/static/breastcancer_api/read/{module}.js"
        return self.later(f'import("{address}").then(async ({{ {names} }}) => told(await {expression}));')

    def test_every_refusal_has_a_remedy_of_its_own(self):
        codes = sorted({each.code for each in vars(errors).values() if hasattr(each, "code")})
        told = self.imported("remedies", "remedy", f"{json.dumps(codes)}.map(remedy)")
        other = self.imported("remedies", "remedy", 'remedy("a code of tomorrow")')
        self.assertEqual([code for code, words in zip(codes, told, strict=True) if words == other], [])

    def test_window_is_linear_between_its_ends(self):
        for low, high in ((0, 3072), (-100, 100), (500, 501)):
            told = np.array(self.imported("windowing", "greys", f"[...greys([{low}, {high}])]"), np.uint32)
            values = np.arange(65536).astype(np.uint16).view(np.int16).astype(float)
            wanted = 255 * np.clip((values - low) / (high - low), 0, 1)
            self.assertLessEqual(np.abs((told & 255) - wanted).max(), 0.5 + 1e-9)
            self.assertTrue((told >> 24 == 255).all())

    def test_slices_are_wanted_outwards_and_twice_as_many_ahead(self):
        self.assertEqual(self.imported("stack", "outward", "outward(5, 10, 1)"), [5, 6, 7, 4, 8, 9, 3, 10, 2, 1])
        self.assertEqual(self.imported("stack", "outward", "outward(2, 5, -1)"), [2, 1, 3, 4, 5])

    def test_stack_holds_no_more_than_its_room_and_fetches_few_at_once(self):
        most, held, there = self.imported(
            "stack",
            "Stack",
            """(async () => {
              let now = 0, most = 0;
              const load = async (number) => (most = Math.max(most, ++now), await null, now--, number);
              const stack = new Stack({ count: 100, load, room: 9, parallel: 3, arrived() {}, failed() {} });
              for (const number of [1, 50, 51]) {
                stack.centre(number);
                while (stack.get(number) === undefined || stack.size < 9) await null;
                for (let left = 100; left; left -= 1) await null;
              }
              return [most, stack.size, [48, 49, 50, 51, 52, 53, 54, 55, 56].map(stack.has)];
            })()""",
        )
        self.assertEqual((most, held, there), (3, 9, [False, True, True, True, True, True, True, True, True]))

    def test_what_is_passed_is_not_fetched_on(self):
        aborted = self.imported(
            "stack",
            "Stack",
            """new Promise((resolve) => {
              const gone = [];
              const load = (number, signal) => new Promise((_, reject) =>
                signal.addEventListener("abort", () => (gone.push(number), reject(signal.reason))));
              const stack = new Stack({ count: 100, load, room: 100, parallel: 2, arrived() {}, failed() {} });
              stack.centre(1);
              stack.centre(90);
              setTimeout(() => resolve(gone));
            })""",
        )
        self.assertEqual(aborted, [1, 2])

    def test_findings_that_share_slices_stand_below_each_other(self):
        findings = [{"first_slice": a, "last_slice": b} for a, b in ((1, 4), (3, 6), (5, 8), (7, 7))]
        self.assertEqual(self.imported("scale", "rowsOf", f"rowsOf({json.dumps(findings)})"), [0, 1, 0, 1])

    def test_both_networks_are_positive_above_one_line(self):
        told = self.imported(
            "scale",
            "height",
            "[[0, 0.2], [0.2, 0.2], [1, 0.2], [0.1, 0.2], [0.3, null]].map((each) => height(...each))",
        )
        self.assertEqual(told, [0, 0.5, 1, 0.25, 0.3])

    def test_place_under_the_pointer_stays_there_when_zooming(self):
        state = "{ zoom: 2, middle: [0.5, 0.5] }"
        told = self.imported("moves", "zoom", f"zoom(2, [0.6, 0.5])({state})")
        self.assertEqual(told["zoom"], 4)
        np.testing.assert_allclose(told["middle"], [0.55, 0.5])

    def test_marks_lie_on_their_pixel_and_have_one_size_at_any_zoom(self):
        places, arms = self.imported(
            "pane",
            "Pane",
            """(() => {
              const pane = new Pane({ rows: 20, columns: 40, edges: null, pixel_spacing_mm: [2, 0.5] });
              pane.mark([{ row: 4, column: 9, number: 1 }], { row: 19, column: 39 });
              const seen = (zoom, middle) => {
                pane.place(400, 400, zoom, middle);
                return [...pane.marks.children].map((each) => each.getAttribute("transform"));
              };
              const places = [seen(1, [0.5, 0.5]), seen(2, [0.25, 0.5])];
              return [places, pane.marks.querySelector("path").getAttribute("d")];
            })()""",
        )
        told = [[float(each) for each in re.findall(r"[-.\d]+", text)] for seen in places for text in seen]
        np.testing.assert_allclose(told, [(-52.5, -110), (97.5, 190), (-5, -220), (295, 380)])
        self.assertEqual(arms, "M-17 0h10M7 0h10M0 -17v10M0 7v10")
