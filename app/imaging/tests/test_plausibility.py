import tempfile
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from imaging.errors import NoSignal, NotABreast, NoUptake, PassesOutOfOrder
from imaging.exam import Exam, read_exam
from imaging.plausibility import check_plausible, uptake
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import FOLDERS, slice_bytes, write_files

REAL_EXAM = Path(__file__).resolve().parents[4] / "shared" / "exam" / "series.zip"


def stack(heart: int) -> np.ndarray:
    """A slice of tissue with noise in which a heart, 4 % of the places, has the brightness given."""
    pixels = np.random.default_rng(0).integers(90, 110, (50, 50))
    pixels[20:30, 20:30] = heart
    return pixels


class PlausibilityTests(FolderTestCase):
    def exam(self, before: int, after: int, **tags) -> Exam:
        hearts = dict(zip(FOLDERS, (before, after, after, after), strict=True))
        files = {
            f"{folder}/{i}": slice_bytes(stack(heart), i, 2.0 * i, **tags)
            for folder, heart in hearts.items()
            for i in range(3)
        }
        return read_exam(write_files(files, self.folder))

    def test_heart_that_brightens_is_as_it_should_be(self):
        exam = self.exam(100, 400)
        self.assertEqual(check_plausible(exam), ())
        self.assertAlmostEqual(uptake(exam.pre, exam.passes[0])[0], 0.04, delta=0.01)

    def test_same_pass_twice_is_refused_for_want_of_uptake(self):
        with self.assertRaisesMessage(NoUptake, "Hardly anything is brighter in 1st_pass than in pre"):
            check_plausible(self.exam(100, 100))

    def test_heart_that_is_bright_before_contrast_is_refused(self):
        with self.assertRaisesMessage(PassesOutOfOrder, "Heart and vessels are brighter in pre than in 1st_pass"):
            check_plausible(self.exam(400, 100))

    def test_little_uptake_is_told(self):
        exam = self.exam(100, 100)
        path = exam.passes[0].slices[1].path
        pixels = stack(100)
        pixels[:6, :6] = 400
        path.write_bytes(slice_bytes(pixels, 1, 2.0))
        told = ("1st_pass shows little uptake of contrast: 0.5% of the places looked at.",)
        self.assertEqual(check_plausible(read_exam(self.folder)), told)

    def test_another_part_of_the_body_is_refused(self):
        with self.assertRaisesMessage(NotABreast, "pre/0 shows KNEE by its BodyPartExamined, not a breast."):
            check_plausible(self.exam(100, 400, BodyPartExamined="KNEE"))

    def test_names_for_a_breast_are_taken(self):
        for part in ("BREAST", "Breasts", "CHEST", "MAMMA"):
            self.assertEqual(check_plausible(self.exam(100, 400, BodyPartExamined=part)), ())

    def test_constant_image_holds_no_signal(self):
        for each in self.exam(100, 400).passes[0].slices:
            each.path.write_bytes(slice_bytes(np.full((50, 50), 7), 1, each.position))
        with self.assertRaisesMessage(NoSignal, "1st_pass holds no signal: every pixel has the same value."):
            check_plausible(read_exam(self.folder))


class RealExamTests(unittest.TestCase):
    def test_real_exam_shows_uptake_and_swapped_or_repeated_passes_are_refused(self):
        if not REAL_EXAM.exists():
            self.skipTest("the real exam is not here")
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(REAL_EXAM) as archive:
                archive.extractall(folder)
            exam = read_exam(next(Path(folder).rglob("pre")).parent)
            first, second, third = exam.passes
            self.assertEqual(check_plausible(exam), ())
            with self.assertRaises(PassesOutOfOrder):
                check_plausible(replace(exam, pre=first, passes=(exam.pre, second, third)))
            with self.assertRaises(NoUptake):
                check_plausible(replace(exam, pre=first, passes=(second, third, third)))
