import numpy as np
from django.test import SimpleTestCase

from detection.agreement import agreement
from detection.body import Places, body_of
from detection.tests.bodies import STACKS, BodyExam, spot, stack

FLOOR = 20.0
NOWHERE = Places(None, None)


def passes(*curves: tuple[float, float, float, float]) -> np.ndarray:
    """(4, 1, N): a pixel a curve."""
    return np.array(curves, np.float32).T[:, None]


def warned(exam: BodyExam, place) -> tuple[str, ...]:
    number, heat = spot(exam.stack, place)
    return agreement(heat, exam.passes(number), FLOOR, body_of(exam, FLOOR).places(number)).warnings


class SharesTests(SimpleTestCase):
    wash_out, plateau, rising, silent = (100, 200, 180, 160), (100, 200, 200, 200), (100, 200, 220, 240), (100,) * 4

    def test_shares_of_heat_by_the_curve_of_the_tissue(self):
        heat = np.array([[1.0, 0.5, 0.25, 0.25]], np.float32)
        found = agreement(heat, passes(self.wash_out, self.plateau, self.rising, self.silent), FLOOR, NOWHERE)
        self.assertEqual((found.wash_out, found.plateau, found.persistent, found.enhancing), (0.5, 0.25, 0.125, 0.875))

    def test_of_places_that_nobody_knows_nothing_is_said(self):
        found = agreement(np.ones((1, 1)), passes(self.silent), FLOOR, NOWHERE)
        self.assertEqual((found.air, found.chest, found.warnings), (None, None, ()))

    def test_slice_without_heat_has_no_shares_and_no_warnings(self):
        everywhere = Places(np.ones((1, 1), bool), np.ones((1, 1), bool))
        found = agreement(np.zeros((1, 1)), passes(self.wash_out), FLOOR, everywhere)
        self.assertEqual((found.wash_out, found.air, found.chest, found.warnings), (0, 0, 0, ()))


class WarningsTests(SimpleTestCase):
    curves = passes(*[(100, 200, 160, 160)] * 4)

    def said(self, heat: list[float], air: list[bool], chest: list[bool]):
        places = Places(np.array([air]), np.array([chest]))
        return agreement(np.array([heat], np.float32), self.curves, FLOOR, places)

    def test_peak_in_the_air_is_warned_of(self):
        found = self.said([1, 0.9, 0.9, 0.9], air=[True, False, False, False], chest=[False] * 4)
        self.assertEqual(found.air, 0.27)
        self.assertEqual(found.warnings, ("the place where the scantype network looked most lies in the air",))

    def test_half_of_the_heat_in_the_chest_is_warned_of(self):
        found = self.said([1, 0.5, 0.5, 0], air=[False] * 4, chest=[False, True, True, False])
        self.assertEqual(found.chest, 0.5)
        self.assertEqual(found.warnings, ("50% of the scantype network's heat lies in the chest (ribs, lungs, heart)",))

    def test_less_of_it_is_not(self):
        self.assertEqual(self.said([1, 0.5, 0.4, 0], [False] * 4, [False, True, True, False]).warnings, ())

    def test_heat_in_a_breast_is_not_warned_of_in_any_plane(self):
        for name, each in STACKS.items():
            for place in ((80, 0, 0), (-80, -45, 0), (-90, 15, 0)):
                with self.subTest(name, place=place):
                    self.assertEqual(warned(BodyExam(each), place), ())

    def test_heat_in_the_air_and_in_the_heart_is(self):
        for name, each in STACKS.items():
            with self.subTest(name):
                self.assertIn("lies in the air", warned(BodyExam(each), (40, -80, 0))[0])
                self.assertIn("lies in the chest", warned(BodyExam(each), (20, 60, 0))[0])

    def test_heat_in_the_heart_is_not_told_where_one_breast_alone_was_seen(self):
        exam = BodyExam(stack("sagittal", -152, -16))
        self.assertEqual(warned(exam, (30, 60, 0)), ())
