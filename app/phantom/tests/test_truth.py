import json

import numpy as np
from django.test import SimpleTestCase

from phantom.exam import Exam, Protocol
from phantom.truth import box

PROTOCOL = Protocol(rows=128, columns=128, slices=30)


class TruthTests(SimpleTestCase):
    def test_box_holds_the_mask_of_every_positive_slice_and_is_tight(self):
        exam = Exam(5, PROTOCOL, tumours=1)
        found = box(exam, exam.patient.lesions)
        masks = np.array([exam.mask(number - 1) for number in exam.positive_slices])
        rows, columns = np.flatnonzero(masks.any(axis=(0, 2))), np.flatnonzero(masks.any(axis=(0, 1)))
        self.assertEqual((found["start_row"], found["end_row"]), (rows[0] + 1, rows[-1] + 1))
        self.assertEqual((found["start_column"], found["end_column"]), (columns[0] + 1, columns[-1] + 1))
        self.assertEqual(
            (found["start_slice"], found["end_slice"]), (exam.positive_slices[0], exam.positive_slices[-1])
        )

    def test_slices_of_the_lesions_are_the_positive_slices(self):
        truth = Exam(5, PROTOCOL, tumours=2).truth()
        slices = {number for lesion in truth["lesions"] for number in lesion["slices"]}
        self.assertEqual(sorted(slices), truth["positive_slices"])

    def test_lesion_tells_kind_size_and_kinetics(self):
        lesion = Exam(5, PROTOCOL, tumours=1).truth()["lesions"][0]
        self.assertIn(lesion["kinetics"], ("persistent", "plateau", "wash-out"))
        self.assertTrue(4 <= lesion["size_mm"] <= 60)
        self.assertEqual((lesion["number"], lesion["tumour"]), (1, 1))

    def test_exam_without_tumour_has_no_box_and_no_lesion(self):
        truth = Exam(5, PROTOCOL, tumours=0).truth()
        self.assertEqual((truth["box"], truth["lesions"], truth["positive_slices"]), (None, [], []))

    def test_truth_is_ready_for_json(self):
        truth = Exam(5, PROTOCOL).truth()
        self.assertEqual(json.loads(json.dumps(truth)), truth)
