import numpy as np
from django.test import SimpleTestCase

from detection.fusion import average_results
from training.thresholds import NoThresholds, best_threshold, pair_thresholds, threshold_at_sensitivity


class ThresholdTests(SimpleTestCase):
    def test_best_threshold_parts_what_can_be_parted(self):
        self.assertEqual(best_threshold(np.array([0.1, 0.2, 0.7, 0.8]), np.array([0, 0, 1, 1])), 0.7)

    def test_best_threshold_has_the_largest_overlap_with_the_truth(self):
        # at 0.3 both positives are found with six false alarms (Dice 4/10), at 0.8 one of two with none (Dice 2/3)
        scores = np.array([0.8, 0.3, *[0.4] * 6, *[0.1] * 92])
        labels = np.array([1, 1, *[0] * 98])
        self.assertEqual(best_threshold(scores, labels), 0.8)

    def test_threshold_keeps_the_share_of_positives_asked_for(self):
        scores = np.concatenate([np.arange(1, 101) / 100, np.zeros(50)])
        labels = np.arange(150) < 100
        threshold = threshold_at_sensitivity(scores, labels, 0.95)
        self.assertEqual(threshold, 0.06)
        self.assertGreaterEqual((scores[labels] >= threshold).mean(), 0.95)


class PairTests(SimpleTestCase):
    rng = np.random.default_rng(5)
    exams = np.repeat(np.arange(30), 20)
    labels = np.tile(np.repeat([0, 1, -1, 0], [8, 4, 2, 6]), 30)
    single = 1 / (1 + np.exp(-(0.7 * (labels == 1) + rng.standard_normal(600))))
    scantype = 1 / (1 + np.exp(-(2.5 * (labels == 1) + rng.standard_normal(600))))

    def by_rule(self, one: float, other: float) -> tuple[float, float]:
        """Sensitivity and specificity of the rule, exam by exam."""
        said = np.zeros(len(self.labels), bool)
        for exam in np.unique(self.exams):
            rows = self.exams == exam
            said[rows] = average_results(self.single[rows] >= one, self.scantype[rows] >= other)
        return said[self.labels == 1].mean(), (~said[self.labels == 0]).mean()

    def test_pair_keeps_the_specificity_and_no_pair_on_a_plain_grid_finds_more(self):
        sensitivity, specificity = self.by_rule(
            *pair_thresholds(self.single, self.scantype, self.labels, self.exams, 0.97)
        )
        self.assertGreaterEqual(specificity, 0.97)
        singles = np.quantile(self.single[self.labels == 1], np.linspace(0.02, 0.5, 9))
        on_grid = [self.by_rule(one, other) for one in singles for other in np.linspace(0.3, 0.99, 24)]
        self.assertGreaterEqual(sensitivity, max(sens for sens, spec in on_grid if spec >= 0.97) - 0.01)

    def test_networks_that_cannot_keep_the_specificity_have_no_thresholds(self):
        certain = np.ones(4)
        with self.assertRaisesMessage(NoThresholds, "no thresholds reach a specificity of 0.95"):
            pair_thresholds(certain, certain, np.array([1, 0, 0, 1]), np.zeros(4), 0.95)

    def test_without_negatives_there_is_nothing_to_choose_by(self):
        with self.assertRaisesMessage(ValueError, "thresholds need positive and negative slices"):
            pair_thresholds(np.ones(2), np.ones(2), np.array([1, -1]), np.zeros(2), 0.95)
