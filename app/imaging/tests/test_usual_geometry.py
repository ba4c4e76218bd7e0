from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import TooFewPixels
from imaging.exam import FOLDERS, Exam
from imaging.series import Series
from imaging.tests.exam_slices import EMPTY
from imaging.usual_geometry import check_geometry


def told(rows: int = 448, columns: int = 448, **tags) -> tuple[str, ...]:
    pixels = replace(EMPTY.pixels, rows=rows, columns=columns)
    slices = (replace(EMPTY, **{"pixels": pixels} | tags),)
    pre, *passes = (Series(name, slices) for name in FOLDERS)
    return check_geometry(Exam(pre, tuple(passes)))


class MatrixTests(SimpleTestCase):
    def test_usual_slices_are_told_nothing_about(self):
        for rows, spacing in ((448, 0.759), (512, 0.6), (320, 1.1), (256, 0.7), (128, 2.7)):
            self.assertEqual(told(rows, rows, pixel_spacing=(spacing, spacing)), ())

    def test_fewer_pixels_than_networks_take_are_told(self):
        few = "Slices have 127 x 256 pixels, fewer than the 128 x 128 that networks take: small tumours are lost."
        self.assertEqual(told(127, 256, pixel_spacing=(2.5, 1.25)), (few,))
        self.assertEqual(len(told(32, 32, pixel_spacing=(10, 10))), 1)

    def test_so_few_that_no_tumour_shows_are_refused(self):
        for rows, columns in ((8, 8), (31, 256)):
            with self.assertRaisesMessage(
                TooFewPixels, f"Slices have {rows} x {columns} pixels; 32 x 32 are the least."
            ):
                told(rows, columns)


class FieldTests(SimpleTestCase):
    def test_field_that_shows_no_breasts_is_told(self):
        for rows, spacing, size in ((128, 16.0, "2048 x 2048"), (256, 0.25, "64 x 64"), (256, 0.0, "0 x 0")):
            (found,) = told(rows, rows, pixel_spacing=(spacing, spacing))
            self.assertEqual(
                found,
                f"Slices are {size} mm by their PixelSpacing, not 80 to 600 mm: it is wrong, and every size in mm with "
                "it, or they show no breasts.",
            )

    def test_small_field_of_one_breast_and_a_wide_one_of_both_are_usual(self):
        self.assertEqual(told(256, 256, pixel_spacing=(0.7, 0.6)), ())
        self.assertEqual(told(512, 512, pixel_spacing=(0.98, 0.98)), ())

    def test_oblong_field_is_squeezed_by_networks_and_told(self):
        (found,) = told(256, 512, pixel_spacing=(0.66, 0.66))
        self.assertEqual(
            found,
            "Slices are 169 x 338 mm. Networks take a square: they see it squeezed, which those that learned from "
            "squares do not know, and might answer wrongly.",
        )

    def test_missing_pixel_spacing_is_told(self):
        missing = "PixelSpacing is missing: sizes in mm and sides of findings are not told."
        self.assertEqual(told(pixel_spacing=None), (missing,))


class DirectionTests(SimpleTestCase):
    def test_breasts_at_the_top_or_at_the_bottom_of_axial_slices_are_usual(self):
        for direction in ((1, 0, 0, 0, 1, 0), (-1, 0, 0, 0, -1, 0), (0.94, 0.34, 0, -0.34, 0.94, 0)):
            self.assertEqual(told(image_orientation=direction), ())

    def test_slices_tilted_towards_the_feet_are_usual(self):
        self.assertEqual(told(image_orientation=(1, 0, 0, 0, 0.87, -0.5)), ())

    def test_slices_without_direction_are_told_of_elsewhere(self):
        self.assertEqual(told(image_orientation=None), ())

    def test_mirrored_turned_sagittal_and_coronal_slices_are_told(self):
        for direction, rows, columns in (
            ((-1, 0, 0, 0, 1, 0), "right", "back"),
            ((1, 0, 0, 0, -1, 0), "left", "front"),
            ((0, 1, 0, -1, 0, 0), "back", "right"),
            ((0, 1, 0, 0, 0, -1), "back", "feet"),
            ((1, 0, 0, 0, 0, -1), "left", "feet"),
            ((0, -1, 0, 0, 0, 1), "front", "head"),
        ):
            self.assertEqual(
                told(image_orientation=direction),
                (
                    f"Slices are stored with rows that run to the patient's {rows} and columns to the {columns}. "
                    "Networks take pixels as they are stored and know axial slices, rows to the left and columns to "
                    "the back or both the other way: stored so, this exam might get another answer.",
                ),
            )
