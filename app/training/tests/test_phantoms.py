import tempfile
from pathlib import Path

import numpy as np
from django.test import SimpleTestCase

from phantom.exam import drawn_exam
from training.phantoms import phantom_set


class PhantomSetTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.made = phantom_set(range(11, 13), cls.folder, workers=1)

    def test_each_exam_keeps_its_slices_in_order(self):
        counts = [drawn_exam(seed).protocol.slices for seed in (11, 12)]
        self.assertEqual(self.made.exams.tolist(), [11] * counts[0] + [12] * counts[1])

    def test_labels_are_the_exams_truth(self):
        first = self.made.labels[self.made.exams == 11]
        self.assertEqual((np.flatnonzero(first) + 1).tolist(), drawn_exam(11).positive_slices)

    def test_slices_tell_the_size_of_the_tumour_they_cut(self):
        np.testing.assert_array_equal(self.made.sizes > 0, self.made.labels)
        largest = max(lesion["size_mm"] for lesion in drawn_exam(11).truth()["lesions"])
        self.assertAlmostEqual(float(self.made.sizes.max()), largest, delta=0.06)

    def test_every_third_exam_is_free_of_tumour(self):
        self.assertFalse(self.made.labels[self.made.exams == 12].any())

    def test_single_takes_the_slice_before_contrast_and_scantype_the_rest(self):
        self.assertEqual(self.made.channels("single").shape[1:], (1, 128, 128))
        np.testing.assert_array_equal(self.made.channels("scantype")[:, 2], self.made.images[:, 3])

    def test_second_use_maps_what_is_on_disk(self):
        again = phantom_set(range(11, 13), self.folder, workers=1)
        self.assertIsInstance(again.images, np.memmap)
        np.testing.assert_array_equal(again.images, self.made.images)

    def test_places_hold_the_share_of_tumour_where_the_mask_is(self):
        exam = drawn_exam(11)
        number = exam.positive_slices[len(exam.positive_slices) // 2]
        mask = exam.mask(number - 1)
        found = self.made.places[self.made.exams == 11][number - 1]
        self.assertAlmostEqual(found.mean() / 255, mask.mean(), delta=0.1 * mask.mean())
        rows, columns = (np.nonzero(mask)[axis] * 32 // exam.protocol.rows for axis in (0, 1))
        self.assertTrue((found[rows, columns] > 0).all())
        self.assertFalse(self.made.places[~self.made.labels].any())
