from pathlib import Path

import numpy as np

from imaging.preprocessing import BY_SLICE, Normalisation
from imaging.tests.folders import FolderTestCase
from phantom.exam import drawn_exam
from training.sources.phantoms import Phantom, phantoms
from training.sources.source import prepared_images

BY_EXAM = Normalisation(maximum="exam")
POSITIVE = Phantom(11, "training")


class PhantomSourceTests(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.drawn = POSITIVE.prepared(BY_EXAM, Path()).labelled

    def test_images_are_those_of_the_written_zip_and_an_uploads_steps(self):
        exam = POSITIVE.read(self.folder).exam
        by_slice = POSITIVE.prepared(BY_SLICE, self.folder).labelled
        for normalisation, drawn in ((BY_EXAM, self.drawn), (BY_SLICE, by_slice)):
            images, scales, warnings = prepared_images(exam, normalisation)
            np.testing.assert_array_equal(drawn.images, images)
            np.testing.assert_allclose(drawn.scales, scales, rtol=1e-6)
            self.assertEqual(warnings, ())

    def test_labels_and_sizes_are_the_exams_truth(self):
        truth = drawn_exam(11).truth()
        self.assertEqual((np.flatnonzero(self.drawn.labels == 1) + 1).tolist(), truth["positive_slices"])
        self.assertEqual((np.flatnonzero(self.drawn.labels == -1) + 1).tolist(), truth["unclear_slices"])
        largest = max(lesion["size_mm"] for lesion in truth["lesions"])
        self.assertAlmostEqual(float(self.drawn.sizes.max()), largest, delta=0.06)

    def test_every_third_exam_is_free_of_tumour(self):
        self.assertFalse(Phantom(12, "training").prepared(BY_EXAM, self.folder).labelled.labels.any())

    def test_places_hold_the_share_of_tumour_where_the_mask_is(self):
        exam, labelled = drawn_exam(11), self.drawn
        number = exam.positive_slices[len(exam.positive_slices) // 2]
        mask, found = exam.mask(number - 1), labelled.places[number - 1]
        self.assertAlmostEqual(found.mean() / 255, mask.mean(), delta=0.1 * mask.mean())
        rows, columns = (np.nonzero(mask)[axis] * 32 // exam.protocol.rows for axis in (0, 1))
        self.assertTrue((found[rows, columns] > 0).all())
        self.assertFalse(labelled.places[labelled.labels == 0].any())

    def test_splits_have_seeds_of_their_own(self):
        source = phantoms({"training": 2, "validation": 1, "test": 1})
        expected = [("phantom-1000000", "training"), ("phantom-1000001", "training")]
        expected += [("phantom-2000000", "validation"), ("phantom-5000000", "test")]
        self.assertEqual([(each.patient, each.split) for each in source.items], expected)
        self.assertRegex(source.about["phantom"], "^[0-9a-f]{8}$")

    def test_splits_that_would_share_a_seed_are_refused(self):
        with self.assertRaisesMessage(ValueError, "two splits would share the seed of an exam"):
            phantoms({"training": 3, "test": 1}, {"training": 10, "test": 12})
