from dataclasses import replace

from imaging.errors import AmbiguousPasses
from imaging.passes import find_passes
from imaging.tests.exam_slices import PassesTestCase, described, dynamic, one_series


class DescriptionTests(PassesTestCase):
    NAMES = (
        ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass"),
        ("ax dyn pre", "ax dyn 1st pas", "ax dyn 2nd pas", "ax dyn 3rd pas"),
        ("ax 3d dyn", "Ph1/ax 3d dyn", "Ph2/ax 3d dyn", "Ph3/ax 3d dyn"),
        ("pre", "post_1", "post_2", "post_3"),
        ("dyn pre", "pass 1", "pass 2", "pass 3"),
        ("dyn 1", "dyn 2", "dyn 3", "dyn 4"),
    )

    def test_descriptions_order_what_has_no_time(self):
        for names in self.NAMES:
            self.found(described(*names, acquired=None))

    def test_descriptions_agree_with_times(self):
        for names in self.NAMES:
            self.found(described(*names))

    def test_descriptions_against_times_refuse_and_tell_both(self):
        for first, second, third, fourth in self.NAMES:
            told = self.refused(AmbiguousPasses, described(first, third, second, fourth))
            self.assertIn("By time series 12", told.replace("By time series 13", "By time series 12"))
            self.assertIn("by name", told)

    def test_folders_against_times_refuse(self):
        named = {"a": "pre", "b": "2nd_pass", "c": "1st_pass", "d": "3rd_pass"}
        slices = [replace(each, name=f"{named[each.name[0]]}/{each.name[2:]}") for each in dynamic()]
        told = self.refused(AmbiguousPasses, slices)
        self.assertEqual(
            told, "By time series 12, folder 2nd_pass is the number 1 after the earliest, by name it is pass 2."
        )

    def test_four_passes_without_pre_refuse(self):
        told = self.refused(AmbiguousPasses, described("1st pass", "2nd pass", "3rd pass", "4th pass"))
        self.assertEqual(told, "By time series 11 '1st pass', folder a is the earliest, by name it is pass 1.")
        self.refused(AmbiguousPasses, described("post_1", "post_2", "post_3", "post_4", acquired=None))
        self.refused(AmbiguousPasses, one_series(dynamic(), series_description="dyn post"))

    def test_pass_that_is_missing_in_between_refuses(self):
        self.refused(AmbiguousPasses, described("pre", "1st pass", "3rd pass", "4th pass"))
        self.refused(AmbiguousPasses, described("dyn 1", "dyn 2", "dyn 4", "dyn 5"))
        self.refused(AmbiguousPasses, described("dyn 2", "dyn 3", "dyn 4", "dyn 5"))

    def test_two_series_named_pre_refuse(self):
        self.refused(AmbiguousPasses, described("pre", "pre", "1st pass", "2nd pass", "3rd pass"))

    def test_names_of_a_folder_or_series_of_several_phases_are_none_of_a_phase(self):
        self.found(one_series(dynamic(), series_description="ax dyn 5"))
        slices = [replace(each, name=f"2nd_pass/{each.name.replace('/', '')}") for each in dynamic()]
        found = find_passes(slices)
        self.assertEqual([each.first.series_number for each in (found.pre, *found.passes)], [11, 12, 13, 14])

    def test_numbers_that_begin_late_refuse(self):
        self.refused(AmbiguousPasses, described("dyn pre", "dyn 3", "dyn 4", "dyn 5", acquired=None))
