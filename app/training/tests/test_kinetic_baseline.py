import numpy as np
from django.test import SimpleTestCase

from training.kinetic_baseline import BREASTBONE, baseline, in_front


def exam(slices: int = 3) -> np.ndarray:
    """Breasts that point up in two humps of 100 before and after contrast, and a chest behind from row 60."""
    rows, columns = np.mgrid[:128, :128]
    humps = (((columns - 32) / 28) ** 2 + ((rows - 60) / 40) ** 2 < 1) | (
        ((columns - 96) / 28) ** 2 + ((rows - 60) / 40) ** 2 < 1
    )
    body = np.where(humps | (rows >= 60), 100.0, 0.0)
    return np.tile(body.astype(np.float32), (slices, 4, 1, 1))


def enhance(images: np.ndarray, rows: slice, columns: slice, curve: tuple[float, float, float]) -> None:
    """The middle slice brightens by ``curve``, shares of what it was."""
    for k, share in enumerate(curve, start=1):
        images[1, k, rows, columns] *= 1 + share


class BaselineTests(SimpleTestCase):
    wash_out, rising = (1.6, 1.5, 1.4), (1.2, 1.6, 2.0)

    def test_fast_uptake_that_washes_out_is_suspicious(self):
        images = exam()
        enhance(images, slice(40, 48), slice(28, 36), self.wash_out)
        told = baseline(images)
        self.assertEqual(told.decisions.tolist(), [False, True, False])
        self.assertTrue(40 <= told.scores[1] <= 80, told.scores)
        self.assertEqual(told.scores[[0, 2]].tolist(), [0, 0])

    def test_tissue_that_goes_on_rising_is_not(self):
        images = exam()
        enhance(images, slice(40, 48), slice(28, 36), self.rising)
        self.assertEqual(baseline(images).scores.tolist(), [0, 0, 0])

    def test_heart_is_not(self):
        images = exam()
        enhance(images, slice(80, 110), slice(50, 80), self.wash_out)
        self.assertEqual(baseline(images).scores.tolist(), [0, 0, 0])

    def test_breasts_that_point_down_are_read_alike(self):
        images = exam()
        enhance(images, slice(40, 48), slice(28, 36), self.wash_out)
        np.testing.assert_array_equal(baseline(images[:, :, ::-1].copy()).scores, baseline(images).scores)

    def test_unit_of_brightness_does_not_matter(self):
        images = exam()
        enhance(images, slice(40, 48), slice(28, 36), self.wash_out)
        np.testing.assert_array_equal(baseline(images * 7).scores, baseline(images).scores)

    def test_line_lies_where_the_air_between_the_breasts_ends(self):
        body = exam()[:, 1] > 6
        self.assertEqual(int(in_front(body).sum()), 60 + BREASTBONE)
