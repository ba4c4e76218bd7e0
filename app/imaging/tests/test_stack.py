import numpy as np
from django.test import SimpleTestCase

from imaging.stack import Stack, cut, ends, nearest_axis

AXIAL, SAGITTAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
TILT = (1.0, 0.0, 0.0, 0.0, float(np.cos(0.5)), float(np.sin(0.5)))


def stack(orientation=AXIAL, spacing=(2.0, 0.5), positions=((10.0, 20.0, 30.0), (10.0, 20.0, 33.0))) -> Stack:
    return Stack(100, 80, spacing, orientation, positions)


class PositionTests(SimpleTestCase):
    def test_first_pixel_lies_at_the_image_position(self):
        self.assertEqual(stack().patient_position(2, 0, 0).tolist(), [10.0, 20.0, 33.0])

    def test_columns_run_along_the_row_direction_by_the_spacing_between_columns(self):
        self.assertEqual(stack().patient_position(1, 0, 4).tolist(), [12.0, 20.0, 30.0])

    def test_rows_run_along_the_column_direction_by_the_spacing_between_rows(self):
        self.assertEqual(stack().patient_position(1, 3, 0).tolist(), [10.0, 26.0, 30.0])

    def test_sagittal_stack(self):
        self.assertEqual(stack(SAGITTAL).patient_position(1, 3, 4).tolist(), [10.0, 22.0, 24.0])

    def test_formula_of_the_standard_gives_the_same(self):
        """DICOM PS3.3 equation C.7.6.2.1-1, as a matrix."""
        row, column = np.array(TILT).reshape(2, 3)
        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 3] = row * 0.5, column * 2.0, (10, 20, 30)
        np.testing.assert_allclose(stack(TILT).patient_position(1, 7, 9), (matrix @ (9, 7, 0, 1))[:3])


class StackTests(SimpleTestCase):
    def test_distance_of_slices_is_measured_along_the_normal(self):
        self.assertEqual(stack().slice_spacing, 3.0)
        self.assertAlmostEqual(stack(TILT).slice_spacing, 3 * np.cos(0.5))

    def test_one_slice_has_no_distance(self):
        self.assertIsNone(stack(positions=((0.0, 0.0, 0.0),)).slice_spacing)

    def test_stack_is_placed_when_every_header_says_where(self):
        self.assertTrue(stack().placed)
        for silent in (stack(orientation=None), stack(spacing=None), stack(positions=((0.0, 0.0, 0.0), None))):
            self.assertFalse(silent.placed)
            self.assertIsNone(silent.slice_spacing)


class CutTests(SimpleTestCase):
    def test_names(self):
        self.assertEqual((cut(AXIAL), cut(SAGITTAL)), ("axial", "sagittal"))
        self.assertEqual(cut((1.0, 0.0, 0.0, 0.0, 0.0, -1.0)), "coronal")

    def test_tilted_stack_is_oblique(self):
        self.assertEqual((cut(TILT), nearest_axis(TILT)), ("oblique, nearest to axial", 2))

    def test_positions_rise_towards_the_side_to_which_the_normal_points(self):
        upside_down = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        self.assertEqual([ends(AXIAL), ends(upside_down)], [("feet", "head"), ("head", "feet")])
        self.assertEqual([ends(SAGITTAL), ends(TILT)], [("left", "right"), ("feet", "head")])
