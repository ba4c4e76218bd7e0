import numpy as np
from django.test import SimpleTestCase

from detection.breasts import Part, by_breast, separable
from detection.second_look import LEFT, RIGHT, Sight
from detection.tests.bodies import STACKS, stack
from detection.tests.looks import GivenLook
from imaging.stack import Stack


def run(first: int, last: int, probability: float = 0.7) -> Part:
    numbers = tuple(range(first, last + 1))
    return Part(numbers, (probability,) * len(numbers))


def shown(left: str, right: str, first: int = 1) -> dict[str, dict[int, float]]:
    """By breast the probabilities of slices from ``first`` on, a digit a tenth each."""
    return {
        breast: {number: int(each) / 10 for number, each in enumerate(digits, start=first)}
        for breast, digits in ((LEFT, left), (RIGHT, right))
    }


def parts(left: str, right: str, first: int = 1) -> list[tuple]:
    """First, last and best slice and breast of each finding of a run with heat in both breasts."""
    look = GivenLook(None, shown(left, right, first))
    found = by_breast({run(first, first + len(left) - 1): [LEFT, RIGHT]}, look)
    return [(each.numbers[0], each.numbers[-1], each.best, each.breast) for each in found]


class SplitTests(SimpleTestCase):
    def test_run_that_shows_something_in_one_breast_stays_whole(self):
        self.assertEqual(parts("6789876", "1234321"), [(1, 7, 1, None)])

    def test_run_that_surely_shows_something_in_both_is_a_finding_each(self):
        self.assertEqual(parts("6980000", "0000897"), [(1, 4, 2, LEFT), (5, 7, 6, RIGHT)])

    def test_run_that_may_show_something_in_both_stays_whole(self):
        self.assertEqual(parts("6980000", "0000777"), [(1, 7, 1, None)])
        self.assertEqual(parts("6770000", "0000897"), [(1, 7, 1, None)])

    def test_findings_share_slices(self):
        self.assertEqual(parts("6789600", "0006789", first=11), [(11, 15, 14, LEFT), (14, 17, 17, RIGHT)])

    def test_one_may_lie_within_the_other(self):
        self.assertEqual(parts("6789876", "0078000"), [(1, 7, 4, LEFT), (3, 4, 4, RIGHT)])

    def test_slices_that_show_nothing_in_either_go_with_the_nearest(self):
        self.assertEqual(parts("0690000", "0000900"), [(1, 4, 3, LEFT), (5, 7, 5, RIGHT)])

    def test_slices_between_are_of_the_finding(self):
        self.assertEqual(parts("6009000", "0000960"), [(1, 4, 4, LEFT), (5, 7, 5, RIGHT)])

    def test_breast_that_alone_shows_nothing_where_most_heat_is_leaves_the_run_whole(self):
        self.assertEqual(parts("0000000", "6789876"), [(1, 7, 1, None)])

    def test_every_slice_is_in_a_finding_whose_best_slice_its_breast_shows(self):
        rng = np.random.default_rng(1)
        for _ in range(200):
            left, right = ("".join(map(str, rng.choice([0, 9], 9))) for _ in range(2))
            found = parts(left, right)
            covered = {number for first, last, *_ in found for number in range(first, last + 1)}
            self.assertEqual(covered, set(range(1, 10)), (left, right))
            for first, last, best, breast in found:
                self.assertTrue(first <= best <= last)
                if breast:
                    self.assertEqual({LEFT: left, RIGHT: right}[breast][best - 1], "9")


class AskedTests(SimpleTestCase):
    def test_the_other_breast_is_looked_at_in_two_slices_between_the_ends(self):
        look = GivenLook(None)
        runs = {run(3, 12): [LEFT], run(15, 15): [RIGHT]}
        self.assertEqual(by_breast(runs, look), list(runs))
        self.assertEqual(look.judged, [Sight(6, RIGHT), Sight(9, RIGHT), Sight(15, LEFT)])

    def test_heat_in_both_breasts_needs_no_asking(self):
        look = GivenLook(None, shown("9000", "0009"))
        self.assertEqual(len(by_breast({run(1, 4): [LEFT, RIGHT]}, look)), 2)
        self.assertEqual(look.judged, [Sight(each, breast) for breast in (LEFT, RIGHT) for each in (1, 2, 3, 4)])

    def test_run_whose_breast_is_not_known_is_not_asked_about(self):
        look = GivenLook(None)
        self.assertEqual(by_breast({run(1, 4): []}, look), [run(1, 4)])
        self.assertEqual(look.judged, [])

    def test_only_the_run_that_deserves_it_is_split(self):
        look = GivenLook(None, shown("999", "099", first=11))
        found = by_breast({run(1, 4): [LEFT], run(11, 13): [LEFT]}, look)
        self.assertEqual([(each.numbers[0], each.breast) for each in found], [(1, None), (11, LEFT), (12, RIGHT)])

    def test_best_slice_is_looked_at_and_the_sure_one_that_is_furthest_from_it(self):
        part = Part((4, 5, 6, 7, 8), (0.8, 0.9, 0.7, 0.81, 0.6), LEFT)
        self.assertEqual((part.best, part.sure, part.looked_at), (5, [4, 5, 7], (Sight(5, LEFT), Sight(7, LEFT))))
        self.assertEqual(run(4, 6).looked_at, (Sight(4),))


class SeparableTests(SimpleTestCase):
    def test_breasts_are_told_apart_in_slices_that_show_both(self):
        told = {name: separable(each) for name, each in STACKS.items()}
        sagittal = {name for name in STACKS if name.startswith("sagittal")}
        self.assertEqual({name for name, known in told.items() if not known}, sagittal)
        self.assertTrue(separable(stack("coronal", -60, 60)))

    def test_not_where_headers_are_silent_or_the_field_of_view_holds_one(self):
        self.assertFalse(separable(Stack(80, 80, None, None, (None,) * 3)))
        self.assertFalse(separable(stack("axial", -8, 8, middle=(80, 40, 0), size=40)))
