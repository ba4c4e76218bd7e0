import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML

from imaging.errors import NotADicomImage
from imaging.slice_reading import read_slices
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import slice_bytes, write_files

PIXELS = np.arange(256).reshape(16, 16)


class SliceReadingTests(FolderTestCase):
    def file(self, content: bytes):
        write_files({"pre/1": content}, self.folder)
        return read_slices(self.folder / "pre" / "1")[0]

    def refused(self, files: dict[str, bytes]) -> NotADicomImage:
        with self.assertRaises(NotADicomImage) as caught:
            self.file(files["1"]).brightness()
        return caught.exception

    def test_stored_values_come_back(self):
        np.testing.assert_array_equal(self.file(slice_bytes(PIXELS)).stored(), PIXELS)

    def test_brightness_is_rescaled_and_stored_values_are_not(self):
        found = self.file(slice_bytes(PIXELS, RescaleSlope="2", RescaleIntercept="-10"))
        np.testing.assert_array_equal(found.brightness(), PIXELS * 2.0 - 10)
        np.testing.assert_array_equal(found.stored(), PIXELS)

    def test_empty_slope_counts_as_none(self):
        found = self.file(slice_bytes(PIXELS, RescaleSlope="", RescaleIntercept=""))
        np.testing.assert_array_equal(found.brightness(), PIXELS)

    def test_slope_that_is_no_scale_is_refused(self):
        for slope in ("0", "-1", "NaN", "inf", "1e38", "1e-320"):
            told = self.refused({"1": slice_bytes(PIXELS, RescaleSlope=slope, RescaleIntercept="0")}).reason
            self.assertIn("pre/1 has the RescaleSlope", told)

    def test_pixel_spacing_that_is_not_above_0_tells_nothing(self):
        self.assertEqual(self.file(slice_bytes(PIXELS, PixelSpacing=["0.5", "0.7"])).pixel_spacing, (0.5, 0.7))
        for spacing in (["0", "0"], ["0.5", "0"], ["-1", "-1"]):
            self.assertIsNone(self.file(slice_bytes(PIXELS, PixelSpacing=spacing)).pixel_spacing)

    def test_brightness_of_monochrome1_is_mirrored_in_its_stored_range(self):
        content = slice_bytes(PIXELS, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
        np.testing.assert_array_equal(self.file(content).brightness(), 4095 - PIXELS)

    def test_image_over_the_largest_side_is_refused_before_it_is_decoded(self):
        told = self.refused({"1": slice_bytes(PIXELS, Rows=2049)}).reason
        self.assertEqual(told, "pre/1 is larger than 2048 x 2048.")

    def test_transfer_syntax_that_is_not_read_is_named(self):
        content = slice_bytes(PIXELS, syntax=MPEG2MPML, PixelData=encapsulate([b"1234"]))
        told = "pre/1 is written in MPEG2 Main Profile / Main Level, which is not read."
        self.assertEqual(self.refused({"1": content}).reason, told)

    def test_times_are_seconds_and_of_the_day_alone_without_a_date(self):
        timed = {"AcquisitionTime": "000130.250000", "ContentTime": "0130"}
        found = self.file(slice_bytes(PIXELS, AcquisitionDate="19700102", **timed))
        self.assertEqual((found.acquired, found.content), (86_490.25, None))
        self.assertEqual(self.file(slice_bytes(PIXELS, **timed)).acquired, 90.25)
        whole = self.file(slice_bytes(PIXELS, AcquisitionDateTime="19700101000100.5+0200", **timed))
        self.assertEqual(whole.acquired, 60.5)

    def test_missing_modality_is_taken_for_mr(self):
        self.assertEqual(self.file(slice_bytes(PIXELS, Modality=None)).rows, 16)

    def test_file_that_is_no_dicom_is_named(self):
        error = self.refused({"1": b"hello"})
        self.assertEqual(error.detail, "Invalid folder structure. pre/1 is not a DICOM file.")
        self.assertEqual(error.files, ("pre/1",))

    def test_dicom_without_an_image_is_refused(self):
        self.assertEqual(self.refused({"1": slice_bytes(PIXELS, Rows=None)}).reason, "pre/1 holds no image.")

    def test_dicom_without_pixel_data_is_refused(self):
        self.assertEqual(self.refused({"1": slice_bytes(PIXELS, PixelData=None)}).reason, "pre/1 holds no image.")

    def test_truncated_pixel_data_are_refused(self):
        content = slice_bytes(PIXELS, PixelData=bytes(100))
        self.assertEqual(self.refused({"1": content}).reason, "pre/1 has truncated pixel data.")

    def test_computed_tomography_is_refused(self):
        self.assertEqual(
            self.refused({"1": slice_bytes(PIXELS, Modality="CT")}).reason, "pre/1 is of modality CT, not MR."
        )

    def test_colour_is_refused(self):
        content = slice_bytes(PIXELS, SamplesPerPixel=3, PhotometricInterpretation="RGB")
        self.assertEqual(self.refused({"1": content}).reason, "pre/1 is not a grey-scale image.")

    def test_several_frames_are_refused(self):
        self.assertEqual(
            self.refused({"1": slice_bytes(PIXELS, NumberOfFrames=2)}).reason,
            "pre/1 holds several frames and is no Enhanced MR image.",
        )
