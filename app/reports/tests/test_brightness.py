from types import SimpleNamespace

import numpy as np
from django.test import SimpleTestCase

from reports.brightness import WINDOWS, brightness, projection
from reports.tests.reports import COUNT, a_report


class Exam:
    """Of one slice of two pixels, whose passes are ``passes`` (4, 1, 2)."""

    def __init__(self, passes: np.ndarray, bright: float):
        self.folders = dict(zip(("pre", "1st_pass", "2nd_pass", "3rd_pass"), passes, strict=True))
        self.bright, self.stack = bright, SimpleNamespace(rows=1, columns=2)

    def __len__(self) -> int:
        return 1

    def picture(self, folder: str, _: int) -> np.ndarray:
        return self.folders[folder]


class BrightnessTests(SimpleTestCase):
    def test_bright_is_4096_in_every_pass(self):
        exam = Exam(np.array([[[0, 100]], [[200, 400]], [[50, 25]], [[1, 3]]], np.uint16), bright=200.0)
        found = brightness(exam, 1)
        self.assertEqual(found.tolist(), [[[0, 2048]], [[4096, 8192]], [[1024, 512]], [[20, 61]]])
        self.assertEqual(found.dtype.str, "<i2")

    def test_what_does_not_fit_is_the_largest_or_the_least(self):
        exam = Exam(np.array([[[-9, 9]], [[-8, 8]], [[-7.999, 7.999]], [[np.inf, 0]]], np.float32), bright=1.0)
        self.assertEqual(
            brightness(exam, 1).tolist(), [[[-32768, 32767]], [[-32768, 32767]], [[-32764, 32764]], [[32767, 0]]]
        )

    def test_dark_exam_is_0(self):
        exam = Exam(np.array([[[5, 7]], [[0, 0]], [[1, 1]], [[1, 1]]], np.uint16), bright=0.0)
        self.assertFalse(brightness(exam, 1).any())
        self.assertFalse(projection(exam).any())

    def test_projection_is_the_most_that_the_first_pass_gains(self):
        exam = Exam(np.array([[[50, 30]], [[100, 10]], [[0, 0]], [[0, 0]]], np.uint16), bright=100.0)
        self.assertEqual((projection(exam).tolist(), projection(exam).dtype.str), ([[2048, 0]], "<i2"))

    def test_slices_and_projection_of_an_exam_have_one_scale(self):
        exam = a_report("axial").exam
        gained = [np.subtract(*brightness(exam, number)[[1, 0]], dtype=int) for number in range(1, COUNT + 1)]
        np.testing.assert_allclose(projection(exam), np.max(gained, axis=0).clip(0), atol=1)

    def test_windows_are_those_of_the_pictures(self):
        self.assertEqual(WINDOWS, {"pass": (0, 3072), "subtraction": (0, 2458)})
