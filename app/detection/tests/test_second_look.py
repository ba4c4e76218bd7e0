from types import SimpleNamespace
from unittest import mock

import numpy as np
from django.test import SimpleTestCase

from detection import second_look
from detection.second_look import LEFT, RIGHT, SecondLook, Sight, seen
from detection.tests.bodies import STACKS, positions_of, stack


def inputs(number: int) -> np.ndarray:
    return np.full((4, 128, 128), number, np.uint8)


class SeenTests(SimpleTestCase):
    def test_a_breast_lies_on_its_side_of_the_middle_in_whatever_direction_pixels_run(self):
        for name in ("axial", "axial, turned", "oblique", "axial, from head to feet"):
            with self.subTest(name):
                shown = seen(STACKS[name], Sight(3, LEFT))
                # the corners of the slice are those of the prepared one
                x = positions_of(STACKS[name], 3)[..., 0]
                for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
                    self.assertEqual(shown[corner], x[corner] > 0)
                self.assertEqual(shown.mean(), 0.5)

    def test_the_breasts_make_up_the_slice(self):
        left, right = (seen(STACKS["axial"], Sight(3, breast)) for breast in (LEFT, RIGHT))
        self.assertTrue((left ^ right).all())

    def test_the_middle_is_that_of_the_field_of_view(self):
        shifted = seen(stack("axial", -8, 8, middle=(40, 40, 0)), Sight(1, LEFT))
        self.assertEqual(shifted.mean(), 0.5)


class SecondLookTests(SimpleTestCase):
    exam = SimpleNamespace(stack=STACKS["axial"], inputs=inputs)

    def asked(self, verb: str, *sights: Sight) -> np.ndarray:
        """What the network is given."""
        given = []
        with (
            mock.patch.object(second_look, "heat_of_scantype", lambda images, _: given.append(images) or images[:, 0]),
            mock.patch.object(second_look, "analyse_scantype", lambda images, _: given.append(images)),
        ):
            getattr(SecondLook(self.exam, mock.Mock()), verb)(sights)
        return given[0]

    def test_of_the_whole_slice_it_is_given_all_that_was_prepared(self):
        given = self.asked("heat", Sight(3), Sight(5))
        self.assertEqual((given.shape, given[0].min(), given[1].min()), ((2, 4, 128, 128), 3, 5))

    def test_of_a_breast_alone_the_rest_is_black(self):
        given = self.asked("heat", Sight(3, RIGHT))
        np.testing.assert_array_equal(given[0, 1], np.where(seen(self.exam.stack, Sight(3, RIGHT)), 3, 0))

    def test_the_scantype_network_judges_the_three_passes(self):
        self.assertEqual(self.asked("analysis", Sight(3, LEFT)).shape, (1, 3, 128, 128))

    def test_heat_is_in_the_geometry_of_the_slices(self):
        given = np.zeros((1, 128, 128), np.float32)
        given[0, 64, 10] = 1
        with mock.patch.object(second_look, "heat_of_scantype", lambda *_: given):
            found = SecondLook(self.exam, mock.Mock()).heat([Sight(3)])
        self.assertEqual((found.shape, np.unravel_index(found.argmax(), found.shape)), ((1, 80, 80), (0, 40, 6)))
