from django.test import SimpleTestCase

from imaging.geometry import (
    is_orientation,
    natural_key,
    order_by_position,
    position_along_normal,
    same_orientation,
    slice_normal,
)

AXIAL, SAGITTAL = (1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1)


class GeometryTests(SimpleTestCase):
    def test_normal_of_an_axial_slice_points_to_the_head(self):
        self.assertEqual(slice_normal(AXIAL).tolist(), [0, 0, 1])

    def test_normal_of_a_sagittal_slice_points_to_the_right(self):
        self.assertEqual(slice_normal(SAGITTAL).tolist(), [-1, 0, 0])

    def test_position_of_a_sagittal_slice_is_measured_from_side_to_side(self):
        self.assertEqual(position_along_normal((30, 500, 700), SAGITTAL), -30)

    def test_oblique_position_is_the_distance_along_the_tilted_normal(self):
        tilted = (1, 0, 0, 0, 0.8, 0.6)
        self.assertAlmostEqual(position_along_normal((0, -6, 8), tilted), 10.0)

    def test_orientations_that_differ_by_rounding_are_the_same(self):
        self.assertTrue(same_orientation(AXIAL, (1, -2e-10, 0, 2e-10, 1, 0)))
        self.assertFalse(same_orientation(AXIAL, (1, 0, 0, 0, 0.999, 0.04)))

    def test_orientation_is_two_unit_vectors_at_a_right_angle(self):
        self.assertTrue(is_orientation((0.6, 0.8, 0, 0, 0, -1)))
        for wrong in ((0,) * 6, (1, 0, 0, 1, 0, 0), (2, 0, 0, 0, 1, 0), (1e200, 0, 0, 0, 1, 0)):
            self.assertFalse(is_orientation(wrong), wrong)

    def test_digits_that_are_no_numbers_are_letters(self):
        self.assertEqual(sorted(["²", "10", "9"], key=natural_key), ["9", "10", "²"])

    def test_slice_nine_comes_before_slice_ten(self):
        self.assertEqual(sorted(["IM10", "im9", "IM100"], key=natural_key), ["im9", "IM10", "IM100"])

    def test_names_with_and_without_numbers_sort_together(self):
        self.assertEqual(sorted(["b", "1", "a2", ""], key=natural_key), ["", "1", "a2", "b"])


class OrderTests(SimpleTestCase):
    def test_rising_names_on_rising_positions_keep_their_order(self):
        self.assertEqual(order_by_position(["1", "2", "3"], [0.0, 1.0, 2.0]), [0, 1, 2])

    def test_rising_names_on_falling_positions_run_down(self):
        self.assertEqual(order_by_position(["1", "2", "3"], [2.0, 1.0, 0.0]), [0, 1, 2])

    def test_one_name_out_of_place_follows_its_position(self):
        self.assertEqual(order_by_position(["1", "2", "3", "4"], [0.0, 2.0, 1.0, 3.0]), [0, 2, 1, 3])

    def test_one_slice_is_in_order(self):
        self.assertEqual(order_by_position(["1"], [5.0]), [0])

    def test_names_without_direction_run_with_rising_positions(self):
        # in the order of rising positions the names are c, a, d, b: they rise as much as they fall
        self.assertEqual(order_by_position(["b", "d", "a", "c"], [3.0, 2.0, 1.0, 0.0]), [3, 2, 1, 0])

    def test_names_in_no_order_leave_the_direction_to_instance_numbers(self):
        # the names b, d, a, c on falling positions neither rise nor fall
        self.assertEqual(order_by_position(["b", "d", "a", "c"], [3.0, 2.0, 1.0, 0.0], [1, 2, 3, 4]), [0, 1, 2, 3])

    def test_names_that_rise_by_chance_do_not_outweigh_instance_numbers(self):
        # rank correlation of the names with the positions is 0.6, that of the numbers is -1
        self.assertEqual(order_by_position(["b", "a", "d", "c"], [0.0, 1.0, 2.0, 3.0], [4, 3, 2, 1]), [3, 2, 1, 0])

    def test_names_that_rise_throughout_outweigh_instance_numbers(self):
        self.assertEqual(order_by_position(["1", "2", "3"], [0.0, 1.0, 2.0], [3, 2, 1]), [0, 1, 2])

    def test_numbers_that_are_missing_or_equal_say_nothing(self):
        for numbers in ([1, None, 3, 4], [1, 1, 1, 1]):
            self.assertEqual(
                order_by_position(["b", "d", "a", "c"], [3.0, 2.0, 1.0, 0.0], numbers), [3, 2, 1, 0], numbers
            )
