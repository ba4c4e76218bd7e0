import tempfile
import unittest
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from imaging.errors import DuplicateSlice, NoSignal, NotABreast, NotAPass, NoUptake, PassesOutOfOrder
from imaging.exam import Exam
from imaging.plausibility import _looked_at, change, check_dark, check_plausible
from imaging.series import read_series
from imaging.tests.folders import FolderTestCase, read_exam
from imaging.tests.slices import FOLDERS, slice_bytes, write_files

REAL_EXAM = Path(__file__).resolve().parents[4] / "shared" / "exam" / "series.zip"


def stack(heart: int, seed: int = 0) -> np.ndarray:
    """A slice of tissue with noise in which a heart, 4 % of the places, has the brightness given."""
    pixels = np.random.default_rng(seed).integers(90, 110, (50, 50))
    pixels[:5] = 2  # air
    pixels[20:30, 20:30] = heart
    return pixels


class PlausibilityTests(FolderTestCase):
    def exam(self, before: int, after: int, **tags) -> Exam:
        hearts = dict(zip(FOLDERS, (before, after, after, after), strict=True))
        files = {
            f"{folder}/{i}": slice_bytes(stack(heart, FOLDERS.index(folder)), i, 2.0 * i, **tags)
            for folder, heart in hearts.items()
            for i in range(3)
        }
        return read_exam(write_files(files, self.folder))

    def test_heart_that_brightens_is_as_it_should_be(self):
        exam = self.exam(100, 400)
        self.assertEqual(check_plausible(exam), ())
        self.assertAlmostEqual(change(_looked_at(exam.pre), _looked_at(exam.passes[0]))[0], 0.04, delta=0.01)

    def test_same_pass_twice_is_refused_for_want_of_uptake(self):
        with self.assertRaisesMessage(NoUptake, "Hardly anything is brighter in 1st_pass than in pre"):
            check_plausible(self.exam(100, 100))

    def test_heart_that_is_bright_before_contrast_is_refused(self):
        with self.assertRaisesMessage(PassesOutOfOrder, "Heart and vessels are brighter in pre than in 1st_pass"):
            check_plausible(self.exam(400, 100))

    def test_little_uptake_is_told(self):
        exam = self.exam(100, 100)
        path = exam.passes[0].slices[1].file.path
        pixels = stack(100)
        pixels[30:36, 30:36] = 400
        path.write_bytes(slice_bytes(pixels, 1, 2.0))
        told = ("1st_pass shows little uptake of contrast: 0.5% of the places looked at.",)
        self.assertEqual(check_plausible(read_exam(self.folder)), told)

    def test_copy_of_a_pass_is_refused_whatever_its_headers_say(self):
        exam = self.exam(100, 400)
        for one, other in zip(exam.passes[0].slices, exam.passes[1].slices, strict=True):
            other.file.path.write_bytes(slice_bytes(one.stored(), 1, one.position))
        told = "1st_pass and 2nd_pass hold the same pixels: one is a copy of the other."
        with self.assertRaisesMessage(DuplicateSlice, told):
            check_plausible(read_exam(self.folder))

    def test_pass_of_another_brightness_is_told(self):
        exam = self.exam(100, 400)
        for each in exam.passes[2].slices:
            each.file.path.write_bytes(slice_bytes(each.stored() * 3, 1, each.position))
        told = ("3rd_pass is 3.0 times as bright as 1st_pass.",)
        self.assertEqual(check_plausible(read_exam(self.folder)), told)

    def test_subtractions_and_other_sequences_in_a_folder_are_refused(self):
        for tags, told in (
            ({"ImageType": ["DERIVED", "SECONDARY", "SUBTRACTION"]}, "2nd_pass/0 is a subtraction by its ImageType."),
            ({"SeriesDescription": "ax t2 tirm"}, "2nd_pass is no pass of a dynamic exam by its header: T2 or STIR."),
            ({"EchoTime": "90"}, "EchoTime 90 ms, too long for a dynamic T1 series"),
        ):
            for each in self.exam(100, 400).passes[1].slices:
                each.file.path.write_bytes(slice_bytes(each.stored(), 1, each.position, **tags))
            with self.assertRaisesMessage(NotAPass, told):
                check_plausible(read_exam(self.folder))

    def test_another_part_of_the_body_is_refused(self):
        with self.assertRaisesMessage(NotABreast, "pre/0 shows KNEE by its BodyPartExamined, not a breast."):
            check_plausible(self.exam(100, 400, BodyPartExamined="KNEE"))

    def test_names_for_a_breast_are_taken(self):
        for part in ("BREAST", "Breasts", "CHEST", "MAMMA", "REMOVED"):
            self.assertEqual(check_plausible(self.exam(100, 400, BodyPartExamined=part)), ())

    def test_constant_image_holds_no_signal(self):
        for each in self.exam(100, 400).passes[0].slices:
            each.file.path.write_bytes(slice_bytes(np.full((50, 50), 7), 1, each.position))
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
                check_plausible(replace(exam, pre=first, passes=(second, third, exam.pre)))


class DarkTests(FolderTestCase):
    def told(self, *dark: int) -> tuple[str, ...]:
        """What is told of an exam of five slices whose second pass is dark in these, counted from 1."""
        series = [read_series(write_files({str(n): slice_bytes(stack(9), n, 2.0 * n) for n in range(5)}, self.folder))]
        images = np.ones((5, 2, 4, 4), np.float32)
        images[[number - 1 for number in dark], 1] = 0
        return check_dark([replace(series[0], name="1st_pass"), replace(series[0], name="2nd_pass")], images)

    def test_slices_that_all_hold_signal_are_as_they_should_be(self):
        self.assertEqual(self.told(), ())

    def test_dark_slices_at_the_ends_are_told(self):
        self.assertEqual(self.told(1, 2, 5), ("2nd_pass: no signal in slices 1, 2, 5.",))

    def test_dark_slice_between_others_is_refused_by_its_name(self):
        with self.assertRaisesMessage(NoSignal, "/2 holds no signal, though slices on both sides of it do."):
            self.told(1, 3)
