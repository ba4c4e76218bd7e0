from django.test import SimpleTestCase

from detection.explanation import reasons
from detection.fusion import average_results
from detection.results import SliceResult


def rows(single: list[int], scantype: list[int]) -> list[SliceResult]:
    """Slices with these decisions; a positive has a probability of 0.77, a negative 0.41."""
    sure = {0: 0.41, 1: 0.77}
    fused = average_results(single, scantype)
    both = enumerate(zip(single, scantype, fused, strict=True), start=1)
    return [SliceResult(number, sure[one], one, sure[two], two, three) for number, (one, two, three) in both]


class ReasonTests(SimpleTestCase):
    def test_networks_that_agree_need_no_neighbour(self):
        self.assertEqual(
            reasons(rows([1, 0], [1, 0])),
            [
                "single 0.77 positive, scantype 0.77 positive: positive",
                "single 0.41 negative, scantype 0.41 negative: negative",
            ],
        )

    def test_neighbour_on_which_both_say_yes_decides(self):
        told = reasons(rows([0, 1, 0], [1, 1, 1]))
        self.assertEqual(
            [told[0], told[2]],
            ["single 0.41 negative, scantype 0.77 positive; slice 2 beside it is positive in both: positive"] * 2,
        )

    def test_two_such_neighbours_are_both_named(self):
        told = reasons(rows([1, 1, 1], [1, 0, 1]))[1]
        self.assertEqual(
            told,
            "single 0.77 positive, scantype 0.41 negative; slices 1 and 3 beside it are positive in both: positive",
        )

    def test_without_one_the_slice_is_negative(self):
        told = reasons(rows([1, 1], [0, 0]))[0]
        self.assertEqual(
            told, "single 0.77 positive, scantype 0.41 negative; no slice beside it is positive in both: negative"
        )
