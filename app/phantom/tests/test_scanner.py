import numpy as np
from django.test import SimpleTestCase

from phantom.exam import Exam, Protocol
from phantom.scanner import Scanner, truncation


class ScannerTests(SimpleTestCase):
    def test_whole_k_space_changes_nothing(self):
        kernel = truncation(1.0)
        self.assertAlmostEqual(kernel[6], 1.0, places=5)
        self.assertAlmostEqual(float(np.abs(kernel).sum()), 1.0, places=5)

    def test_truncated_k_space_rings(self):
        self.assertLess(truncation(0.7).min(), -0.02)

    def test_air_is_rician_noise(self):
        scanner = Scanner(np.random.default_rng(0))
        scanner.drawn.gain, scanner.drawn.noise, scanner.drawn.truncation = 100.0, 4.0, 1.0
        air = scanner.stored(np.zeros((4, 64, 64), np.float32), np.random.default_rng(1)) / 100
        self.assertAlmostEqual(air.mean(), 4 * np.sqrt(np.pi / 2), delta=0.1)

    def test_slice_before_contrast_is_not_moved(self):
        scanner = Scanner(np.random.default_rng(0))
        self.assertEqual((scanner.shifts[0].tolist(), scanner.stretches[0].tolist()), ([0, 0], [[1, 0], [0, 1]]))

    def test_few_bright_pixels_set_the_maximum(self):
        exam = Exam(5, Protocol(256, 256, 20))
        found = exam.slice(exam.positive_slices[0] - 1)[1]
        self.assertLess(np.median(found[found > np.percentile(found, 60)]), 0.4 * found.max())
