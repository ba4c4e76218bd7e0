from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import DuplicateSlice, MixedExams
from imaging.identity import check_identity, check_names
from imaging.tests.exam_slices import stack


class IdentityTests(SimpleTestCase):
    def refused(self, one: dict, other: dict, kind=MixedExams) -> str:
        first, second = stack("a", 2)
        with self.assertRaises(kind) as caught:
            check_identity([replace(first, **one), replace(second, **other)])
        return caught.exception.reason

    def test_other_ids_are_other_patients(self):
        told = self.refused({"patient_id": "P1"}, {"patient_id": ""})
        self.assertEqual(told, "a/002.dcm and a/001.dcm belong to different patients.")

    def test_without_an_id_other_names_or_birth_dates_are_other_patients(self):
        for field in ("patient_name", "patient_birth_date"):
            told = self.refused({"patient_id": ""}, {"patient_id": "", field: "other"})
            self.assertEqual(told, "a/002.dcm and a/001.dcm belong to different patients.")

    def test_one_id_for_everybody_does_not_hide_other_birth_dates(self):
        told = self.refused({"patient_id": "ANON"}, {"patient_id": "ANON", "patient_birth_date": "19500101"})
        self.assertEqual(told, "a/002.dcm and a/001.dcm belong to different patients.")

    def test_birth_dates_are_compared_where_they_begin(self):
        first, second, third = stack("a", 3)
        silent = replace(first, patient_birth_date="")
        self.assertIsNone(check_identity([silent, second, third]))
        with self.assertRaisesMessage(MixedExams, "a/003.dcm and a/002.dcm belong to different patients."):
            check_identity([silent, second, replace(third, patient_birth_date="19500101")])

    def test_name_may_be_spelt_in_two_ways_with_an_id_or_without(self):
        for number in ("P1", ""):
            first, second = stack("a", 2, patient_id=number)
            for name in ("DOE^JANE", "Jane Doe", "Doé^Jane^^=ドウ^ジェーン"):
                self.assertIsNone(check_identity([first, replace(second, patient_name=name)]))
                self.assertEqual(check_names([first, replace(second, patient_name=name)]), ())

    def test_other_name_under_one_id_is_warned_of_without_it(self):
        first, second = stack("a", 2)
        self.assertIsNone(check_identity([first, replace(second, patient_name="Roe^Mary")]))
        (told,) = check_names([first, replace(second, patient_name="Roe^Mary")])
        self.assertEqual(
            told,
            "PatientName differs between slices of one PatientID: see that all are of one patient. Forms of the result "
            "carry the name in the first slice.",
        )

    def test_name_that_only_one_header_says_tells_nothing(self):
        first, second = stack("a", 2, patient_id="")
        self.assertIsNone(check_identity([first, replace(second, patient_name="")]))
        self.assertEqual(check_names([first, replace(second, patient_name="")]), ())

    def test_other_studies_and_one_instance_twice(self):
        self.refused({}, {"study_instance_uid": "1.2"})
        told = self.refused({}, {"study_date": "20190101"})
        self.assertEqual(told, "a/002.dcm and a/001.dcm belong to different studies.")
        told = self.refused({"sop_instance_uid": "1.3"}, {"sop_instance_uid": "1.3"}, DuplicateSlice)
        self.assertEqual(told, "a/002.dcm and a/001.dcm are the same DICOM instance.")

    def test_patient_is_not_shown(self):
        self.assertNotIn("Doe", repr(stack("a", 1)))
