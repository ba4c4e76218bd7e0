from dataclasses import replace
from types import SimpleNamespace
from unittest import mock

from django.test import SimpleTestCase

from detection.agreement import Agreement
from detection.findings import Finding, Peak
from detection.tests.test_findings import results
from phantom.protocol import Protocol
from training import finding_figures
from training.finding_figures import (
    Curve,
    Run,
    confusion,
    curves,
    exam_of_both_breasts,
    in_left,
    runs,
    separation,
    slices_of,
)
from training.heat_page import curves_table, separation_table

PEAK = Peak(3, 4, (60.0, 0.0, 0.0), "left", 3, 4, (1.0, 2.0, 2.0, 2.0), 100.0, "plateau")
QUIET = Agreement(1.0, 0.0, 1.0, 0.0, 0.0, 0.0, ())
LEFT = Finding(1, 2, 5, 3, 8.0, "left", PEAK, QUIET, ())
RIGHT = replace(LEFT, number=2, first_slice=4, last_slice=7, peak=replace(PEAK, patient_position=(-60.0, 0.0, 0.0)))


def tumour(x: float) -> SimpleNamespace:
    return SimpleNamespace(foci=[SimpleNamespace(centre=(x, 0.0, 0.0), diameter=10.0)])


def phantom(*tumours: tuple[float, list[int], str]) -> SimpleNamespace:
    """An exam with tumours by x in mm, their slices and the type of their curve."""
    made = {x: tumour(x) for x, *_ in tumours}
    held = {id(made[x].foci[0]): numbers for x, numbers, _ in tumours}
    return SimpleNamespace(
        patient=SimpleNamespace(tumours=list(made.values())),
        curves=[SimpleNamespace(kinetics=kind) for *_, kind in tumours],
        lesion_slices=lambda focus: held[id(focus)],
    )


ONE = phantom((60, [2, 3, 4, 5], "plateau"))
BOTH = phantom((60, [2, 3, 4, 5], "plateau"), (-60, [4, 5, 6, 7], "wash-out"))


class RunTests(SimpleTestCase):
    answer = results("0111111000110")

    def counted(self, exam, *found: Finding, hits=lambda _: True) -> list[Run]:
        return list(runs(8, exam, self.answer, found, hits))

    def test_one_finding_in_the_breast_with_tumour_is_right(self):
        self.assertEqual(self.counted(ONE, LEFT), [Run(8, 1, 1, True)])

    def test_second_finding_where_no_tumour_is_leaves_the_first_right_and_is_counted(self):
        found = self.counted(ONE, LEFT, RIGHT, hits=lambda each: each is LEFT)
        self.assertEqual(found, [Run(8, 1, 2, True)])

    def test_both_breasts_want_a_finding_each(self):
        self.assertEqual(self.counted(BOTH, LEFT, RIGHT), [Run(8, 2, 2, True)])
        self.assertEqual(self.counted(BOTH, LEFT), [Run(8, 2, 1, False)])

    def test_finding_that_misses_its_tumour_is_not_right(self):
        self.assertEqual(self.counted(BOTH, LEFT, RIGHT, hits=lambda each: each is LEFT), [Run(8, 2, 2, False)])


class CurveTests(SimpleTestCase):
    def test_finding_is_held_against_the_tumour_that_is_nearest_to_its_peak(self):
        dark = replace(LEFT, peak=replace(PEAK, curve_type=None))
        found = list(curves(8, BOTH, [LEFT, RIGHT, dark], lambda _: True))
        self.assertEqual(found, [Curve(8, "plateau", "plateau"), Curve(8, "wash-out", "plateau")])

    def test_table_has_a_row_for_each_type_that_tumours_have(self):
        told = confusion(
            [Curve(0, "plateau", "plateau"), Curve(0, "plateau", "wash-out"), Curve(1, "wash-out", "wash-out")]
        )
        self.assertEqual(told["plateau"], {"not enhancing": 0, "persistent": 0, "plateau": 1, "wash-out": 1})
        self.assertEqual(
            curves_table(told).splitlines()[-2:], ["| plateau | 0 | 0 | 1 | 1 |", "| wash-out | 0 | 0 | 0 | 1 |"]
        )


class SeparationTests(SimpleTestCase):
    def test_shares_are_of_runs_by_the_breasts_that_hold_tumour(self):
        rows = [Run(0, 1, 1, True), Run(1, 1, 2, True), Run(0, 2, 2, True), Run(1, 2, 2, False)]
        told = separation(rows, 2)
        found = {
            words: (each["runs"], each["two_findings"]["value"], each["right"]["value"]) for words, each in told.items()
        }
        self.assertEqual(found, {"one breast": (2, 0.5, 1.0), "both breasts": (2, 1.0, 0.5)})
        self.assertIn("| both breasts | 2 | 1.000 ", separation_table(told))

    def test_without_runs_there_is_no_figure(self):
        self.assertIsNone(separation([], 1)["both breasts"]["right"]["value"])


class BothBreastsTests(SimpleTestCase):
    def test_exam_has_a_tumour_in_each_breast_and_slices_that_hold_both(self):
        with mock.patch.object(finding_figures, "drawn_protocol", lambda _: Protocol(rows=64, columns=64, slices=12)):
            exam = next(filter(None, map(exam_of_both_breasts, range(20))))
        one, other = exam.patient.tumours
        self.assertNotEqual(in_left(one), in_left(other))
        self.assertTrue(set(slices_of(exam, one)) & set(slices_of(exam, other)))
