import itertools
from dataclasses import replace

from imaging.errors import AmbiguousPasses, MissingPasses
from imaging.passes import find_passes
from imaging.tests.exam_slices import PassesTestCase, changed, dynamic, one_series, stack, without


class LeftOutTests(PassesTestCase):
    def test_what_is_no_pass_is_ignored_with_a_reason(self):
        other = {"series_description": "x", "acquired": 900.0, "series_instance_uid": "1.7"}
        for tags, reason in (
            ({"image_type": ("DERIVED", "PRIMARY", "SUBTRACTION"), "acquired": 1090.0}, "a subtraction"),
            ({"series_description": "SUB 1-0", "acquired": 1300.0}, "a subtraction"),
            ({"series_description": "ax t2", "echo_time": 9.0}, "T2 or STIR"),
            ({"echo_time": 80.0}, "EchoTime 80 ms, too long for a dynamic T1 series"),
            ({"series_description": "t1 nfs", "scan_options": ("PFP",)}, "without fat saturation"),
            ({"scan_options": ("PFP",)}, "ScanOptions name no fat saturation, those of other series do"),
            ({"series_description": "ax t1", "scan_options": ("PFP",)}, "T1 without a word of fat saturation"),
            ({"echo_time": 4.7}, "another geometry or other settings than the dynamic series"),
            ({"pixel_spacing": (0.5, 0.5)}, "another geometry or other settings than the dynamic series"),
        ):
            self.assertEqual(self.ignored([*dynamic(), *stack("s", **other | tags)]), [reason])

    def test_three_phases_are_too_few_and_are_named(self):
        told = self.refused(MissingPasses, [*dynamic(3), *stack("s", series_description="ax t2")])
        self.assertEqual(
            told,
            "A pre-contrast series and three passes of the same slices are needed; 3 of them were found. Found: "
            "series 11, folder a (4 slices); series 12, folder b (4 slices); series 13, folder c (4 slices); "
            "series 'ax t2', folder s (4 slices, T2 or STIR).",
        )

    def test_nothing_at_all(self):
        self.assertTrue(self.refused(MissingPasses, []).endswith("0 of them were found. Found: nothing."))

    def test_two_dynamic_series_refuse(self):
        moved = [
            replace(each, name=f"z{each.name}", series_instance_uid="1.8", frame_of_reference_uid="1.8")
            for each in one_series(dynamic(start=9000.0))
        ]
        told = self.refused(AmbiguousPasses, dynamic() + moved)
        self.assertIn("2 sets of slices have four or more phases each.", told)
        self.assertIn("Say which is which in the fields pre, pass_1, pass_2 and pass_3", told)

    def test_series_that_cannot_be_split_refuses(self):
        told = self.refused(AmbiguousPasses, one_series(dynamic(acquired=1.0)))
        self.assertIn("series 5 'dyn', folder all holds 4 slices at each place, and no time tells them apart; ", told)

    def test_moved_pass_between_a_named_pre_and_the_others_refuses(self):
        slices = changed(dynamic(6), "a", series_description="dyn pre")
        self.refused(AmbiguousPasses, changed(slices, "b", frame_of_reference_uid="1.10"))

    def test_phase_of_the_same_series_with_other_settings_refuses(self):
        slices = [replace(each, echo_time=3.0) if each.name[4] == "c" else each for each in one_series(dynamic(6))]
        self.refused(AmbiguousPasses, slices)

    def test_series_acquired_between_the_passes_refuses(self):
        self.refused(AmbiguousPasses, changed(dynamic(6), "c", echo_time=3.0))
        copy = stack("x", echo_time=3.0, acquired=1180.0)
        self.assertEqual(self.ignored(dynamic() + copy), ["another geometry or other settings than the dynamic series"])

    def test_pass_with_one_odd_slice_refuses(self):
        turned = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
        for tags in ({"image_orientation": turned}, {"echo_time": 3.0}, {"frame_of_reference_uid": "1.10"}):
            slices = [replace(each, **tags) if each.name == "c/001.dcm" else each for each in dynamic(5)]
            self.refused(AmbiguousPasses, slices)

    def test_more_than_300_phases_are_not_compared(self):
        slices = [each for k in range(301) for each in stack(f"a{k}", acquired=90.0 * k)]
        self.assertIn("301 phases are more than the 300", self.refused(AmbiguousPasses, slices))

    def test_pass_that_is_called_something_else_refuses_by_any_clock(self):
        names = ({"image_type": ("DERIVED", "PRIMARY", "SUB")}, {"series_description": "ax t2"}, {"echo_time": 80.0})
        clocks = ("acquired", "content", "trigger_time", "temporal_position")
        for folder, tags, clock in itertools.product("bcd", names[:2], clocks):
            times = {each: 20_000 * k for k, each in enumerate("abcdef", start=1)}
            slices = [replace(each, **{"acquired": None, clock: times[each.name[0]]}) for each in dynamic(6)]
            with self.assertRaises((AmbiguousPasses, MissingPasses)):
                find_passes(changed(slices, folder, **tags))
        for folder, tags in itertools.product("bcd", names):
            self.refused(AmbiguousPasses, changed(dynamic(6), folder, **tags))

    def test_subtraction_or_the_same_sequence_before_everything_may_be_pre(self):
        for tags in ({"image_type": ("DERIVED", "PRIMARY", "SUB")}, {"series_description": "ax t2"}):
            told = self.refused(AmbiguousPasses, changed(dynamic(5), "a", **tags))
            self.assertIn("folder a may be one of the phases, but does not fit:", told)

    def test_subtractions_at_the_times_of_their_sources_or_after_all_are_ignored(self):
        sub = {"image_type": ("DERIVED", "PRIMARY", "SUB"), "series_instance_uid": "1.7"}
        for time in (1090.0, 1180.0, 1270.0, 1271.0):
            self.assertEqual(self.ignored([*dynamic(), *stack("s", acquired=time, **sub)]), ["a subtraction"])

    def test_times_of_the_trigger_that_rise_through_series_must_agree(self):
        slices = dynamic()
        for folder, trigger in zip("abcd", (0.0, 18e4, 9e4, 27e4), strict=True):
            slices = changed(slices, folder, trigger_time=trigger)
        self.assertIn("contradict each other", self.refused(AmbiguousPasses, slices))
        gated = {"a": 412.0, "b": 633.0, "c": 128.0, "d": 800.0}
        self.found([replace(each, trigger_time=gated[each.name[0]]) for each in dynamic()])

    def test_incomplete_pass_does_not_let_later_ones_move_up(self):
        for folder in "abcd":
            told = self.refused(AmbiguousPasses, without(dynamic(5), f"{folder}/002.dcm"))
            self.assertIn(f"folder {folder} may be one of the phases, but does not fit: 3 slices, not 4", told)

    def test_incomplete_later_pass_does_not_matter(self):
        self.found(without(dynamic(5), "e/002.dcm"))

    def test_pre_that_fits_in_nothing_but_its_look_refuses(self):
        for tags in (
            {"frame_of_reference_uid": "1.10"},
            {"image_position": None},
            {"series_description": "ax dyn pre", "pixel_spacing": (0.5, 0.5)},
            {"series_description": "ax t1", "scan_options": ()},
            {"scan_options": ()},
        ):
            self.refused(AmbiguousPasses, changed(dynamic(5), "a", **tags))

    def test_plain_t1_before_a_named_pre_is_ignored(self):
        slices = changed(dynamic(scan_options=()), "a", series_description="dyn pre")
        plain = stack("t", series_description="ax t1", scan_options=(), acquired=900.0)
        self.assertEqual(self.ignored(slices + plain), ["T1 without a word of fat saturation"])

    def test_series_named_pre_without_fat_saturation_is_ignored_only_beside_a_named_pre(self):
        plain = stack("t", series_description="ax t1 pre", scan_options=("PFP",), acquired=900.0)
        self.refused(AmbiguousPasses, dynamic() + plain)
        named = changed(dynamic(), "a", series_description="ax dyn pre")
        self.assertEqual(self.ignored(named + plain), ["ScanOptions name no fat saturation, those of other series do"])

    def test_other_breast_is_ignored(self):
        other = [
            replace(each, image_position=(0.0, 0.0, 100 + each.image_position[2]))
            for each in stack("s", acquired=900.0)
        ]
        self.assertEqual(
            self.ignored(dynamic() + other), ["another geometry or other settings than the dynamic series"]
        )

    def test_series_with_four_phases_after_another_phase_may_have_its_own_pre(self):
        whole = [replace(each, acquired=each.acquired + 500) for each in one_series(dynamic(5))]
        told = self.refused(AmbiguousPasses, stack("x", acquired=900.0) + whole)
        self.assertIn("may be the pre-contrast series.", told)
        named = stack("x", acquired=900.0, series_description="ax dyn pre")
        self.found(named + whole, "xabc")
        after = [replace(each, series_description="dyn post") for each in whole]
        self.found(stack("x", acquired=900.0) + after, "xabc")

    def test_no_fat_saturation_anywhere_is_told(self):
        found = self.found(dynamic(scan_options=("PFP",)))
        self.assertIn("No ScanOptions of the passes name fat saturation.", found.warnings)

    def test_warnings_hold_no_name_from_the_upload(self):
        slices = changed(dynamic(5, scan_options=()), "a", series_description="Doe Jane", content=5.0)
        found = self.found([replace(each, content=-each.acquired) for each in slices])
        self.assertEqual(len(found.warnings), 3)
        self.assertNotIn("Doe", "".join(found.warnings))
