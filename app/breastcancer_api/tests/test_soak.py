import json
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from unittest import SkipTest

import requests
from django.test import SimpleTestCase

from breastcancer_api.benchmarks import faults, soaked
from breastcancer_api.benchmarks.faults import Faults, Window
from breastcancer_api.benchmarks.hammer import Upload
from breastcancer_api.benchmarks.soak import Record, code_of, right, same_slices, status
from breastcancer_api.benchmarks.soaked import Row, markdown, page, rows, unexplained
from imaging.tests.folders import FolderTestCase

DOCS = Path(__file__).resolve().parents[3] / "docs"
UPLOAD = Upload("good", b"", (2, 3))


class NoPower:
    name, codes = "no power", frozenset({"away"})

    def __init__(self):
        self.there_now = []

    @contextmanager
    def there(self):
        self.there_now.append(True)
        yield
        self.there_now.append(False)


def answer(status: int, body: object) -> requests.Response:
    made = requests.Response()
    made.status_code, made._content = status, json.dumps(body).encode()
    return made


class AnswerTests(SimpleTestCase):
    def test_other_slices_than_those_of_the_exam_alone_are_wrong(self):
        self.assertEqual(right(UPLOAD)(answer(201, [2, 3])), "")
        self.assertEqual(right(UPLOAD)(answer(201, [2])), "[2] instead of (2, 3)")
        self.assertEqual(same_slices(UPLOAD)(answer(200, {"positive_slices": []})), "[] instead of (2, 3)")

    def test_refusal_of_a_good_exam_is_wrong_and_a_fault_of_the_server_is_judged_later(self):
        self.assertEqual(right(UPLOAD)(answer(400, {"code": "not_mr"})), "status 400 not_mr")
        self.assertEqual(right(UPLOAD)(answer(500, {"code": "internal_error"})), "")

    def test_bad_exam_that_is_answered_is_wrong(self):
        self.assertEqual(status(400)(answer(201, [])), "status 201 ")

    def test_problem_in_another_form_has_no_code(self):
        self.assertEqual([code_of(answer(503, {"code": "busy"})), code_of(answer(500, {}))], ["busy", "no_code"])


class WindowTests(SimpleTestCase):
    def turns(self) -> Faults:
        return Faults([NoPower()], 5.0, [Window("no power", 100.0, 110.0)])

    def test_problem_of_the_fault_s_code_while_it_was_there_is_explained(self):
        for begin, end in ((105, 106), (90, 101), (90, 300), (130, 131)):
            self.assertEqual(self.turns().explain("away", begin, end), "no power")

    def test_another_code_or_another_time_is_not(self):
        self.assertEqual(self.turns().explain("internal_error", 105, 106), "")
        for begin, end in ((90, 99), (131, 140)):
            self.assertEqual(self.turns().explain("away", begin, end), "")

    def test_no_fault_begins_that_would_not_be_over_in_time(self):
        turns = Faults([NoPower()], 5.0)
        turns.run(until=0.0)
        self.assertEqual(turns.windows, [])


class RowTests(SimpleTestCase):
    def test_faults_are_counted_apart_by_what_explains_them(self):
        records = [
            *[Record("list", 200, 0.0, seconds / 100) for seconds in range(101)],
            Record("list", 503, 5.0, 6.0, "busy"),
            Record("list", 503, 5.0, 6.0, "away"),
            Record("list", 500, 5.0, 6.0, "internal_error"),
            Record("list", 0, 5.0, 6.0, "no_answer"),
        ]

        def explain(code: str, *_) -> str:
            return "no power" if code == "away" else ""

        (row,) = rows(records, explain)
        self.assertEqual((row.sent, row.busy, row.by_fault, row.unexplained), (105, 1, 1, 2))
        self.assertEqual([round(each, 6) for each in row.seconds], [0.5, 0.95, 0.99])
        found = {("list", 500, "internal_error"): 1, ("list", 0, "no_answer"): 1}
        self.assertEqual(unexplained(records, explain), Counter(found))

    def test_table_is_markdown(self):
        told = markdown([Row("list", 3, 1, 0, 0, None), Row("study", 2, 0, 0, 0, (0.1, 0.2, 0.3))]).splitlines()
        self.assertEqual(
            told[2:], ["| list | 3 | 1 | 0 | 0 |  |  |  |", "| study | 2 | 0 | 0 | 0 | 0.100 | 0.200 | 0.300 |"]
        )

    def test_page_in_the_docs_is_made_of_the_figures_beside_it(self):
        self.assertEqual((DOCS / "soak.md").read_text(), page(json.loads((DOCS / "soak.json").read_text())))


class FaultTests(FolderTestCase):
    def test_picture_is_drawn(self):
        soaked.draw(json.loads((DOCS / "soak.json").read_text()), self.folder / "soak.png")
        self.assertGreater((self.folder / "soak.png").stat().st_size, 1000)

    def test_clock_is_set_by_a_file_that_holds_seconds(self):
        faults.set_clock(self.folder / "clock", -25)
        self.assertEqual((self.folder / "clock").read_text(), "-90000\n")

    def test_full_disk_has_no_room_and_then_has_it_again(self):
        with faults.small_disk(self.folder / "work") as mounted:
            if not mounted:
                raise SkipTest("only root may mount a disk")
            with faults.FullDisk(self.folder / "work").there(), self.assertRaises(OSError):
                (self.folder / "work" / "more").write_bytes(bytes(1 << 20))
            (self.folder / "work" / "more").write_bytes(bytes(1 << 20))
