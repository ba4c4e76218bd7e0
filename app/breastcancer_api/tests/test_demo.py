from django.test import SimpleTestCase

from breastcancer_api.management.commands.demo import intersection_over_union


class OverlapTests(SimpleTestCase):
    def test_overlap_is_shared_slices_over_all_slices(self):
        self.assertEqual(intersection_over_union([3, 4, 5], [4, 5, 6]), 0.5)

    def test_two_empty_answers_agree(self):
        self.assertEqual(intersection_over_union([], []), 1.0)

    def test_nothing_shared_is_no_overlap(self):
        self.assertEqual(intersection_over_union([1], []), 0.0)
