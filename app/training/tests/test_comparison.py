import csv
from types import SimpleNamespace

import numpy as np

from imaging.tests.folders import FolderTestCase
from training.comparison import auc_difference, compare, slice_numbers, write_differences
from training.figures import Cases, Opinion, cohort_of

COHORT = cohort_of([np.array([0, 1]), np.array([0, 0])], [np.zeros(2), np.zeros(2)], ["a", "b"])


def pair(scantype: list[float]) -> dict[str, Opinion]:
    scores = np.array(scantype)
    single = Opinion(np.full(4, 0.6), np.ones(4, bool))
    return {"single": single, "scantype": Opinion(scores, scores >= 0.5), "fused": Opinion(scores, scores >= 0.5)}


class ComparisonTests(FolderTestCase):
    one, other = pair([0.1, 0.4, 0.2, 0.3]), pair([0.1, 0.9, 0.2, 0.3])

    def test_what_differs_is_counted(self):
        told = compare(self.one, self.other, COHORT)
        self.assertEqual(told["probabilities"]["scantype"], {"largest_difference": 0.5, "mean_difference": 0.125})
        self.assertEqual(told["decisions_that_differ"], {"single": 0, "scantype": 1, "fused": 1})
        self.assertEqual(told["exams_with_another_answer"], {"other_slices": 1, "tumour_or_none": 1})

    def test_network_does_not_differ_from_itself(self):
        told = compare(self.one, self.one, COHORT)["auc_difference"]["scantype"]
        self.assertEqual(told["slices"], {"value": 0.0, "interval_95": [0.0, 0.0]})

    def test_difference_is_paired(self):
        # both miss the order in the same patients: however patients are drawn, neither is ever better
        rng = np.random.default_rng(0)
        scores, labels = rng.random(60), rng.random(60) < 0.5
        told = auc_difference(scores, scores**3, Cases(labels, np.repeat(np.arange(12), 5), 12))
        self.assertEqual(told, {"value": 0.0, "interval_95": [0.0, 0.0]})

    def test_table_has_a_row_a_slice(self):
        exams = [SimpleNamespace(name="first"), SimpleNamespace(name="second")]
        write_differences(self.folder / "differences.csv", exams, self.one, self.other, COHORT)
        with (self.folder / "differences.csv").open() as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(
            [(row["exam"], row["slice"]) for row in rows],
            [
                ("first", "1"),
                ("first", "2"),
                ("second", "1"),
                ("second", "2"),
            ],
        )
        told = {name: rows[1][name] for name in ("label", "scantype_probability_a", "scantype_probability_b")}
        self.assertEqual(told, {"label": "1", "scantype_probability_a": "0.4", "scantype_probability_b": "0.9"})
        self.assertEqual((rows[1]["fused_decision_a"], rows[1]["fused_decision_b"]), ("0", "1"))

    def test_slices_are_counted_from_one_in_their_exam(self):
        self.assertEqual(slice_numbers(COHORT), [(0, 1), (0, 2), (1, 1), (1, 2)])
