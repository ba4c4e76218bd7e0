import re
from pathlib import Path

import cv2
import numpy as np
from django.test import SimpleTestCase

from detection.kinetics import curve_types, floor_of, smoothed
from reports import colours
from reports.legend import corner
from reports.pictures import KINDS, PROJECTION, edges_of, picture, png, square, windowed
from reports.tests.reports import COUNT, UNPLACED, a_report, true_mask, true_slices, with_description


def coloured(image: np.ndarray) -> np.ndarray:
    return np.ptp(image.astype(int), axis=2) > 0


class PictureTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = a_report("axial")
        cls.exam = cls.report.exam
        cls.number = true_slices("axial")[1]

    def test_every_kind_is_a_picture_of_the_slice(self):
        for kind in KINDS:
            found = picture(self.exam, self.number, kind)
            self.assertEqual((found.shape, found.dtype), ((128, 144, 3), np.uint8), kind)
            self.assertGreater(found.max(), 100, kind)

    def test_kinds_differ(self):
        self.assertEqual(len({picture(self.exam, self.number, kind).tobytes() for kind in KINDS}), len(KINDS))

    def test_one_value_is_one_grey_in_every_slice_and_pass(self):
        for folder, number in (("pre", 1), ("1st_pass", 5), ("3rd_pass", COUNT)):
            wanted = (self.exam.picture(folder, number) / (0.75 * self.exam.bright)).clip(0, 1)
            found = picture(self.exam, number, folder)
            np.testing.assert_allclose(found[..., 0], 255 * wanted, atol=0.51)
            np.testing.assert_array_equal(found[..., 0], found[..., 2])

    def test_subtraction_shows_what_the_pass_has_more_than_pre(self):
        before, after = (self.exam.picture(each, self.number).astype(float) for each in ("pre", "2nd_pass"))
        wanted = 255 * ((after - before) / (0.6 * self.exam.bright)).clip(0, 1)
        np.testing.assert_allclose(picture(self.exam, self.number, "2nd_subtraction")[..., 1], wanted, atol=0.51)

    def test_projection_is_one_for_all_slices(self):
        one, other = picture(self.exam, None, PROJECTION), picture(self.exam, 3, PROJECTION)
        np.testing.assert_array_equal(one, other)
        slices = [picture(self.exam, number, "1st_subtraction") for number in range(1, COUNT + 1)]
        np.testing.assert_array_equal(one, np.max(slices, axis=0))

    def test_curve_types_have_the_colours_of_their_key_and_the_first_pass_around(self):
        kinds = curve_types(smoothed(self.exam.passes(self.number)), floor_of(self.exam))
        found = picture(self.exam, self.number, "curve_types")
        np.testing.assert_array_equal(coloured(found), kinds > 0)
        for kind, colour in colours.CURVE_TYPES.items():
            self.assertEqual(np.unique(found[kinds == kind], axis=0).tolist(), [list(colour)])
        first_pass = picture(self.exam, self.number, "1st_pass")
        np.testing.assert_array_equal(found[kinds == 0], first_pass[kinds == 0])

    def test_heat_of_a_network_lies_where_it_looked(self):
        for network in ("single", "scantype"):
            found = picture(self.report, self.number, heat=network)
            np.testing.assert_array_equal(coloured(found), true_mask("axial", self.number))

    def test_each_network_has_its_own_heat(self):
        heat = np.zeros((1, 2, 128, 144), np.float32)
        heat[0, 0, 5, 7] = heat[0, 1, 9, 11] = 1
        report = with_heat(self.report, heat)
        for network, place in (("single", [5, 7]), ("scantype", [9, 11])):
            self.assertEqual(np.argwhere(coloured(picture(report, 3, "pre", network))).tolist(), [place])

    def test_what_is_not_there_is_refused_in_words(self):
        for asked, told in (
            ((self.exam, 1, "4th_pass"), "kind is '4th_pass', not one of pre, 1st_pass"),
            ((self.exam, 0), f"slice 0 is not one of 1 to {COUNT}"),
            ((self.exam, COUNT + 1), f"slice {COUNT + 1} is not one of 1 to {COUNT}"),
            ((self.exam, None, "pre"), f"slice None is not one of 1 to {COUNT}"),
            ((self.report, 1, "pre", "both"), "heat is 'both', not one of single, scantype"),
            ((self.exam, 1, "pre", "single"), "heat is known of a report only"),
            ((self.report, 1, "curve_types", "single"), "not over curve_types"),
            ((self.report, 1, PROJECTION, "single"), "not over maximum_intensity_projection"),
        ):
            with self.assertRaisesMessage(ValueError, told):
                picture(*asked)

    def test_legend_leaves_the_picture_as_it_is(self):
        for kind in KINDS:
            plain, framed = (picture(self.report, self.number, kind, legend=each) for each in (False, True))
            left, top = corner(144, edges_of(self.exam))
            np.testing.assert_array_equal(framed[top : top + 128, left : left + 144], plain)

    def test_bright_is_what_a_thousandth_of_the_first_pass_exceeds(self):
        slices = [self.exam.picture("1st_pass", number)[::4, ::4] for number in range(1, 15)]
        self.assertEqual(self.exam.bright, np.percentile(slices, 99.9))

    def test_dark_exam_is_black(self):
        dark = type("Dark", (), {"bright": 0.0})
        self.assertFalse(windowed(np.zeros((2, 2), np.uint16), dark).any())

    def test_png_holds_the_picture_and_is_grey_where_it_has_no_colour(self):
        for heat, channels in (("scantype", 3), (None, 1)):
            image = picture(self.report, self.number, heat=heat)
            file = np.frombuffer(png(image), np.uint8)
            np.testing.assert_array_equal(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1], image)
            self.assertEqual(np.atleast_3d(cv2.imdecode(file, cv2.IMREAD_UNCHANGED)).shape[2], channels)

    def test_png_holds_opacity(self):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, 4)).astype(np.uint8)
        read = cv2.imdecode(np.frombuffer(png(image), np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(read, image[..., [2, 1, 0, 3]])


def with_heat(report, heat):
    return type(report)(**{**vars(report), "heat": lambda _: heat})


class PageTests(SimpleTestCase):
    def test_page_of_results_tells_every_kind_in_order(self):
        page = (Path(__file__).resolve().parents[3] / "docs" / "results.md").read_text()
        rows = re.findall(r"^\| (`[a-z0-9_`, ]+`) \|", page, re.MULTILINE)
        self.assertEqual(re.findall(r"`(\w+)`", " ".join(rows)), list(KINDS))


class GeometryTests(SimpleTestCase):
    def test_letters_are_those_of_the_patient(self):
        for kind, wanted in (("axial", "RLAP"), ("reversed", "RLAP"), ("sagittal", "APHF")):
            found = edges_of(a_report(kind).exam)
            self.assertEqual(found.left + found.right + found.top + found.bottom, wanted, kind)

    def test_oblique_names_two_sides(self):
        found = edges_of(a_report("oblique").exam)
        self.assertEqual((found.right[0], found.bottom[0]), ("L", "P"))
        self.assertEqual(len(found.right), 2)

    def test_pixels_are_as_high_as_wide(self):
        exam = a_report("oblique").exam
        height, width = exam.stack.pixel_spacing
        self.assertAlmostEqual(height / width, 1.25, places=5)
        self.assertEqual(picture(exam, 1).shape, (160, 144, 3))

    def test_square_widens_wide_pixels(self):
        image = np.arange(6, dtype=np.uint8).reshape(2, 3)
        self.assertEqual(square(image, (0.5, 1.0), classes=True).tolist(), [[0, 0, 1, 1, 2, 2], [3, 3, 4, 4, 5, 5]])

    def test_pixels_that_are_square_are_left_as_they_are(self):
        image = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
        np.testing.assert_array_equal(square(image, (0.7, 0.7)), image)
        np.testing.assert_array_equal(square(image, None), image)

    def test_exam_without_geometry_is_shown_without_letters_and_scale(self):
        report = a_report(UNPLACED)
        self.assertIsNone(edges_of(report.exam))
        self.assertGreater(picture(report, 1, heat="scantype", legend=True).size, 0)

    def test_exam_without_times_is_shown(self):
        report = with_description(a_report("axial"), seconds=None)
        self.assertGreater(picture(report, 1, legend=True).size, 0)
