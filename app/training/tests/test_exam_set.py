from dataclasses import replace

import numpy as np

from imaging.tests.folders import FolderTestCase
from training.exam_set import MANIFEST, SetError, SetWriter, open_set
from training.tests.exam_sets import EXAM_SCALE, labelled, write_set


class ExamSetTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.folder /= "set"

    def written(self):
        first, second = labelled([0, 1, -1]), labelled([0, 0], seed=1)
        return write_set(self.folder, [("a", "training", first), ("b", "test", second)]), first, second

    def test_what_is_written_is_mapped_and_the_same(self):
        found, first, second = self.written()
        self.assertIsInstance(found.arrays.images, np.memmap)
        for name in ("images", "labels", "places", "sizes", "scales"):
            np.testing.assert_array_equal(getattr(found.labelled(found.exams[0]), name), getattr(first, name))
            np.testing.assert_array_equal(getattr(found.split("test").slices, name), getattr(second, name))
        self.assertEqual(found.normalisation, EXAM_SCALE)

    def test_slices_know_whether_they_are_judged(self):
        found = self.written()[0]
        self.assertEqual(found.slices.judged.tolist(), [True, True, False, True, True])

    def test_split_without_exams_is_told(self):
        with self.assertRaisesMessage(SetError, "holds no exam for validation"):
            self.written()[0].split("validation")

    def test_a_set_is_never_written_over(self):
        self.written()
        with self.assertRaisesMessage(SetError, "is there already"):
            SetWriter(self.folder)

    def test_what_is_interrupted_leaves_nothing(self):
        with self.assertRaises(KeyboardInterrupt), SetWriter(self.folder) as writer:
            writer.add("one", "a", "training", labelled([0]))
            raise KeyboardInterrupt
        self.assertEqual(list(self.folder.parent.iterdir()), [])

    def test_splits_out_of_order_and_arrays_of_another_shape_are_refused(self):
        with self.assertRaisesMessage(SetError, "come before"), SetWriter(self.folder) as writer:
            writer.add("one", "a", "test", labelled([0]))
            writer.add("two", "b", "training", labelled([0]))
        with self.assertRaisesMessage(ValueError, "places is"), SetWriter(self.folder) as writer:
            writer.add("one", "a", "test", replace(labelled([0]), places=np.zeros((1, 16, 16))))

    def test_folder_without_manifest_of_another_version_or_cut_short_is_no_set(self):
        with self.assertRaisesMessage(SetError, "no prepared set"):
            open_set(self.folder)
        self.written()
        images = self.folder / "images"
        images.write_bytes(images.read_bytes()[:-1])
        with self.assertRaisesMessage(SetError, "images: not the 327680 bytes"):
            open_set(self.folder)
        manifest = self.folder / MANIFEST
        manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 0'))
        with self.assertRaisesMessage(SetError, "another version"):
            open_set(self.folder)
