from dataclasses import replace

from django.test import SimpleTestCase

from imaging.errors import DuplicateSlice, MixedExams
from imaging.identity import check_identity
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

    def test_with_one_id_names_may_be_spelt_in_two_ways(self):
        first, second = stack("a", 2)
        self.assertIsNone(check_identity([first, replace(second, patient_name="DOE^JANE")]))

    def test_name_that_only_one_header_says_tells_nothing(self):
        first, second = stack("a", 2, patient_id="")
        self.assertIsNone(check_identity([first, replace(second, patient_name="")]))

    def test_other_studies_and_one_instance_twice(self):
        self.refused({}, {"study_instance_uid": "1.2"})
        told = self.refused({"sop_instance_uid": "1.3"}, {"sop_instance_uid": "1.3"}, DuplicateSlice)
        self.assertEqual(told, "a/002.dcm and a/001.dcm are the same DICOM instance.")

    def test_patient_is_not_shown(self):
        self.assertNotIn("Doe", repr(stack("a", 1)))
