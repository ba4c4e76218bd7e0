import numpy as np
from django.test import SimpleTestCase

from training.data import Balanced, even_batches, shares
from training.tests.exam_sets import labelled


class SharesTests(SimpleTestCase):
    def test_half_of_what_is_drawn_holds_tumour_and_what_nobody_can_judge_is_not_drawn(self):
        found = shares(labelled([1, 0, 0, -1, 0, 1], sizes=[40, 0, 0, 0, 0, 40]))
        np.testing.assert_allclose(found, [1 / 4, 1 / 6, 1 / 6, 0, 1 / 6, 1 / 4])

    def test_small_tumours_are_drawn_up_to_four_times_as_often(self):
        found = shares(labelled([1, 1, 1, 1, 0], sizes=[60, 15, 5, np.nan, 0]))
        np.testing.assert_allclose(found[:4] / found[0], [1, 2, 4, 1])


class BalancedTests(SimpleTestCase):
    def test_draws_follow_the_shares_and_differ_between_epochs_and_processes_only(self):
        def drawn(seed, epoch):
            sampler = Balanced(np.array([0.5, 0, 0.25, 0.25]), 4000, seed)
            sampler.set_epoch(epoch)
            return list(sampler)

        first = drawn((7, 0), 3)
        np.testing.assert_allclose(np.bincount(first) / 4000, [0.5, 0, 0.25, 0.25], atol=0.03)
        self.assertEqual(first, drawn((7, 0), 3))
        self.assertNotEqual(first, drawn((7, 0), 4))
        self.assertNotEqual(first, drawn((7, 1), 3))


class EvenBatchesTests(SimpleTestCase):
    def test_every_process_has_the_same_number_of_batches(self):
        slices = np.arange(129)  # 65 and 64 slices for two processes
        found = [even_batches(slices[rank::2], 65) for rank in (0, 1)]
        self.assertEqual([[len(batch) for batch in each] for each in found], [[33, 32], [32, 32]])
        self.assertEqual(sorted(index for each in found for batch in each for index in batch), slices.tolist())
