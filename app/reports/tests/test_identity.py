import logging
import warnings
from dataclasses import replace
from datetime import timedelta

import pydicom
from django.test import SimpleTestCase
from pydicom.uid import MRImageStorage

from reports.errors import NoInstanceUids
from reports.identity import Form, by_series, form_uid, new_object, reference, sources, valid_text, written
from reports.parametric_map import parametric_map
from reports.secondary_capture import secondary_captures
from reports.structured_report import structured_report
from reports.tests.dicom import read
from reports.tests.reports import a_report, with_description, with_header

FORM = Form("a form", MRImageStorage, "MR", 7, "A form")


def made(**header: str) -> pydicom.Dataset:
    """An object of an exam whose header holds other texts, written and read."""
    return read(new_object(with_header(a_report(), **header), FORM))


class PatientTests(SimpleTestCase):
    def test_patient_and_study_are_those_of_the_exam(self):
        header = a_report().exam.description.header
        found = made(PatientID="4711", StudyDate="20240229", AccessionNumber="A-1", PatientWeight="61.5")
        self.assertEqual(found.StudyInstanceUID, header["StudyInstanceUID"])
        self.assertEqual((found.PatientName, found.PatientID, found.PatientSex), ("Phantom^Seed7", "4711", "F"))
        self.assertEqual((found.StudyDate, found.AccessionNumber, found.PatientWeight), ("20240229", "A-1", 61.5))

    def test_what_the_exam_does_not_tell_is_empty_where_it_must_be_there_and_else_not_there(self):
        found = read(new_object(with_description(a_report(), header={"StudyInstanceUID": "1.2.3"}), FORM))
        self.assertEqual((found.PatientID, found.PatientBirthDate, found.StudyTime), ("", "", ""))
        self.assertNotIn("PatientAge", found)
        self.assertNotIn("ContributingEquipmentSequence", found)

    def test_name_in_any_writing_comes_back(self):
        for name in ("Müller^Zoë", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Ελένη^Παπαδοπούλου"):
            with self.subTest(name):
                found = made(PatientName=name)
                self.assertEqual((found.SpecificCharacterSet, str(found.PatientName)), ("ISO_IR 192", name))

    def test_values_that_dicom_does_not_allow_are_left_out(self):
        wrong = {
            "PatientID": ("x" * 65, "4711\\4712", "47\n11"),
            "PatientName": ("half of a \ud83d", "x" * 65, "a=b=c=d", "1^2^3^4^5^6", "One^A\\Two^B"),
            "PatientSex": ("f", "FEMALE"),
            "PatientBirthDate": ("20230229", "1960", "19600101-19610101", "01.01.1960"),
            "StudyTime": ("09:00:00", "0900-1000", "250000"),
            "AccessionNumber": ("x" * 17,),
            "PatientAge": ("45", "045y"),
            "PatientWeight": ("61,5", "6" * 17),
            "PatientIdentityRemoved": ("perhaps",),
        }
        for keyword, texts in wrong.items():
            for text in texts:
                with self.subTest(keyword=keyword, text=text):
                    self.assertIsNone(valid_text(keyword, {keyword: text}))

    def test_several_values_stay_several_where_dicom_allows_them(self):
        found = made(PatientIdentityRemoved="YES", DeidentificationMethod="Names\\Dates")
        self.assertEqual(found.DeidentificationMethod, ["Names", "Dates"])

    def test_identity_that_was_removed_stays_removed_though_nobody_says_how(self):
        self.assertEqual(made(PatientIdentityRemoved="YES").DeidentificationMethod, "As told in the source images")

    def test_odd_patients_reach_no_log_and_no_warning(self):
        odd = {
            "PatientName": "Geheimrat",  # highdicom warns of names without ^
            "PatientID": "geheim " * 20,
            "PatientBirthDate": "geheim",
            "PatientAge": "geheim",  # pydicom warns of values that are none
            "AccessionNumber": "geheime Nummer der Patientin",
            "StudyDescription": "geheim\n",
        }
        report, told = with_header(a_report(), **odd), []
        handler = logging.Handler()
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)
        self.addCleanup(logging.getLogger().setLevel, logging.getLogger().level)
        logging.getLogger().setLevel(logging.DEBUG)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for each in (structured_report(report), parametric_map(report), *secondary_captures(report)):
                written(each)
        told += [str(each.message) for each in warned]
        self.assertEqual([text for text in told if "geheim" in text.casefold()], [])


class ObjectTests(SimpleTestCase):
    def test_made_when_the_exam_was_analysed(self):
        found = made()
        self.assertEqual((found.ContentDate, found.ContentTime), ("20260304", "050607.890123"))
        self.assertEqual((found.SeriesDate, found.InstanceCreationTime), ("20260304", "050607.890123"))

    def test_made_by_breastwise_of_what_the_scanner_made(self):
        found = made(Manufacturer="A scanner's maker", ManufacturerModelName="Model 3")
        self.assertEqual((found.Manufacturer, found.SoftwareVersions[0]), ("BreastWise", "0.1.0"))
        (scanner,) = found.ContributingEquipmentSequence
        self.assertEqual((scanner.Manufacturer, scanner.ManufacturerModelName), ("A scanner's maker", "Model 3"))
        self.assertEqual(scanner.PurposeOfReferenceCodeSequence[0].CodeValue, "109101")

    def test_equal_reports_make_equal_files(self):
        self.assertEqual(written(new_object(a_report(), FORM)), written(new_object(a_report(), FORM)))

    def test_each_study_analysis_version_and_form_has_uids_of_its_own_and_so_have_other_cards(self):
        report = a_report()
        others = (
            replace(report, study="another"),
            replace(report, analysed_at=report.analysed_at + timedelta(microseconds=1)),
            replace(report, version="0.2.0"),
            replace(report, cards=()),
        )
        uids = {form_uid(each, FORM) for each in (report, *others)} | {form_uid(report, replace(FORM, name="other"))}
        self.assertEqual(len(uids), 6)
        self.assertTrue(all(uid.is_valid and uid.startswith("2.25.") for uid in uids))

    def test_objects_of_a_series_share_its_uid_and_have_their_own(self):
        one, two = (new_object(a_report(), FORM, number) for number in (1, 2))
        self.assertEqual(one.SeriesInstanceUID, two.SeriesInstanceUID)
        self.assertNotEqual(one.SOPInstanceUID, two.SOPInstanceUID)

    def test_study_without_a_uid_cannot_be_referred_to(self):
        for text in ("", "unknown", "1.2.03", "1" * 65):
            with self.subTest(text), self.assertRaises(NoInstanceUids):
                made(StudyInstanceUID=text)


class SourceTests(SimpleTestCase):
    def test_each_slice_has_four_images(self):
        report = a_report()
        found = sources(report, [2, 3])
        self.assertEqual([len(row) for row in found], [4, 4])
        self.assertEqual(found[1], report.exam.description.sources[2])

    def test_images_without_uids_cannot_be_referred_to(self):
        report = a_report()
        for field in ("sop_instance_uid", "sop_class_uid", "series_instance_uid"):
            rows = [list(row) for row in report.exam.description.sources]
            rows[4][2] = replace(rows[4][2], **{field: ""})
            nameless = with_description(report, sources=tuple(map(tuple, rows)))
            with self.subTest(field):
                self.assertEqual(len(sources(nameless, [4])), 1)
                with self.assertRaisesMessage(NoInstanceUids, "a DICOM object cannot refer to them"):
                    sources(nameless, [4, 5])

    def test_frames_are_counted_from_one(self):
        source = replace(a_report().exam.description.sources[0][0], frame=0)
        self.assertEqual(reference(source).ReferencedFrameNumber, 1)
        self.assertNotIn("ReferencedFrameNumber", reference(source, whole=True))

    def test_each_file_stands_once_below_its_series(self):
        source = a_report().exam.description.sources[0][0]
        found = by_series([[replace(source, frame=0)], [replace(source, frame=1)]])
        self.assertEqual({uid: len(files) for uid, files in found.items()}, {source.series_instance_uid: 1})
