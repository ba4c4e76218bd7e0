import functools
from dataclasses import replace

import numpy as np
from django.test import SimpleTestCase

from detection.body import Body, body_of, middle
from detection.tests.bodies import STACKS, BodyExam, body, nearest, stack
from imaging.stack import Stack

FLOOR = 20.0
IN_A_BREAST, UNDER_THE_SKIN, BESIDE_THE_MUSCLE = (80, 0, 0), (-80, -52, 0), (-90, 20, 0)
IN_THE_AIR = ((0, -30, 0), (80, -80, 0), (0, -16, 40))
IN_THE_CHEST = ((20, 60, 0), (0, 40, -40), (-90, 70, 0))


@functools.cache
def known(exam: BodyExam) -> Body:
    return body_of(exam, FLOOR)


@functools.cache
def cut_in(plane: str) -> BodyExam:
    return BodyExam(STACKS[plane])


def told(exam: BodyExam, place) -> tuple[bool | None, bool | None]:
    """Whether ``place`` in mm counts as air and as chest."""
    number, row, column = nearest(exam.stack, place)
    found = known(exam).places(number)
    return tuple(None if where is None else bool(where[row, column]) for where in (found.air, found.chest))


class BodyTests(SimpleTestCase):
    def test_breast_is_neither_air_nor_chest_in_whatever_plane_it_is_cut(self):
        for name in STACKS:
            for place in (IN_A_BREAST, UNDER_THE_SKIN, BESIDE_THE_MUSCLE):
                with self.subTest(name, place=place):
                    self.assertEqual(told(cut_in(name), place), (False, False))

    def test_air_in_front_is_air(self):
        for name in STACKS:
            for place in IN_THE_AIR:
                with self.subTest(name, place=place):
                    self.assertEqual(told(cut_in(name), place), (True, False))

    def test_chest_lies_behind_the_skin_between_the_breasts(self):
        for name in STACKS:
            for place in IN_THE_CHEST:
                with self.subTest(name, place=place):
                    self.assertEqual(told(cut_in(name), place), (False, True))

    def test_dark_place_in_the_body_is_no_air(self):
        def hollow(positions):
            return np.where(np.linalg.norm(positions - (80, 0, 0), axis=-1) < 25, 0.0, body(positions))

        self.assertEqual(told(BodyExam(STACKS["axial"], (hollow,) * 4), (80, 0, 0)), (False, False))

    def test_chest_that_rises_to_the_head_is_followed(self):
        def tilted(positions):
            flat = positions.copy()
            flat[..., 1] -= 0.3 * positions[..., 2]
            return body(flat)

        exam = BodyExam(STACKS["axial"], (tilted,) * 4)
        self.assertEqual(told(exam, (0, 24, 56)), (False, False))  # 7 mm behind the skin there
        self.assertEqual(told(exam, (0, 24, -56)), (False, True))  # 41 mm behind it

    def test_noise_in_the_air_is_no_body(self):
        exam = BodyExam(STACKS["axial"])
        quiet, rng = exam.picture("1st_pass", 8), np.random.default_rng(6)
        noisy = np.hypot(quiet + rng.normal(0, 2, quiet.shape), rng.normal(0, 2, quiet.shape))
        clean, air = body_of(exam, FLOOR), body_of(exam, FLOOR).places(8).air
        exam.picture = lambda *_: noisy
        self.assertLess(np.mean(clean.places(8).air != air), 0.01)

    def test_nothing_is_told_of_slices_that_are_not_placed(self):
        silent = Stack(80, 80, None, None, (None,) * 5)
        exam = BodyExam(silent, cut=stack("axial", -16, 16))
        found = body_of(exam, FLOOR).places(3)
        self.assertEqual((found.air, found.chest), (None, None))

    def test_nothing_is_told_of_coronal_slices(self):
        exam = BodyExam(stack("coronal", -40, 80))
        found = body_of(exam, FLOOR).places(3)
        self.assertEqual((found.air, found.chest), (None, None))

    def test_nothing_is_told_where_headers_say_that_the_picture_is_the_other_way_round(self):
        cut = STACKS["axial"]
        wrong = replace(cut, image_orientation=(1, 0, 0, 0, -1, 0))
        found = body_of(BodyExam(wrong, cut=cut), FLOOR).places(8)
        self.assertEqual((found.air, found.chest), (None, None))

    def test_one_breast_alone_tells_of_air_and_not_of_the_chest(self):
        one = stack("sagittal", -152, -16)  # the normal points to the patient's right
        self.assertEqual(told(BodyExam(one), (80, -80, 0)), (True, None))
        self.assertEqual(told(BodyExam(one), (80, 0, 0)), (False, None))


class MiddleTests(SimpleTestCase):
    def test_is_that_of_a_field_of_view_that_holds_both_breasts(self):
        self.assertEqual(middle(STACKS["axial"]), 0)
        self.assertEqual(middle(stack("axial", 0, 8, middle=(12, 40, 0))), 12)
        self.assertEqual(middle(STACKS["sagittal"]), 0)

    def test_is_not_known_of_a_smaller_one(self):
        self.assertIsNone(middle(stack("axial", 0, 8, size=50)))
        self.assertIsNone(middle(stack("sagittal", 0, 80)))
        self.assertIsNone(middle(Stack(80, 80, None, None, (None, None))))
