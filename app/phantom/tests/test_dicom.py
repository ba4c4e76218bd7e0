import io
import zipfile

import numpy as np
import pydicom
from django.test import SimpleTestCase

from imaging.tests.folders import FolderTestCase
from phantom.dicom import dicom_bytes, write_zip
from phantom.exam import PASSES, Exam, Protocol

SMALL = Protocol(rows=48, columns=48, slices=4, field_of_view=336.0, coverage=120.0)


def header(exam: Exam, index: int, k: int) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(dicom_bytes(exam, index, k, exam.slice(index)[k])))


class HeaderTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.exam = Exam(7, SMALL)

    def test_pixels_come_back(self):
        np.testing.assert_array_equal(header(self.exam, 2, 3).pixel_array, self.exam.slice(2)[3])

    def test_positions_are_one_spacing_apart_and_the_same_in_each_pass(self):
        heights = [[header(self.exam, index, k).ImagePositionPatient[2] for index in range(4)] for k in range(4)]
        self.assertEqual(heights, [[-45.0, -15.0, 15.0, 45.0]] * 4)

    def test_spacing_is_that_of_the_scanner(self):
        found = header(self.exam, 0, 0)
        self.assertEqual((found.PixelSpacing, found.SpacingBetweenSlices), ([7.0, 7.0], 30.0))

    def test_times_rise_from_pass_to_pass_around_the_injection(self):
        times = [float(header(self.exam, 0, k).AcquisitionTime) for k in range(4)]
        self.assertEqual((times[0], times), (90900.0, sorted(times)))

    def test_one_study_four_series_and_a_uid_for_each_slice(self):
        found = [header(self.exam, index, k) for index in range(4) for k in range(4)]
        counts = {name: len({each[name].value for each in found}) for name in ("StudyInstanceUID", "SeriesInstanceUID")}
        self.assertEqual(counts, {"StudyInstanceUID": 1, "SeriesInstanceUID": 4})
        self.assertEqual(len({each.SOPInstanceUID for each in found}), 16)

    def test_turned_picture_says_so_in_its_orientation(self):
        turned = header(Exam(7, Protocol(48, 48, 4, breasts_up=False)), 0, 0)
        self.assertEqual(turned.ImageOrientationPatient, [-1, 0, 0, 0, -1, 0])
        self.assertGreater(turned.ImagePositionPatient[0], 0)

    def test_nobody_is_named(self):
        self.assertEqual(
            (header(self.exam, 0, 0).PatientName, header(self.exam, 0, 0).PatientBirthDate), ("Phantom^Seed7", "")
        )


class ZipTests(FolderTestCase):
    def write(self, seed: int, name: str) -> bytes:
        write_zip(Exam(seed, SMALL), self.folder / name)
        return (self.folder / name).read_bytes()

    def test_same_seed_gives_the_same_bytes(self):
        self.assertEqual(self.write(7, "one.zip"), self.write(7, "other.zip"))

    def test_another_seed_gives_other_bytes(self):
        self.assertNotEqual(self.write(7, "one.zip"), self.write(8, "other.zip"))

    def test_zip_holds_four_folders_of_numbered_slices(self):
        self.write(7, "series.zip")
        with zipfile.ZipFile(self.folder / "series.zip") as archive:
            names = archive.namelist()
        self.assertEqual(sorted(names), sorted(f"{p}/00{n}.dcm" for p in PASSES for n in (1, 2, 3, 4)))
