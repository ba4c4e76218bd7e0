from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import MixedExams, PassesOutOfOrder
from imaging.pass_times import check_steps, check_times, seconds_after_first
from imaging.series import Series, in_order
from imaging.tests.exam_slices import stack

NAMES = ("pre", "1st_pass", "2nd_pass", "3rd_pass")


def timed(**fields) -> list[Series]:
    """Four folders; each field holds four values, one a folder."""
    return [
        in_order(name, stack(name, **{field: values[k] for field, values in fields.items()}))
        for k, name in enumerate(NAMES)
    ]


class CheckTimesTests(SimpleTestCase):
    def refused(self, parts: list[Series]) -> str:
        with self.assertRaises(PassesOutOfOrder) as caught:
            check_times(*parts)
        self.assertTrue(caught.exception.detail.startswith("Not analysable. "))
        return caught.exception.reason

    def test_times_that_fall_are_told_relative_to_the_first(self):
        told = self.refused(timed(acquired=(1e9, 1e9 + 200, 1e9 + 100, 1e9 + 300)))
        self.assertEqual(
            told,
            "AcquisitionTime does not rise from pass to pass: "
            "pre +0 s; 1st_pass +200 s; 2nd_pass +100 s; 3rd_pass +300 s.",
        )

    def test_trigger_times_are_told_in_seconds_and_temporal_positions_as_they_are(self):
        self.assertIn("1st_pass -90 s", self.refused(timed(trigger_time=(9e4, 0.0, 18e4, 27e4))))
        self.assertIn("pre 4; 1st_pass 1;", self.refused(timed(temporal_position=(4, 1, 2, 3))))
        self.assertIn("3rd_pass -1 s", self.refused(timed(content=(1.0, 2.0, 3.0, 0.0))))

    def test_times_that_rise_or_are_equal_say_nothing(self):
        self.assertIsNone(check_times(*timed(acquired=(1.0, 2.0, 3.0, 4.0))))
        self.assertIsNone(check_times(*timed(acquired=(1.0, 2.0, 2.0, 2.0))))
        self.assertIsNone(check_times(*timed()))

    def test_time_that_one_pass_lacks_says_nothing(self):
        self.assertIsNone(check_times(*timed(acquired=(4.0, 3.0, None, 1.0))))

    def test_next_kind_is_asked_about_equal_times(self):
        self.assertIn(
            "TriggerTime", self.refused(timed(acquired=(1.0, 2.0, 2.0, 2.0), trigger_time=(0.0, 9.0, 8.0, 10)))
        )

    def test_acquisition_times_that_rise_overrule_content_times(self):
        self.assertIsNone(check_times(*timed(acquired=(1.0, 2.0, 3.0, 4.0), content=(4.0, 3.0, 2.0, 1.0))))

    def test_same_times_from_slice_to_slice_are_no_mixture_whichever_end_comes_first(self):
        part = timed(acquired=(1.0, 1.0, 1.0, 1.0))[0]
        drifting = tuple(replace(each, acquired=float(k)) for k, each in enumerate(part.slices))
        part, turned = replace(part, slices=drifting), replace(part, slices=drifting[::-1])
        self.assertIsNone(check_times(part, turned, part, turned))

    def test_slice_of_another_pass_is_seen(self):
        parts = timed(acquired=(1.0, 2.0, 3.0, 4.0))
        mixed = [replace(each, acquired=3.5) if each.name.endswith("003.dcm") else each for each in parts[1].slices]
        parts[1] = replace(parts[1], slices=tuple(mixed))
        self.assertIn("Slices of two passes lie between each other by AcquisitionTime", self.refused(parts))

    def test_slice_exchanged_between_two_passes_is_seen_by_any_time_but_the_trigger(self):
        for field, refused in (("temporal_position", True), ("content", True), ("trigger_time", False)):
            parts = timed(**{field: (1, 2, 3, 4)})
            exchanged = [list(part.slices) for part in parts[:2]]
            exchanged[0][1], exchanged[1][1] = exchanged[1][1], exchanged[0][1]
            parts[:2] = [replace(part, slices=tuple(each)) for part, each in zip(parts, exchanged, strict=False)]
            if refused:
                self.assertIn("so that they may be mixed", self.refused(parts))
            else:
                self.assertIsNone(check_times(*parts))


class StepsTests(SimpleTestCase):
    def test_passes_of_a_usual_exam_follow_each_other_soon(self):
        self.assertEqual(check_steps(*timed(acquired=(1e9, 1e9 + 90, 1e9 + 180, 1e9 + 3780))), [])
        self.assertEqual(check_steps(*timed(temporal_position=(1, 2, 3, 4))), [])

    def test_pass_that_begins_late_is_told(self):
        self.assertEqual(
            check_steps(*timed(acquired=(1e9, 1e9 + 90, 1e9 + 180, 1e9 + 4980))),
            ["3rd_pass begins 80 minutes after 2nd_pass: enhancement and its curves are not those of a usual exam."],
        )

    def test_passes_a_year_apart_are_of_two_examinations(self):
        with self.assertRaisesMessage(
            MixedExams, "1st_pass begins 525600 minutes after pre: they are of two examinations."
        ):
            check_steps(*timed(acquired=(1e9, 1e9 + 31_536_000, 1e9 + 31_536_090, 1e9 + 31_536_180)))

    def test_content_of_another_day_alone_is_told_and_not_refused(self):
        (told,) = check_steps(*timed(content=(1e9, 1e9 + 86_400, 1e9 + 86_490, 1e9 + 86_580)))
        self.assertTrue(told.startswith("1st_pass begins 1440 minutes after pre: "), told)


class SecondsTests(SimpleTestCase):
    def test_seconds_are_counted_from_the_first(self):
        self.assertEqual(seconds_after_first(timed(acquired=(1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3))), (0.0, 1.0, 2.0, 3.0))

    def test_no_clock_no_seconds(self):
        self.assertIsNone(seconds_after_first(timed(temporal_position=(1, 2, 3, 4))))
