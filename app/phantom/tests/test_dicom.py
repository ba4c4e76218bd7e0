import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
from django.test import SimpleTestCase

from imaging.archive import Limits
from imaging.reading import read_any_layout, read_four_folders
from imaging.tests.folders import FolderTestCase
from phantom.dicom import dicom_bytes, write_zip
from phantom.exam import PASSES, Exam, Protocol
from phantom.vendors import VENDORS

LIMITS = Limits(files=100, unpacked_bytes=10_000_000, compression_ratio=600)
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


class VendorTests(FolderTestCase):
    """Each vendor's exam, filed in either way, is read back as it was rendered."""

    def exam(self, vendor: str, one_series: bool) -> Exam:
        return Exam(7, Protocol(64, 64, 5, vendor=vendor, one_series=one_series))

    def test_siemens_is_implicit_and_names_each_pass(self):
        found = header(self.exam("SIEMENS", False), 0, 1)
        self.assertEqual(found.file_meta.TransferSyntaxUID, "1.2.840.10008.1.2")
        self.assertEqual((found.SeriesDescription, found.ScanOptions), ("ax dyn 1st pass", ["PFP", "FS"]))
        self.assertNotIn("TemporalPositionIdentifier", found)

    def test_ge_is_explicit_and_counts_its_phases(self):
        found = header(self.exam("GE", True), 0, 2)
        self.assertEqual(found.file_meta.TransferSyntaxUID, "1.2.840.10008.1.2.1")
        self.assertEqual((found.SeriesDescription, found.TemporalPositionIdentifier), ("Ax Vibrant MultiPhase", 3))
        self.assertEqual((found.InstanceNumber, found.SeriesNumber), (11, 1))

    def test_one_dynamic_series_of_ge_carries_one_acquisition_time_and_rising_trigger_times(self):
        found = [header(self.exam("GE", True), 0, k) for k in range(4)]
        self.assertEqual(len({each.AcquisitionTime for each in found}), 1)
        self.assertEqual(found[0].TriggerTime, 0)
        times = [float(each.TriggerTime) for each in found]
        self.assertEqual(times, sorted(set(times)))

    def test_passes_are_found_in_the_four_folders_and_in_one(self):
        for vendor in VENDORS:
            for one_series in (False, True):
                exam = self.exam(vendor, one_series)
                write_zip(exam, self.folder / "series.zip")
                for read in (read_four_folders, read_any_layout):
                    with self.subTest(vendor=vendor, one_series=one_series, read=read.__name__):
                        self.assert_read(exam, read)

    def assert_read(self, exam: Exam, read) -> None:
        with tempfile.TemporaryDirectory() as root, (self.folder / "series.zip").open("rb") as archive:
            found = read(archive, Path(root), LIMITS)
            passes = (found.exam.pre, *found.exam.passes)
            values = [[each.stored() for each in series.slices] for series in passes]
        np.testing.assert_array_equal(values, np.stack([exam.slice(index) for index in range(5)], axis=1))
