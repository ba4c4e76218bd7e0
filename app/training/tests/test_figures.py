import numpy as np
import torch
from django.test import SimpleTestCase
from torchmetrics.functional.classification import binary_calibration_error

from training.bootstrap import auc, drawn, figure, mean, ratio
from training.exam_set import cuts_of
from training.figures import (
    CUTS,
    LESION_SIZES,
    Cases,
    Opinion,
    by_size,
    calibration,
    cohort_of,
    figures,
    operating_points,
    worth,
)
from training.figures import overlaps as overlaps_of


def cases(labels: list[int], patients: list[int] | None = None) -> Cases:
    patients = patients or list(range(len(labels)))
    return Cases(np.array(labels, bool), np.array(patients), max(patients) + 1)


def opinion(scores: list[float], at: float = 0.5) -> Opinion:
    return Opinion(np.array(scores), np.array(scores) >= at)


def plain_auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Every pair of a positive and a negative, one after the other."""
    pairs = [(one, other) for one in scores[labels] for other in scores[~labels]]
    return sum(1.0 if one > other else 0.5 if one == other else 0.0 for one, other in pairs) / len(pairs)


class WorthTests(SimpleTestCase):
    # found, missed, false alarm, and three rightly passed
    told = worth(opinion([0.9, 0.2, 0.7, 0.1, 0.1, 0.3]), cases([1, 1, 0, 0, 0, 0]))

    def test_decisions_are_counted_against_the_truth(self):
        found = {name: each["value"] for name, each in self.told.items()}
        self.assertEqual(
            found,
            {"auc": 0.75, "sensitivity": 0.5, "specificity": 0.75, "ppv": 0.5, "npv": 0.75, "accuracy": 0.6667},
        )

    def test_without_positives_there_is_no_auc_and_no_sensitivity(self):
        told = worth(opinion([0.1, 0.9]), cases([0, 0]))
        self.assertEqual(told["auc"], {"value": None, "interval_95": None})
        self.assertEqual(told["sensitivity"], {"value": None, "interval_95": None})
        self.assertEqual(told["specificity"]["value"], 0.5)

    def test_equal_scores_count_a_half(self):
        self.assertEqual(worth(opinion([0.5, 0.5]), cases([1, 0]))["auc"]["value"], 0.5)


class BootstrapTests(SimpleTestCase):
    def test_mean_counts_each_row_as_often_as_its_patient_is_drawn(self):
        statistic = mean(np.array([1.0, 0.5, 0.0]), np.array([0, 0, 1]), 2)
        counts = np.array([[1.0, 1], [1, 0], [0, 1], [1, 2]])
        np.testing.assert_allclose(statistic(counts), [0.5, 0.75, 0, 0.375])

    def test_mean_of_no_rows_has_no_value(self):
        self.assertIsNone(figure(mean(np.empty(0), np.empty(0, int), 3), 3)["value"])

    def test_one_patient_has_no_interval(self):
        self.assertIsNone(worth(opinion([0.9, 0.1]), cases([1, 0], [0, 0]))["auc"]["interval_95"])

    def test_as_many_patients_are_drawn_as_there_are(self):
        self.assertEqual(drawn(7).shape, (1000, 7))
        self.assertEqual(set(drawn(7).sum(axis=1)), {7})

    def test_every_resample_is_what_plain_code_finds_on_the_drawn_slices(self):
        rng = np.random.default_rng(3)
        patients = rng.integers(0, 6, 90)
        labels = rng.random(90) < 0.3
        scores = rng.integers(0, 8, 90) / 8
        counts = drawn(6)[:20]
        aucs = auc(scores, labels, patients, 6)(counts)
        shares = ratio(scores > 0.4, labels, patients, 6)(counts)
        for times, area, share in zip(counts.astype(int), aucs, shares, strict=True):
            rows = np.repeat(np.arange(90), times[patients])
            self.assertAlmostEqual(area, plain_auc(scores[rows], labels[rows]))
            self.assertAlmostEqual(share, (scores[rows] > 0.4)[labels[rows]].mean())

    def test_slices_of_one_patient_stay_together(self):
        # ten equal slices each: twenty slices know no more than the two patients they are of
        told = figure(ratio(np.arange(20) < 10, np.ones(20, bool), np.repeat([0, 1], 10), 2), 2)
        self.assertEqual(told, {"value": 0.5, "interval_95": [0.0, 1.0]})

    def test_resamples_without_a_value_are_left_out(self):
        told = worth(opinion([0.9, 0.1]), cases([1, 0]))["auc"]
        self.assertEqual(told, {"value": 1.0, "interval_95": [1.0, 1.0]})


class CohortTests(SimpleTestCase):
    # an exam with tumour and a slice that is left out, one without, one of which nobody can say
    cohort = cohort_of(
        [np.array([1, -1, 0]), np.array([0, 0]), np.array([-1, 0])], [np.zeros(3), *[np.zeros(2)] * 2], list("aba")
    )

    def test_exam_is_as_suspicious_as_its_most_suspicious_slice(self):
        told = self.cohort.by_exam(opinion([0.1, 0.8, 0.2, 0.3, 0.4, 0.0, 0.1]))
        self.assertEqual(told.scores.tolist(), [0.8, 0.4, 0.1])
        self.assertEqual(told.decisions.tolist(), [True, False, False])

    def test_exam_of_which_nobody_can_say_is_not_judged(self):
        self.assertEqual(self.cohort.judged_exams.tolist(), [True, True, False])
        self.assertEqual(self.cohort.exam_cases.labels.tolist(), [True, False])

    def test_slices_that_are_left_out_are_not_judged(self):
        told = figures(opinion([0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1]), self.cohort)
        self.assertEqual(told["slices"]["accuracy"]["value"], 1.0)

    def test_exams_of_one_patient_are_drawn_together(self):
        self.assertEqual(self.cohort.patients.tolist(), [0, 1, 0])

    def test_overlap_is_shared_slices_over_all_slices(self):
        said = np.array([True, True, True, False, False, False, False])
        self.assertEqual(overlaps_of(said, self.cohort), [0.5, 1.0, 1.0])


class SizeTests(SimpleTestCase):
    def test_positives_of_a_size_stand_against_all_negatives(self):
        sizes = np.array([9.9, 10, 25, np.nan, 0, 0])
        told = by_size(opinion([0.3, 0.9, 0.8, 0.7, 0.1, 0.4]), cases([1, 1, 1, 1, 0, 0]), sizes, LESION_SIZES)
        self.assertEqual(
            {size: each["slices"] for size, each in told.items()},
            {
                "below 10 mm": 1,
                "10 to 20 mm": 1,
                "20 mm and more": 1,
                "unknown": 1,
            },
        )
        small = told["below 10 mm"]
        self.assertEqual((small["auc"]["value"], small["sensitivity"]["value"]), (0.5, 0.0))
        self.assertEqual(told["20 mm and more"]["auc"]["value"], 1.0)

    def test_cut_is_the_tumour_in_the_picture_that_the_networks_see(self):
        places = np.zeros((4, 32, 32), np.uint8)
        places[0, 3, 4:6] = 255, 51  # a square of 4 x 4 pixels and a fifth of another
        places[1, 3, 4] = 32
        found = cuts_of(np.array([1, 1, 1, 0]), places)
        np.testing.assert_allclose(found, [19.2, 2.0078, np.nan, 0], rtol=1e-4)
        told = by_size(opinion([0.9, 0.1, 0.9, 0.4]), cases([1, 1, 1, 0]), found, CUTS)
        self.assertEqual([each["slices"] for each in told.values()], [1, 0, 1, 1])
        self.assertEqual(told["below 3 pixels"]["auc"]["value"], 0.0)


class OperatingPointTests(SimpleTestCase):
    scores = np.concatenate([np.arange(1, 11) / 10, np.arange(20) / 40])
    told = operating_points(scores, cases([1] * 10 + [0] * 20))

    def test_threshold_is_as_high_as_the_sensitivity_allows(self):
        point = self.told["at_sensitivity"][0]
        self.assertEqual((point["asked"], point["threshold"], point["sensitivity"]["value"]), (0.9, 0.2, 0.9))
        self.assertEqual(point["specificity"]["value"], 0.4)  # 0/40 to 7/40 of twenty

    def test_threshold_is_as_low_as_the_specificity_allows(self):
        point = self.told["at_specificity"][1]  # one false alarm of twenty: 19/40
        self.assertEqual((point["asked"], point["specificity"]["value"]), (0.95, 0.95))
        self.assertEqual((point["threshold"], point["sensitivity"]["value"]), (0.475, 0.6))

    def test_sensitivity_that_no_threshold_reaches_has_no_point(self):
        told = operating_points(np.array([0.9, -np.inf, 0.1]), cases([1, 1, 0]))
        self.assertIsNone(told["at_sensitivity"][0]["specificity"])


class CalibrationTests(SimpleTestCase):
    def test_error_is_the_gap_between_what_is_said_and_what_is(self):
        # ten slices at 0.3, half of them tumour: a gap of 0.2; ten at 0.9, nine of them: none
        told = calibration(np.repeat([0.3, 0.9], 10), np.array([1] * 5 + [0] * 5 + [1] * 9 + [0]))
        self.assertEqual(told["expected_calibration_error"], 0.1)
        self.assertEqual(told["bins"][0], {"slices": 10, "mean_probability": 0.3, "positive_share": 0.5})

    def test_error_is_torchmetrics_own(self):
        rng = np.random.default_rng(1)
        probabilities, labels = rng.random(500), rng.integers(0, 2, 500)
        expected = binary_calibration_error(torch.from_numpy(probabilities), torch.from_numpy(labels), n_bins=15)
        self.assertAlmostEqual(
            calibration(probabilities, labels)["expected_calibration_error"], float(expected), places=4
        )
