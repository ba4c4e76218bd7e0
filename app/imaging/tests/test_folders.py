from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import MissingPasses, PassesOutOfOrder, ScanError
from imaging.exam import FOLDERS, Exam, match
from imaging.folders import check_folders
from imaging.series import in_order
from imaging.tests.exam_slices import stack


def exam(**fields) -> Exam:
    """The four folders, each a series of its own; each field holds four values, one a folder."""
    values = {"series_instance_uid": ("1.1", "1.2", "1.3", "1.4")} | fields
    return match(
        *(
            in_order(name, stack(name, **{field: each[k] for field, each in values.items()}))
            for k, name in enumerate(FOLDERS)
        )
    )


class FoldersTests(SimpleTestCase):
    def refused(self, kind: type[ScanError], **fields) -> str:
        with self.assertRaises(kind) as caught:
            check_folders(exam(**fields))
        return caught.exception.reason

    def test_descriptions_of_other_folders_refuse(self):
        told = self.refused(PassesOutOfOrder, series_description=("pre", "3rd pass", "2nd pass", "1st pass"))
        self.assertEqual(
            told,
            "By folder series '3rd pass', folder 1st_pass is the number 1 after the earliest, by name it is pass 3.",
        )

    def test_descriptions_that_are_silent_equal_or_odd_say_nothing(self):
        for texts in (
            ("", "", "", ""),
            ("ax dynamic",) * 4,
            ("ax 3d dyn", "Ph1/ax 3d dyn", "Ph2/ax 3d dyn", "Ph3/ax 3d dyn"),
            ("ax dyn pre", "ax dyn 1st pas", "ax dyn 2nd pass", "x"),
        ):
            self.assertEqual(check_folders(exam(series_description=texts)), ())

    def test_description_of_one_series_is_none_of_a_pass(self):
        found = exam(series_description=("ax dyn 2",) * 4, series_instance_uid=("1.5",) * 4)
        self.assertEqual(check_folders(found), ())

    def test_gap_in_temporal_positions_is_a_missing_pass(self):
        told = self.refused(MissingPasses, temporal_position=(1, 2, 4, 5))
        self.assertIn("TemporalPositionIdentifier goes from 2 to 4", told)
        self.refused(MissingPasses, temporal_position=(2, 3, 4, 5))

    def test_clocks_that_contradict_each_other_refuse(self):
        self.refused(PassesOutOfOrder, acquired=(1.0, 2.0, 4.0, 3.0))
        told = self.refused(PassesOutOfOrder, acquired=(1.0, 2.0, 3.0, 4.0), temporal_position=(1, 3, 2, 4))
        self.assertIn("contradict each other about their order", told)

    def test_content_times_that_contradict_only_warn(self):
        (told,) = check_folders(exam(acquired=(1.0, 2.0, 3.0, 4.0), content=(4.0, 3.0, 2.0, 1.0)))
        self.assertIn("ContentTime tells another order", told)

    def test_warning_of_file_names_is_told_in_folders_only(self):
        slices = [replace(each, name=f"a/{name}") for each, name in zip(stack("a"), "1324", strict=True)]
        told = "file names and positions disagree about the order; positions decide."
        self.assertEqual(in_order("a", slices).warnings, (told,))
        self.assertEqual(in_order("a", slices, numbered=False).warnings, ())
