import numpy as np
from django.test import SimpleTestCase

from phantom.exam import Exam, Protocol

SMALL = Protocol(rows=96, columns=96, slices=12)


def brightness(exam: Exam, number: int, k: int) -> float:
    """Mean of the tumour in pass ``k`` of slice ``number``, counted from 1."""
    return float(exam.slice(number - 1)[k][exam.mask(number - 1)].mean())


class ExamTests(SimpleTestCase):
    def test_same_seed_gives_the_same_pixels(self):
        np.testing.assert_array_equal(Exam(7, SMALL).slice(5), Exam(7, SMALL).slice(5))

    def test_another_seed_gives_another_patient(self):
        self.assertTrue((Exam(7, SMALL).slice(5) != Exam(8, SMALL).slice(5)).any())

    def test_slice_holds_four_passes_of_twelve_bits(self):
        pixels = Exam(7, SMALL).slice(5)
        self.assertEqual((pixels.shape, pixels.dtype), ((4, 96, 96), np.uint16))
        self.assertLessEqual(pixels.max(), 4095)

    def test_exam_without_tumour_has_no_positive_slice_and_no_mask(self):
        exam = Exam(7, SMALL, tumours=0)
        self.assertEqual(exam.positive_slices, [])
        self.assertFalse(any(exam.mask(index).any() for index in range(12)))

    def test_positive_slices_are_those_the_mask_cuts(self):
        exam = Exam(5, Protocol(rows=256, columns=256, slices=40), tumours=1)
        cut = [index + 1 for index in range(40) if exam.mask(index).sum() * exam.protocol.pixel_spacing**2 >= 6]
        self.assertGreaterEqual(len(cut), 4)
        self.assertLessEqual(len(set(cut) ^ set(exam.positive_slices)), 1)

    def test_every_slice_that_the_tumour_changes_is_positive_or_unclear(self):
        for seed, positive, unclear in ((9, (28, 30), [27, 31]), (4, (24, 36), [])):
            exam, without = (Exam(seed, Protocol(192, 192, 40), tumours=1) for _ in range(2))
            without.nodules = [each for each in without.nodules if each[0] not in without.patient.lesions]
            changed = [
                number
                for number in range(1, 41)
                if np.abs(exam.slice(number - 1)[1].astype(int) - without.slice(number - 1)[1]).max() > 10
            ]
            self.assertEqual((exam.positive_slices[0], exam.positive_slices[-1]), positive)
            self.assertEqual(exam.unclear_slices, unclear)
            self.assertEqual(changed, sorted(exam.positive_slices + unclear))

    def test_positive_slices_do_not_depend_on_the_matrix(self):
        coarse = Exam(5, Protocol(rows=64, columns=64, slices=40), tumours=1)
        fine = Exam(5, Protocol(rows=320, columns=320, slices=40), tumours=1)
        self.assertEqual(coarse.positive_slices, fine.positive_slices)

    def test_tumour_is_brighter_after_contrast(self):
        exam = Exam(5, Protocol(rows=192, columns=192, slices=40), tumours=1)
        middle = exam.positive_slices[len(exam.positive_slices) // 2]
        self.assertGreater(brightness(exam, middle, 1), 1.3 * brightness(exam, middle, 0))

    def test_the_three_passes_differ(self):
        first, second, third = Exam(7, SMALL).slice(5)[1:].astype(int)
        self.assertTrue((first != second).any() and (second != third).any())

    def test_breasts_down_is_the_picture_turned_by_half_a_circle(self):
        up, down = (Exam(7, Protocol(96, 96, 12, breasts_up=up)).mask for up in (True, False))
        found = [index for index in range(12) if up(index).any()]
        for index in found:
            turned = down(index)[::-1, ::-1]
            self.assertLess((up(index) ^ turned).mean(), 0.002)

    def test_truth_lists_lesions_in_patient_coordinates(self):
        truth = Exam(3, SMALL, tumours=2).truth()
        self.assertEqual((len(truth["lesions"]), truth["slice_count"], truth["seed"]), (2, 12, 3))
        self.assertEqual(len(truth["lesions"][0]["centre_mm"]), 3)
