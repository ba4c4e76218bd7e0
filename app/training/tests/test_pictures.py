import numpy as np
from django.test import SimpleTestCase

from training.figures import Opinion, cohort_of
from training.pictures import worst

# two exams of four slices: tumour in the middle of each
LABELS = np.array([0, 1, 1, 0])
COHORT = cohort_of([LABELS, LABELS], [np.zeros(4), np.zeros(4)], ["a", "b"])


class WorstTests(SimpleTestCase):
    def worst(self, scores: list[float]) -> dict[str, list[int]]:
        found = worst(Opinion(np.array(scores), np.array(scores) >= 0.5), COHORT)
        return {name: rows.tolist() for name, rows in found.items()}

    def test_misses_come_with_the_lowest_score_first_and_one_an_exam(self):
        told = self.worst([0, 0.3, 0.2, 0, 0, 0.1, 0.4, 0])
        self.assertEqual(told, {"worst_misses": [5, 2], "worst_false_alarms": []})

    def test_false_alarms_come_with_the_highest_score_first(self):
        told = self.worst([0.6, 0.9, 0.9, 0.7, 0.8, 0.9, 0.9, 0])
        self.assertEqual(told, {"worst_misses": [], "worst_false_alarms": [4, 3]})
