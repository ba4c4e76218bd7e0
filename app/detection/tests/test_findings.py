import numpy as np
from django.test import SimpleTestCase

from detection.findings import findings, hot, positive_runs, side
from detection.results import SliceResult
from detection.second_look import Sight
from detection.tests.bodies import STACKS, BodyExam, body, nearest, spot, stack
from detection.tests.looks import GivenLook
from imaging.stack import Stack

LEFT, RIGHT = (80, 0, 0), (-80, 0, 0)


def results(fused: str, probabilities: dict[int, float] | None = None) -> list[SliceResult]:
    """A slice for each character, positive where it is ``1``."""
    return [
        SliceResult(number, 0.5, int(each), (probabilities or {}).get(number, 0.6), int(each), int(each))
        for number, each in enumerate(fused, start=1)
    ]


def tissue(share: float, around=LEFT):
    """The body with a nodule whose brightness is ``share`` of that around it."""

    def look(positions):
        inside = np.linalg.norm(positions - np.array(around), axis=-1) < 14
        return np.where(inside, share, 1.0) * body(positions)

    return look


WASH_OUT = tuple(tissue(share) for share in (1.0, 2.4, 2.0, 1.8))


def found_at(exam: BodyExam, place):
    """The finding of the one slice in which heat lies at ``place``."""
    number, heat = spot(exam.stack, place)
    fused = "".join("1" if each == number else "0" for each in range(1, len(exam) + 1))
    [found] = findings(results(fused), exam, GivenLook(lambda _: heat))
    return found


class RunsTests(SimpleTestCase):
    def test_positive_slices_side_by_side_are_one_run(self):
        runs = list(positive_runs(results("0110100")))
        self.assertEqual([[each.number for each in run] for run in runs], [[2, 3], [5]])

    def test_no_positive_slice_no_run(self):
        self.assertEqual(list(positive_runs(results("000"))), [])


class FindingsTests(SimpleTestCase):
    exam = BodyExam(STACKS["axial"], WASH_OUT)

    def test_each_run_is_a_finding_with_its_best_slice_and_its_length_along_the_stack(self):
        look = GivenLook(lambda _: spot(self.exam.stack, LEFT)[1])
        found = findings(results("0011101000000000", {4: 0.9, 5: 0.8}), self.exam, look)
        told = [(each.number, each.first_slice, each.last_slice, each.best_slice, each.extent) for each in found]
        self.assertEqual(told, [(1, 3, 5, 4, 24.0), (2, 7, 7, 7, 8.0)])  # slices are 8 mm apart
        self.assertEqual(look.heat_of, [Sight(each) for each in (4, 5, 7)])

    def test_without_positive_slices_there_is_none_and_no_heat_is_asked_for(self):
        self.assertEqual(findings(results("0000"), self.exam, None), ())

    def test_peak_tells_place_and_curve(self):
        found = found_at(self.exam, LEFT)
        peak = found.peak
        self.assertEqual((peak.row, peak.column), nearest(self.exam.stack, LEFT)[1:])
        self.assertEqual(peak.patient_position, (78.0, -2.0, -4.0))  # the nearest pixel's centre
        self.assertEqual((peak.side, peak.curve), ("left", (1.0, 2.4, 2.0, 1.8)))
        self.assertLess(np.hypot(peak.curve_row - peak.row, peak.curve_column - peak.column), 2)
        self.assertEqual((peak.initial_rise, peak.curve_type), (140.0, "wash-out"))

    def test_agreement_is_that_of_the_best_slice(self):
        found = found_at(self.exam, LEFT)
        self.assertGreater(found.agreement.wash_out, 0.8)
        self.assertEqual((found.agreement.air, found.agreement.chest, found.warnings), (0, 0, ()))

    def test_warnings_are_those_of_the_agreement(self):
        found = found_at(self.exam, (20, 60, 0))
        self.assertEqual(
            found.warnings, ("the place where the scantype network looked most lies in the chest (ribs, lungs, heart)",)
        )
        self.assertEqual(found.warnings, found.agreement.warnings)

    def test_tissue_that_does_not_enhance_has_no_type_of_curve(self):
        peak = found_at(self.exam, RIGHT).peak
        self.assertEqual((peak.initial_rise, peak.curve_type), (0.0, "not enhancing"))

    def test_place_too_dark_to_tell_has_no_initial_rise_and_no_type_of_curve(self):
        peak = found_at(self.exam, (0, -60, 0)).peak
        self.assertEqual((peak.initial_rise, peak.curve_type), (None, None))

    def test_tumour_in_each_breast_side_by_side_is_a_finding_each(self):
        places = {"left": LEFT, "right": RIGHT, None: LEFT}
        shown = {"left": {7: 0.7, 8: 0.9}, "right": {8: 0.6, 9: 0.8}}
        look = GivenLook(lambda sight: spot(self.exam.stack, places[sight.breast])[1], shown)
        found = findings(results("000000111"), self.exam, look)
        told = [(e.number, e.first_slice, e.last_slice, e.best_slice, e.extent, e.breast, e.peak.side) for e in found]
        self.assertEqual(told, [(1, 7, 8, 8, 16.0, "left", "left"), (2, 8, 9, 9, 16.0, "right", "right")])
        self.assertEqual([each.peak.curve_type for each in found], ["wash-out", "not enhancing"])
        self.assertGreater(found[0].agreement.wash_out, found[1].agreement.wash_out)
        self.assertEqual([each.warnings for each in found], [(), ()])

    def test_heat_far_apart_in_one_breast_is_told(self):
        places = {2: LEFT, 3: LEFT, 4: (124, 0, 0)}
        look = GivenLook(lambda sight: spot(self.exam.stack, places[sight.number])[1])
        [found] = findings(results("0111", dict.fromkeys((2, 3, 4), 0.9)), self.exam, look)
        self.assertEqual((found.best_slice, found.breast), (2, None))
        told = "in slice 4 the scantype network looked most 44 mm away from where it did in slice 2"
        self.assertEqual(found.warnings, (f"{told}: this may be more than one finding",))

    def test_heat_in_either_breast_that_is_not_parted_has_no_side(self):
        places = {2: LEFT, 3: LEFT, 4: RIGHT}
        look = GivenLook(lambda sight: spot(self.exam.stack, places[sight.number])[1])
        [found] = findings(results("0111", dict.fromkeys((2, 3, 4), 0.9)), self.exam, look)
        self.assertEqual((found.breast, found.peak.side), (None, None))
        self.assertIn("this may be more than one finding", found.warnings[0])

    def test_heat_far_apart_in_a_slice_that_is_hardly_positive_is_not_told(self):
        places = {2: LEFT, 3: LEFT, 4: (124, 0, 0)}
        look = GivenLook(lambda sight: spot(self.exam.stack, places[sight.number])[1])
        [found] = findings(results("0111", {2: 0.9, 3: 0.9, 4: 0.79}), self.exam, look)
        self.assertEqual(found.warnings, ())

    def test_header_that_names_the_other_breast_is_told(self):
        exam = BodyExam(STACKS["axial"], WASH_OUT)
        exam.description.header["ImageLaterality"] = "R"
        told = "headers say that this is the right breast, and the place lies on the left side"
        self.assertEqual(found_at(exam, LEFT).warnings, (told,))
        exam.description.header["ImageLaterality"] = "L"
        self.assertEqual(found_at(exam, LEFT).warnings, ())

    def test_slice_without_heat_has_no_peak(self):
        nothing = np.zeros((80, 80), np.float32)
        [found] = findings(results("1"), self.exam, GivenLook(lambda _: nothing))
        self.assertEqual((found.peak, found.warnings), (None, ()))

    def test_slices_that_are_not_placed_have_no_extent_no_position_and_no_side(self):
        exam = BodyExam(Stack(80, 80, None, None, (None,) * 3), WASH_OUT, cut=stack("axial", -8, 8))
        [found] = findings(results("010"), exam, GivenLook(lambda _: spot(stack("axial", -8, 8), LEFT)[1]))
        self.assertEqual((found.extent, found.peak.patient_position, found.peak.side), (None, None, None))
        self.assertEqual((found.peak.curve_type, found.warnings), ("wash-out", ()))


class HotTests(SimpleTestCase):
    def test_tissue_is_hot_down_to_three_tenths_of_the_peak_without_a_gap(self):
        heat = np.array([[0.2, 0.6, 2.0, 1.2, 0.5, 1.8], [0.1, 0.5, 0.8, 0.2, 0.1, 1.4]], np.float32)
        self.assertEqual(hot(heat).astype(int).tolist(), [[0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 0]])

    def test_curve_is_the_most_suspicious_of_hot_tissue(self):
        """Beside the peak lie 3 x 3 pixels that wash out; all else hardly enhances, and goes on rising."""

        def look(washing_out, rising):
            def tissue(positions):
                beside = np.abs(positions[..., :2] - (74, -2)).max(axis=-1) < 5
                return np.where(beside, 100.0 * washing_out, 100.0 * rising)

            return tissue

        passes = [look(*each) for each in ((1.0, 1.0), (2.2, 1.2), (1.6, 1.3), (1.2, 1.4))]
        peak = found_at(BodyExam(STACKS["axial"], passes), LEFT).peak
        self.assertEqual((peak.row, peak.column, peak.curve_row, peak.curve_column), (29, 59, 29, 58))
        self.assertEqual((peak.curve, peak.curve_type), ((1.0, 2.2, 1.6, 1.2), "wash-out"))


class SideTests(SimpleTestCase):
    def test_side_is_the_patients_in_whatever_plane_and_order_slices_are(self):
        for name, each in STACKS.items():
            for place, expected in ((LEFT, "left"), (RIGHT, "right")):
                with self.subTest(name, place=place):
                    exam = BodyExam(each, (tissue(1.0, place), *[tissue(2.0, place)] * 3))
                    peak = found_at(exam, place).peak
                    self.assertEqual((peak.side, peak.curve_type), (expected, "plateau"))
                    np.testing.assert_allclose(peak.patient_position, place, atol=4.1)

    def test_breastbone_lies_in_the_middle(self):
        self.assertEqual(side(STACKS["axial"], (9.9, 0, 0)), "middle")
        self.assertEqual(side(STACKS["axial"], (10, 0, 0)), "left")
        self.assertEqual(side(STACKS["axial"], (-10, 0, 0)), "right")

    def test_middle_is_that_of_a_field_of_view_that_holds_both_breasts(self):
        shifted = stack("axial", -8, 8, middle=(40, 40, 0))
        self.assertEqual(side(shifted, (25, 0, 0)), "right")

    def test_wide_field_of_view_about_one_breast_has_the_scanners_middle(self):
        right_breast = stack("axial", -8, 8, middle=(-90, 40, 0))
        self.assertEqual([side(right_breast, (x, 0, 0)) for x in (-83, -31, -29)], ["right", "right", "middle"])

    def test_middle_of_a_smaller_field_of_view_is_the_scanners(self):
        one_breast = stack("sagittal", -152, -16)
        self.assertEqual(side(one_breast, (40, 0, 0)), "left")
        self.assertEqual(side(stack("sagittal", 16, 152), (-40, 0, 0)), "right")
