import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest import skipUnless

import numpy as np
from django.test import SimpleTestCase

from detection.kinetics import (
    CurveType,
    curve,
    curve_types,
    delayed_change,
    enhancing,
    floor_of,
    initial_rise,
    maximum_intensity_projection,
    most_suspicious,
    rise_bands,
    signal_enhancement_ratio,
    smoothed,
    subtraction,
)
from imaging.archive import Limits
from imaging.exam import FOLDERS
from imaging.kept_exam import KeptExam, exam_writer
from imaging.preprocessing import Normalisation, process_scantype, process_single
from imaging.reading import read_four_folders
from phantom.exam import Exam
from phantom.protocol import Protocol
from phantom.tissues import Tissue

REAL_EXAM = Path(__file__).resolve().parents[4] / "shared" / "exam" / "series.zip"
FLOOR = 20.0
NOTHING, PERSISTENT, PLATEAU, WASH_OUT = CurveType


def pixels(*curves: tuple[float, float, float, float]) -> np.ndarray:
    """One row of pixels, each with its brightness before and in each pass."""
    return np.array(curves, np.float32).T[:, None]


def by_pixel(passes: np.ndarray, floor: float) -> list[np.ndarray]:
    """Rise, band, change, ratio and type as the papers have them, one pixel at a time."""
    made = [np.full(passes.shape[1:], np.nan) for _ in range(5)]
    for row, column in np.ndindex(passes.shape[1:]):
        s0, s1, _, s3 = (float(each) for each in passes[:, row, column])
        band = kind = 0
        if s1 >= floor:
            rise, change = 100 * (s1 - s0) / max(s0, floor), 100 * (s3 - s1) / s1
            band = (rise >= 50) + (rise >= 80) + (rise >= 100)
            made[0][row, column], made[2][row, column] = rise, change
            if rise >= 50:
                kind = 1 if change > 10 else 3 if change < -10 else 2
                made[3][row, column] = 3.0 if s3 <= s0 else min((s1 - s0) / (s3 - s0), 3.0)
        made[1][row, column], made[4][row, column] = band, kind
    return made


class FormulaTests(SimpleTestCase):
    def test_signal_that_doubles_rises_by_100_percent(self):
        np.testing.assert_array_equal(initial_rise(pixels((100, 200, 0, 0), (100, 75, 0, 0)), FLOOR), [[100, -25]])

    def test_what_is_darker_than_the_floor_after_contrast_is_not_judged(self):
        passes = pixels((5, 19, 0, 0), (5, 20, 0, 0))
        np.testing.assert_array_equal(np.isnan(initial_rise(passes, FLOOR)), [[True, False]])
        np.testing.assert_array_equal(np.isnan(delayed_change(passes, FLOOR)), [[True, False]])

    def test_floor_stands_for_what_was_darker_before_contrast(self):
        np.testing.assert_array_equal(initial_rise(pixels((1, 41, 0, 0), (0, 30, 0, 0)), FLOOR), [[200, 150]])

    def test_bands_begin_at_50_80_and_100_percent(self):
        rises = [(100, s1, 0, 0) for s1 in (149, 150, 179, 180, 199, 200, 500)]
        self.assertEqual(rise_bands(pixels(*rises), FLOOR).tolist(), [[0, 1, 1, 2, 2, 3, 3]])

    def test_tissue_enhances_from_50_percent_on(self):
        self.assertEqual(enhancing(pixels((100, 149, 0, 0), (100, 150, 0, 0)), FLOOR).tolist(), [[False, True]])

    def test_curve_is_a_plateau_within_10_percent(self):
        late = [(100, 200, 0, s3) for s3 in (221, 220, 200, 180, 179)]
        wanted = [[PERSISTENT, PLATEAU, PLATEAU, PLATEAU, WASH_OUT]]
        self.assertEqual(curve_types(pixels(*late), FLOOR).tolist(), wanted)

    def test_tissue_that_does_not_enhance_has_no_curve_type(self):
        self.assertEqual(curve_types(pixels((100, 140, 0, 90), (2, 10, 0, 1)), FLOOR).tolist(), [[NOTHING, NOTHING]])

    def test_wash_out_is_more_suspicious_than_a_plateau_and_that_than_a_persistent_curve(self):
        late = [(100, 300, 0, 400), (100, 250, 0, 250), (100, 160, 0, 120), (100, 200, 0, 150), (100, 120, 0, 50)]
        passes = pixels(*late)
        found = [most_suspicious(passes, FLOOR, np.array([[n < count for n in range(5)]])) for count in range(6)]
        self.assertEqual(found, [None, (0, 0), (0, 1), (0, 1), (0, 3), (0, 3)])

    def test_a_type_that_less_than_two_fifths_have_is_not_believed(self):
        plateau, wash_out, dark = (100, 200, 0, 200), (100, 300, 0, 150), (100, 100, 0, 100)
        for others, wanted in ((3, (0, 3)), (4, (0, 0))):
            passes = pixels(*[plateau] * others, *[wash_out] * 2, *[dark] * 9)
            self.assertEqual(most_suspicious(passes, FLOOR, np.ones(passes.shape[1:], bool)), wanted)

    def test_nothing_that_does_not_enhance_is_suspicious(self):
        self.assertIsNone(most_suspicious(pixels((100, 140, 0, 90)), FLOOR, np.ones((1, 1), bool)))

    def test_ratio_is_above_1_where_signal_is_lost_and_below_where_it_rises_on(self):
        late = [(100, 200, 0, s3) for s3 in (150, 200, 300)]
        np.testing.assert_array_equal(signal_enhancement_ratio(pixels(*late), FLOOR), [[2, 1, 0.5]])

    def test_ratio_is_3_where_all_that_was_gained_is_lost_again(self):
        late = [(100, 200, 0, s3) for s3 in (120, 100, 50)]
        np.testing.assert_array_equal(signal_enhancement_ratio(pixels(*late), FLOOR), [[3, 3, 3]])

    def test_tissue_that_does_not_enhance_has_no_ratio(self):
        self.assertTrue(np.isnan(signal_enhancement_ratio(pixels((100, 140, 0, 90)), FLOOR)).all())

    def test_subtraction_is_of_the_pass_that_is_asked_for(self):
        found = [subtraction(pixels((100, 150, 130, 90)), after).item() for after in (1, 2, 3)]
        self.assertEqual(found, [50, 30, -10])

    def test_maps_equal_a_loop_over_pixels(self):
        passes = np.random.default_rng(3).uniform(0, 300, (4, 24, 31)).astype(np.float32)
        maps = (initial_rise, rise_bands, delayed_change, signal_enhancement_ratio, curve_types)
        for made, wanted in zip(maps, by_pixel(passes, FLOOR), strict=True):
            np.testing.assert_allclose(made(passes, FLOOR), wanted, rtol=1e-4, err_msg=made.__name__)

    def test_maps_of_pixels_on_every_border_equal_a_loop_over_pixels(self):
        few = (0, 19, 20, 21, 30, 40, 100)
        passes = pixels(*((s0, s1, 0, s3) for s0 in few for s1 in few for s3 in few))
        maps = (initial_rise, rise_bands, delayed_change, signal_enhancement_ratio, curve_types)
        for made, wanted in zip(maps, by_pixel(passes, FLOOR), strict=True):
            np.testing.assert_allclose(made(passes, FLOOR), wanted, rtol=1e-4, err_msg=made.__name__)


class FloorTests(SimpleTestCase):
    def test_floor_is_a_fifth_of_what_is_bright(self):
        self.assertAlmostEqual(floor_of(SimpleNamespace(bright=500.0)), 100.0)

    def test_nothing_is_judged_in_a_dark_exam(self):
        dark, floor = np.zeros((4, 3, 3), np.float32), floor_of(SimpleNamespace(bright=0.0))
        self.assertTrue(np.isnan(initial_rise(dark, floor)).all())
        self.assertTrue(np.isnan(signal_enhancement_ratio(dark, floor)).all())
        self.assertFalse(curve_types(dark, floor).any() or rise_bands(dark, floor).any())


class CurveTests(SimpleTestCase):
    passes = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)

    def test_curve_is_the_mean_of_nine_pixels(self):
        np.testing.assert_array_equal(curve(self.passes, 2, 3), [15, 45, 75, 105])

    def test_curve_at_a_corner_is_the_mean_of_the_four_that_are_there(self):
        np.testing.assert_array_equal(curve(self.passes, 0, 0), [3.5, 33.5, 63.5, 93.5])
        np.testing.assert_array_equal(curve(self.passes, 4, 5), [25.5, 55.5, 85.5, 115.5])

    def test_curve_at_an_edge_is_the_mean_of_six(self):
        np.testing.assert_array_equal(curve(self.passes, 0, 1), [4, 34, 64, 94])

    def test_there_is_no_curve_outside_the_slice(self):
        for row, column in ((-1, 0), (0, -1), (5, 0), (0, 6)):
            with self.assertRaises(IndexError):
                curve(self.passes, row, column)

    def test_smoothed_pixel_is_its_curve(self):
        passes = np.random.default_rng(1).uniform(0, 100, (4, 5, 6)).astype(np.float32)
        for row, column in np.ndindex(5, 6):
            np.testing.assert_allclose(smoothed(passes)[:, row, column], curve(passes, row, column), rtol=1e-5)


class Pictures:
    """Stands for a kept exam of these pictures, (N, 4, rows, columns)."""

    def __init__(self, values: np.ndarray):
        self.values = values
        self.stack = SimpleNamespace(rows=values.shape[2], columns=values.shape[3])

    def __len__(self) -> int:
        return len(self.values)

    def picture(self, folder: str, number: int) -> np.ndarray:
        return self.values[number - 1, FOLDERS.index(folder)]


class ProjectionTests(SimpleTestCase):
    def test_projection_is_the_largest_subtraction_of_all_slices(self):
        values = np.random.default_rng(2).integers(0, 4096, (5, 4, 3, 4)).astype(np.uint16)
        wanted = (values[:, 2].astype(int) - values[:, 0]).max(axis=0).clip(0)
        np.testing.assert_array_equal(maximum_intensity_projection(Pictures(values), after=2), wanted)

    def test_projection_is_nowhere_below_0(self):
        values = np.zeros((2, 4, 1, 2), np.uint16)
        values[:, 0] = 100
        self.assertEqual(maximum_intensity_projection(Pictures(values)).tolist(), [[0, 0]])


def cut(seed: int) -> tuple[Exam, int]:
    """A phantom exam with one tumour, and the index of the slice through its middle."""
    exam = Exam(seed, Protocol(160, 160, 24), tumours=1)
    return exam, exam.positive_slices[len(exam.positive_slices) // 2] - 1


def floor_in(passes: np.ndarray) -> float:
    return floor_of(SimpleNamespace(bright=float(np.percentile(passes[1], 99.9))))


def share_of_fat(exam: Exam, index: int) -> np.ndarray:
    """Of each pixel, 0 to 1: what the phantom paints when all else is black."""
    black = Tissue(0.0, np.zeros(4, np.float32))
    fat = Exam(exam.seed, exam.protocol, tumours=1)
    fat.tissues = dict.fromkeys(fat.tissues, black) | {"fat": Tissue(1.0, black.uptake)}
    fat.nodules = [(nodule, black) for nodule, _ in fat.nodules]
    fat.scanner.drawn.fat_left, fat.scanner.drawn.failed_suppression = 1.0, 0.0
    view = fat.patient.view(fat.protocol.plane(index), fat.protocol.slice_thickness)
    return fat._painted(view)[0][0]


class PhantomTests(SimpleTestCase):
    def kinds(self, seed: int) -> list[float]:
        """Shares of the curve types, in their order, in the tumour of the slice through its middle."""
        exam, index = cut(seed)
        passes = exam.slice(index).astype(np.float32)
        found = curve_types(smoothed(passes), floor_in(passes))[exam.mask(index)]
        return [float((found == kind).mean()) for kind in CurveType]

    def test_tumours_that_wash_out_are_found_to_wash_out(self):
        for seed in (4, 8, 13):
            self.assertEqual(cut(seed)[0].curves[0].kinetics, "wash-out")
            self.assertGreater(self.kinds(seed)[WASH_OUT], 0.7, seed)

    def test_tumour_with_a_plateau_does_not_wash_out(self):
        self.assertEqual(cut(6)[0].curves[0].kinetics, "plateau")
        self.assertGreater(self.kinds(6)[PLATEAU], 0.9)
        self.assertLess(self.kinds(6)[WASH_OUT], 0.1)

    def test_air_is_not_judged_and_fat_does_not_enhance(self):
        for seed in (4, 8, 13):
            exam, index = cut(seed)
            passes = smoothed(exam.slice(index).astype(np.float32))
            body = exam.patient.view(exam.protocol.plane(index), exam.protocol.slice_thickness).body
            rise = initial_rise(passes, floor_in(passes))
            self.assertTrue(np.isnan(rise[body < -5]).all())
            fat = (share_of_fat(exam, index) > 0.98) & (body > 5)
            self.assertGreater(fat.sum(), 500)
            self.assertLess((rise[fat] >= 50).mean(), 0.02)


@skipUnless(REAL_EXAM.is_file(), "the real exam's tumour-free part is not here")
class RealExamTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        limits, by_exam = Limits(files=1000, unpacked_bytes=10**9, compression_ratio=600), Normalisation("exam")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        kept = Path(folder, "kept.zip")
        with REAL_EXAM.open("rb") as archive:
            exam = read_four_folders(archive, Path(folder), limits).exam
            with exam_writer(kept, exam) as writer:
                process_single(exam.pre, by_exam, seen=writer.picture)
                process_scantype(*exam.passes, by_exam, seen=writer.picture)
        cls.exam = cls.enterClassContext(KeptExam(kept))
        cls.passes, cls.floor = smoothed(cls.exam.passes(12)), floor_of(cls.exam)

    def judged(self, place: tuple[slice, slice]) -> float:
        return float(np.isfinite(initial_rise(self.passes, self.floor)[place]).mean())

    def test_air_and_suppressed_fat_are_not_judged(self):
        self.assertEqual(self.judged(np.s_[:80]), 0)
        self.assertLess(self.judged(np.s_[220:260, 330:350]), 0.35)

    def test_heart_takes_up_contrast_at_once(self):
        heart = rise_bands(self.passes, self.floor)[300:330, 220:250]
        self.assertGreater((heart == 3).mean(), 0.95)

    def test_projection_shows_more_than_any_slice(self):
        one = subtraction(self.exam.passes(12))
        self.assertTrue((maximum_intensity_projection(self.exam) >= one).all())
