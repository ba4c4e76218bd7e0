import functools
from pathlib import Path

import numpy as np
from django.test import SimpleTestCase

from detection.heat import heat, in_slices
from imaging.preprocessing import prepare
from nets.device import Device
from nets.runtime import Networks, load_networks
from phantom.exam import Exam
from phantom.protocol import Protocol

SEED = 5
BUNDLES = Path(__file__).parents[2] / "nets" / "bundles"


@functools.cache
def networks(precision: str = "float32") -> Networks:
    return load_networks(BUNDLES, Device(precision=precision))


def tumour() -> tuple[Exam, int, np.ndarray]:
    """An exam, the index of a slice with tumour, and what networks take of it (1, 4, 128, 128)."""
    exam = Exam(SEED, Protocol(rows=160, columns=160, slices=10))
    scale = 1.5 * np.percentile(np.stack([exam.slice(index)[1] for index in range(10)]), 99.9)
    index = exam.positive_slices[len(exam.positive_slices) // 2] - 1
    return exam, index, np.stack([prepare(each, scale) for each in exam.slice(index)])[None]


def hot(row: int, column: int) -> np.ndarray:
    found = np.zeros((128, 128), np.float32)
    found[row, column] = 1
    return found


class InSlicesTests(SimpleTestCase):
    def test_pixel_lies_over_the_pixels_it_was_made_of(self):
        found = in_slices(hot(40, 60), 384, 384)
        self.assertEqual(np.unravel_index(np.argmax(found), found.shape), (121, 181))  # the middle of 120 to 122
        self.assertEqual(np.argwhere(found > 0.5).min(axis=0).tolist(), [120, 180])
        self.assertEqual(np.argwhere(found > 0.5).max(axis=0).tolist(), [122, 182])

    def test_spot_comes_back_to_where_it_was_in_the_slice(self):
        for rows, columns in ((448, 448), (512, 320), (200, 144)):
            y, x = 0.3 * rows, 0.7 * columns
            grid = np.mgrid[:rows, :columns]
            spot = 1000 * np.exp(-(((grid[0] - y) / rows) ** 2 + ((grid[1] - x) / columns) ** 2) / (2 * 0.03**2))
            found = in_slices(prepare(spot), rows, columns)
            middle = (grid * found).sum(axis=(1, 2)) / found.sum()
            np.testing.assert_allclose(middle, [y, x], atol=0.1)

    def test_is_linear_between_the_centres_of_pixels(self):
        values = np.random.default_rng(1).uniform(size=(128, 128)).astype(np.float32)
        rows, columns = ((np.arange(size) + 0.5) * 128 / size - 0.5 for size in (300, 210))
        down = np.stack([np.interp(rows, np.arange(128), column) for column in values.T], axis=1)
        both = np.stack([np.interp(columns, np.arange(128), row) for row in down])
        np.testing.assert_allclose(in_slices(values, 300, 210), both / both.max(), atol=1e-4)

    def test_largest_value_is_one_again_and_none_stays_none(self):
        maps = np.stack([[hot(3, 3), np.zeros((128, 128), np.float32)]])
        found = in_slices(maps, 200, 200)
        self.assertEqual(found.shape, (1, 2, 200, 200))
        self.assertEqual(found.max(axis=(2, 3)).tolist(), [[1.0, 0.0]])
        self.assertEqual(found.dtype, np.float32)


class HeatTests(SimpleTestCase):
    def test_maps_are_of_the_single_network_and_the_scantype_network_scaled_one_by_one(self):
        inputs = np.random.default_rng(2).integers(0, 255, (2, 4, 128, 128), np.uint8)
        found = heat(inputs, networks())
        self.assertEqual((found.shape, found.dtype), ((2, 2, 128, 128), np.float32))
        self.assertEqual(found.max(axis=(2, 3)).tolist(), [[1, 1], [1, 1]])
        other = inputs.copy()
        other[:, 0] //= 2  # what was seen before contrast is the single network's alone
        changed = heat(other, networks())
        self.assertFalse(np.array_equal(changed[:, 0], found[:, 0]))
        np.testing.assert_array_equal(changed[:, 1], found[:, 1])

    def test_checks_before_each_networks_batches(self):
        checks = []
        heat(np.zeros((1, 4, 128, 128), np.uint8), networks(), check=lambda: checks.append(1))
        self.assertEqual(len(checks), 2)

    def test_scantype_network_looks_at_the_tumour_of_a_phantom(self):
        exam, index, inputs = tumour()
        found = in_slices(heat(inputs, networks()), 160, 160)[0, 1]
        row, column = np.unravel_index(np.argmax(found), found.shape)
        far = np.hypot(*(np.argwhere(exam.mask(index)) - (row, column)).T).min() * exam.protocol.pixel_spacing
        self.assertLessEqual(far, 5)

    def test_heat_in_bfloat16_is_nearly_that_in_float32(self):
        _, _, inputs = tumour()
        exact, rounding = (heat(inputs, networks(precision))[0, 1] for precision in ("float32", "bfloat16"))
        self.assertEqual((rounding.dtype, rounding.max()), (np.float32, 1))
        self.assertGreater(np.corrcoef(rounding.ravel(), exact.ravel())[0, 1], 0.99)
