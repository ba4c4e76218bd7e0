from collections import Counter

from django.test import SimpleTestCase

from phantom.exam import drawn_exam
from phantom.protocol import drawn_protocol


class DrawnTests(SimpleTestCase):
    def test_whole_matrices_are_those_of_the_cohort(self):
        counts = Counter(drawn_protocol(seed, whole=True).rows for seed in range(300))
        self.assertEqual(set(counts), {320, 448, 512})
        self.assertEqual([size for size, _ in counts.most_common()], [512, 448, 320])

    def test_small_matrices_are_144_to_256(self):
        sizes = {drawn_protocol(seed).rows for seed in range(300)}
        self.assertEqual((min(sizes), max(sizes)), (144, 256))

    def test_every_third_exam_is_free_of_tumour(self):
        found = [len(drawn_exam(seed).patient.tumours) > 0 for seed in range(1, 10)]
        self.assertEqual(found, [True, True, False] * 3)

    def test_a_seed_draws_the_same_patient_in_any_matrix(self):
        whole, small = drawn_exam(8, whole=True), drawn_exam(8)
        self.assertEqual(whole.positive_slices, small.positive_slices)

    def test_slices_never_overlap(self):
        for seed in range(50):
            protocol = drawn_protocol(seed)
            self.assertLessEqual(protocol.slice_thickness, protocol.slice_spacing)
