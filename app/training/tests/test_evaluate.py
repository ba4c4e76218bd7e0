from types import SimpleNamespace
from unittest import mock

import numpy as np
from django.test import SimpleTestCase

from nets.runtime import Networks
from training import evaluate
from training.evaluate import best_threshold, slice_figures, threshold_at_sensitivity
from training.phantoms import PhantomSet


def phantoms(labels: list[int], exams: list[int]) -> PhantomSet:
    count = len(labels)
    places = np.zeros((count, 32, 32), np.uint8)
    return PhantomSet(np.zeros((count, 4, 128, 128), np.uint8), np.array(labels, bool), places, np.array(exams))


class FiguresTests(SimpleTestCase):
    def test_auc_is_the_share_of_pairs_in_the_right_order(self):
        # pairs of (positive, negative): 0.9 and 0.4 against 0.1, 0.5: three of four are in order
        scores = np.array([0.9, 0.4, 0.1, 0.5])
        found = slice_figures(scores, scores >= 0.45, phantoms([1, 1, 0, 0], [1, 2, 1, 2]))
        self.assertEqual(found["slice_auc"], 0.75)
        self.assertEqual((found["sensitivity"], found["specificity"]), (0.5, 0.5))
        self.assertEqual((found["exams"], found["slices"], found["positive_slices"]), (2, 4, 2))

    def test_interval_holds_the_figure(self):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, 200)
        scores = labels + rng.standard_normal(200)
        found = slice_figures(scores, scores > 0.5, phantoms(list(labels), [i // 10 for i in range(200)]))
        low, high = found["slice_auc_95"]
        self.assertTrue(low < found["slice_auc"] < high)
        self.assertGreater(high - low, 0.02)

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
        self.assertEqual(threshold, 0.05)
        self.assertGreaterEqual((scores[labels] >= threshold).mean(), 0.95)


class FusedTests(SimpleTestCase):
    def test_fused_figures_apply_the_rule_exam_by_exam(self):
        # two exams of two slices: what the first ends with must not be a neighbour of what the second begins with
        single, scantype = np.array([0.1, 0.9, 0.9, 0.1]), np.array([0.1, 0.9, 0.1, 0.1])
        labels = phantoms([0, 1, 1, 0], [1, 1, 2, 2])
        with mock.patch.object(evaluate, "read", side_effect=[(each, each > 0.5) for each in (single, scantype)]):
            found = evaluate.fused_figures(pair(), labels)
        self.assertEqual(
            found["fused"],
            {"sensitivity": 0.5, "specificity": 1.0, "median_overlap": 0.5, "overlaps": [1.0, 0.0]},
        )
        self.assertEqual(found["single"]["sensitivity"], 1.0)

    def test_network_that_wants_another_scale_is_not_evaluated(self):
        network = SimpleNamespace(card=SimpleNamespace(name="old", role="single", normalisation={"maximum": "slice"}))
        with self.assertRaisesMessage(ValueError, "old wants another normalisation than phantom sets have"):
            evaluate.read(network, phantoms([0], [1]))


def pair() -> Networks:
    cards = [SimpleNamespace(role=role) for role in ("single", "scantype")]
    return Networks(*(SimpleNamespace(card=card) for card in cards))
