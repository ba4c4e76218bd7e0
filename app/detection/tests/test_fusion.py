import numpy as np
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from detection.fusion import average_results, fused_scores

DECISIONS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), max_size=40)
# so coarse that scores are often equal
SCORES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=1, max_size=40)


def fused(pairs: str) -> str:
    """The rule on slices written as 1 (both say so), 0 (neither), s (single alone) and p (passes alone)."""
    single = [int(each in "1s") for each in pairs]
    scantype = [int(each in "1p") for each in pairs]
    return "".join(map(str, average_results(single, scantype)))


class FusionTests(SimpleTestCase):
    def test_table_of_one_slice(self):
        self.assertEqual([fused(each) for each in "10sp"], ["1", "0", "0", "0"])

    def test_disagreement_beside_an_agreed_positive_is_positive(self):
        for pairs, answer in (("1s", "11"), ("s1", "11"), ("1p", "11"), ("p1", "11"), ("1s1", "111"), ("0p1", "011")):
            self.assertEqual(fused(pairs), answer, pairs)

    def test_disagreement_beside_agreed_negatives_is_negative(self):
        for pairs, answer in (("0s", "00"), ("s0", "00"), ("0s0", "000"), ("0p0", "000")):
            self.assertEqual(fused(pairs), answer, pairs)

    def test_one_agreed_positive_neighbour_is_enough(self):
        self.assertEqual(fused("1s0"), "110")
        self.assertEqual(fused("0p1"), "011")

    def test_run_of_disagreement_is_positive_only_beside_agreed_slices(self):
        self.assertEqual(fused("1sss1"), "11011")
        self.assertEqual(fused("1spsp0"), "110000")
        self.assertEqual(fused("spsp"), "0000")

    def test_disagreement_at_the_ends_sees_its_one_neighbour(self):
        self.assertEqual(fused("s10"), "110")
        self.assertEqual(fused("01p"), "011")
        self.assertEqual(fused("s00"), "000")

    def test_neither_stays_negative_between_agreed_positives(self):
        self.assertEqual(fused("101"), "101")

    def test_empty_stack_has_an_empty_answer(self):
        self.assertEqual(average_results([], []), [])

    def test_unequal_lengths_are_refused(self):
        with self.assertRaises(ValueError):
            average_results([1, 0], [1])

    @given(DECISIONS)
    def test_reversing_the_stack_reverses_the_answer(self, pairs):
        single, scantype = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        answer = average_results(single, scantype)
        self.assertEqual(average_results(single[::-1], scantype[::-1]), answer[::-1])

    @given(DECISIONS)
    def test_swapping_the_networks_changes_nothing(self, pairs):
        single, scantype = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self.assertEqual(average_results(single, scantype), average_results(scantype, single))


class FusedScoreTests(SimpleTestCase):
    def score(self, single: list[float], scantype: list[float], exams: list[int]) -> list[float]:
        return fused_scores(np.array(single), np.array(scantype), np.array(exams)).tolist()

    def test_slice_alone_scores_what_both_networks_reach(self):
        self.assertEqual(self.score([0.9], [0.3], [0]), [0.3])

    def test_neighbour_on_which_both_agree_lifts_a_slice_to_what_one_network_reaches(self):
        self.assertEqual(self.score([0.9, 0.8], [0.3, 0.7], [0, 0]), [0.7, 0.7])

    def test_slices_of_another_exam_are_no_neighbours(self):
        self.assertEqual(self.score([0.9, 0.8], [0.3, 0.7], [0, 1]), [0.3, 0.7])

    @given(SCORES)
    def test_score_reaches_a_threshold_exactly_where_the_rule_says_positive(self, rows):
        single, scantype, changes = (np.array(column) for column in zip(*rows, strict=True))
        exams = np.cumsum(changes)
        scores = fused_scores(single, scantype, exams)
        for threshold in range(10):
            by_rule = [
                average_results(single[exams == exam] >= threshold, scantype[exams == exam] >= threshold)
                for exam in np.unique(exams)
            ]
            self.assertEqual((scores >= threshold).astype(int).tolist(), [each for exam in by_rule for each in exam])

    @given(SCORES)
    def test_decision_that_is_held_leaves_the_other_network_to_decide(self, rows):
        single, scantype, _ = (np.array(column) for column in zip(*rows, strict=True))
        held = np.where(single > 4, np.inf, -np.inf)
        scores = fused_scores(held, scantype, np.zeros(len(rows)))
        for threshold in range(10):
            answer = average_results(single > 4, scantype >= threshold)
            self.assertEqual((scores >= threshold).astype(int).tolist(), answer)
