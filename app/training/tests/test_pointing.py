from pathlib import Path
from unittest import mock

import numpy as np
from django.test import SimpleTestCase

from detection.agreement import Agreement
from nets.bundle import ROLES
from nets.layer_cam import METHOD
from nets.runtime import load_networks
from phantom.exam import Exam
from phantom.protocol import Protocol
from training import pointing
from training.heat_page import agreement_table, pointing_table
from training.pointing import (
    CANDIDATES,
    SERVED,
    Judged,
    Looked,
    Pointed,
    compare,
    lies,
    millimetres_from,
    places_without_tumour,
    point,
    report,
    tumour_in,
)

BUNDLES = Path(__file__).parents[2] / "nets" / "bundles"
PROTOCOL = Protocol(rows=128, columns=128, slices=8)


def small(seed: int) -> Exam:
    """Every third without tumour, as drawn exams are."""
    return Exam(seed, PROTOCOL, tumours=0 if seed % 3 == 0 else 1)


def row(exam: int, distance: float, inside: float = 0.5, detected=True, answered=True, role="scantype") -> Pointed:
    return Pointed(exam, SERVED, role, detected, answered, distance, inside, 0.75, 0.125)


class LiesTests(SimpleTestCase):
    mask = np.array([[0, 0, 1, 0, 0, 0]], bool)
    far = millimetres_from(mask, spacing=3.0)

    def test_distance_is_in_millimetres_and_none_inside(self):
        self.assertEqual(self.far.tolist(), [[6, 3, 0, 3, 6, 9]])

    def test_peak_and_shares_of_heat(self):
        heat = np.array([[0, 0.1, 0.4, 0.1, 0, 0.4]], np.float32)
        np.testing.assert_allclose(lies(heat, self.far), (0, 0.4, 0.6, 0.5), atol=1e-6)
        heat[0, 5] = 0.5
        self.assertEqual(lies(heat, self.far)[0], 9)

    def test_slice_without_heat_points_nowhere(self):
        self.assertEqual(lies(np.zeros((1, 6), np.float32), self.far), (np.inf, 0, 0, 0.5))


class TruthTests(SimpleTestCase):
    def test_slice_that_tumour_fills_nowhere_by_half_has_the_pixel_with_most_of_it(self):
        exam = Exam(5, PROTOCOL, tumours=1)
        number = exam.positive_slices[0]
        whole = tumour_in(exam, number)
        with mock.patch.object(exam, "mask", lambda _: np.zeros((128, 128), bool)):
            one = tumour_in(exam, number)
        self.assertEqual(one.sum(), 1)
        self.assertLess(millimetres_from(whole, PROTOCOL.pixel_spacing)[one], 4)

    def test_heart_chest_wall_and_air_lie_apart_and_hold_no_tumour(self):
        exam = Exam(5, PROTOCOL, tumours=1)
        for number in exam.positive_slices:
            found = places_without_tumour(exam, number)
            together = sum(where.astype(int) for where in (*found.values(), tumour_in(exam, number)))
            self.assertEqual(together.max(), 1)
            self.assertTrue(all(where.any() for where in found.values()))


class ReportTests(SimpleTestCase):
    def test_pointing_game_counts_slices_whose_peak_lies_within_five_millimetres(self):
        looked = [
            Looked(True, (row(0, 0.0), row(0, 5.0), row(0, 5.1))),
            Looked(True, (row(1, 2.0, inside=0.1), row(1, 80.0, detected=False))),
            Looked(),
        ]
        told = report(looked)
        self.assertEqual((told["exams"], told["exams_with_tumour"]), (3, 2))
        found = told["pointing"][SERVED]["scantype"]
        self.assertEqual((found["detected"]["slices"], found["detected"]["exams"]), (4, 2))
        self.assertEqual(found["detected"]["pointing"]["value"], 0.75)
        self.assertEqual(found["answered"]["pointing"]["value"], 0.6)
        self.assertEqual(found["detected"]["inside"]["value"], 0.4)
        self.assertEqual(found["detected"]["chance"]["value"], 0.125)
        low, high = found["detected"]["pointing"]["interval_95"]
        self.assertTrue(low < 0.75 < high)

    def test_network_that_detects_nothing_has_no_figure(self):
        found = report([Looked(True, (row(0, 0.0, detected=False),))])["pointing"][SERVED]
        self.assertIsNone(found["scantype"]["detected"]["pointing"]["value"])
        self.assertEqual(found["single"]["answered"]["slices"], 0)

    def test_warnings_and_shares_by_place(self):
        quiet = Agreement(1.0, 0.25, 0.25, 0.5, 0.0, None, ())
        loud = Agreement(0.0, 0.0, 0.0, 0.0, 1.0, 1.0, ("a warning",))
        told = report([Looked(True, (), (Judged(0, "tumour", quiet), Judged(0, "air", loud), Judged(0, "air", quiet)))])
        self.assertEqual(told["agreement"]["tumour"]["warned"]["value"], 0)
        self.assertEqual(told["agreement"]["air"]["warned"]["value"], 0.5)
        self.assertEqual(told["agreement"]["tumour"]["wash_out"]["value"], 0.5)
        self.assertEqual(told["agreement"]["air"]["chest"]["value"], 1.0)  # of those that tell

    def test_tables_have_a_row_for_each_network_group_and_place(self):
        told = report([Looked(True, (row(0, 0.0),), (Judged(0, "air", Agreement(0, 0, 0, 0, 1, 0, ("x",))),))])
        lines = pointing_table(told["pointing"]).splitlines()
        self.assertEqual(len(lines), 6)
        self.assertIn(f"| {SERVED} | scantype | it detects | 1 | 1.00 | 0.50 | 0.75 | 0.12 |", lines)
        self.assertEqual(len(agreement_table(told["agreement"]).splitlines()), 3)


class ExamTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.networks = load_networks(BUNDLES)
        cls.enterClassContext(mock.patch.object(pointing, "drawn_exam", small))
        cls.enterClassContext(mock.patch.object(pointing, "exam_of_both_breasts", lambda _: None))

    def test_heat_that_is_served_is_measured_in_exams_with_tumour(self):
        without, found = point([3, 4], self.networks)
        self.assertEqual((without.with_tumour, without.pointed, without.shown), (False, (), None))
        self.assertTrue(found.with_tumour)
        self.assertEqual(
            {(each.exam, each.method, each.role) for each in found.pointed}, {(1, SERVED, r) for r in ROLES}
        )
        self.assertTrue(all(0 <= each.inside <= each.near <= 1 for each in found.pointed))
        self.assertEqual({each.of for each in found.judged} - {"tumour", "finding"}, {"heart", "chest wall", "air"})
        self.assertEqual(found.shown.brightness.shape, (128, 128))
        self.assertEqual({(each.exam, each.breasts) for each in found.runs}, {(1, 1)})
        self.assertEqual({each.exam for each in found.curves}, {1})

    def test_candidates_are_compared_on_the_same_slices_and_one_of_them_is_served(self):
        few = {SERVED: METHOD, "other": CANDIDATES["LayerCAM, block 4"]}
        with mock.patch.object(pointing, "CANDIDATES", few):
            [found] = compare([4], self.networks)
        [served] = point([4], self.networks)
        by_method = [[each for each in found.pointed if each.method == name] for name in few]
        self.assertEqual(len(by_method[0]), len(by_method[1]))
        self.assertEqual(
            [(each.role, each.distance, each.inside) for each in by_method[0]],
            [(each.role, each.distance, each.inside) for each in served.pointed],
        )
