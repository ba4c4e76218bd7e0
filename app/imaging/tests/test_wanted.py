from dataclasses import replace

from imaging.errors import AmbiguousPasses, MixedExams, PassesOutOfOrder
from imaging.passes import find_passes
from imaging.tests.exam_slices import PassesTestCase, changed, described, dynamic, one_series

FOLDERS = {"pre": "a", "pass_1": "b", "pass_2": "c", "pass_3": "d"}


class WantedTests(PassesTestCase):
    def test_by_folder_description_number_and_uid(self):
        slices = described("one", "two", "three", "four", acquired=None)
        self.found(slices, "dcba", pre="d", pass_1="Three", pass_2="12", pass_3="1.5.0")

    def test_by_the_last_part_of_a_folder(self):
        slices = [replace(each, name=f"Doe/{each.name}") for each in dynamic()]
        find_passes(slices, FOLDERS | {"pre": "Doe/a"})

    def test_kth_phase_of_a_series(self):
        found = self.found(one_series(dynamic(5)), "bcde", pre="dyn#2", pass_1="dyn#3", pass_2="5#4", pass_3="1.5#5")
        self.assertEqual([each.reason for each in found.ignored], ["not named"])

    def test_all_four_or_none(self):
        told = self.refused(AmbiguousPasses, dynamic(), pre="a", pass_2="c")
        self.assertTrue(told.startswith("Name all of pre, pass_1, pass_2, pass_3 or none; pass_2, pre are named."))

    def test_name_of_no_phase_or_of_several_refuses_with_the_candidates(self):
        told = self.refused(AmbiguousPasses, dynamic(), **FOLDERS | {"pass_1": "x"})
        self.assertTrue(told.startswith("pass_1 'x' names no phases, not one. Found: series 11, folder a (4 slices);"))
        told = self.refused(AmbiguousPasses, one_series(dynamic()), **FOLDERS | {"pre": "dyn"})
        self.assertTrue(told.startswith("pre 'dyn' names 4 phases, not one. Found: series 5 'dyn', phase 1 of 4,"))

    def test_one_phase_for_two_roles_refuses(self):
        told = self.refused(AmbiguousPasses, dynamic(), **FOLDERS | {"pass_1": "11"})
        self.assertTrue(told.startswith("pre and pass_1 name one phase: series 11, folder a."))

    def test_names_win_over_descriptions(self):
        self.found(described("1st pass", "pre", "3rd pass", "2nd pass"), **FOLDERS)

    def test_names_win_over_reasons_of_words_but_not_over_image_type(self):
        self.found(changed(dynamic(), "b", series_description="t1 nfs"), **FOLDERS)
        subtracted = changed(dynamic(), "b", image_type=("DERIVED", "PRIMARY", "SUBTRACTION"))
        told = self.refused(AmbiguousPasses, subtracted, **FOLDERS)
        self.assertTrue(told.startswith("pass_1 'b' names no phases, not one."))

    def test_times_against_names_refuse(self):
        told = self.refused(PassesOutOfOrder, dynamic(), **FOLDERS | {"pass_1": "c", "pass_2": "b"})
        self.assertEqual(
            told,
            "AcquisitionTime does not rise from pass to pass: series 11, folder a +0 s; series 13, folder c +180 s; "
            "series 12, folder b +90 s; series 14, folder d +270 s.",
        )

    def test_series_that_cannot_be_split_blocks_only_itself(self):
        unsplit = one_series(dynamic(acquired=1.0))
        self.found([*dynamic(), *unsplit], **FOLDERS)
        told = self.refused(AmbiguousPasses, [*dynamic(), *unsplit], **FOLDERS | {"pass_3": "dyn"})
        self.assertIn("named for pass_3, holds 4 slices at each place", told)

    def test_patients_are_not_mixed_by_name(self):
        self.refused(MixedExams, changed(dynamic(), "d", patient_id="P2"), **FOLDERS)
        self.found(changed(dynamic(5), "e", patient_id="P2"), **FOLDERS)
