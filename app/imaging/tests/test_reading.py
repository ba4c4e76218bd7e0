import io
import zipfile
from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging import reading, slice_reading, stored_file
from imaging.archive import Limits, plan, plan_any
from imaging.errors import DamagedArchive, LimitExceeded, NotADicomImage, OutOfTime
from imaging.reading import Contents, arranged, contents, read_any_layout, read_four_folders, undecodable
from imaging.slice_file import SliceFile
from imaging.tests.encodings import dicom, picture
from imaging.tests.enhanced import enhanced_bytes
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import exam_files, slice_bytes, zip_bytes

LIMITS = Limits(files=1000, unpacked_bytes=100_000_000, compression_ratio=600)
PIXELS = np.arange(256).reshape(16, 16)


def damaged(content: bytes, *names: str) -> bytes:
    """The zip with another checksum for these members."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in names:
            checksum = archive.getinfo(name).CRC.to_bytes(4, "little")
            content = content.replace(checksum, bytes(each ^ 255 for each in checksum))
    return content


class ReadingTests(FolderTestCase):
    def contents(self, files: dict[str, bytes] | bytes, planner=plan_any) -> Contents:
        content = files if isinstance(files, bytes) else zip_bytes(files)
        return contents(io.BytesIO(content), self.folder, LIMITS, planner)

    def test_nothing_of_an_exam_is_written(self):
        read_four_folders(io.BytesIO(zip_bytes(exam_files(3))), self.folder, LIMITS)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_file_of_many_frames_is_written_under_a_number(self):
        slices = [(slice_bytes(PIXELS, n, 2.0 * n, PixelSpacing=[1, 1]), None) for n in range(3)]
        with mock.patch("imaging.unpacking.MOST_INFLATED", 1000):
            found = self.contents({"Doe^Jane.dcm": enhanced_bytes(slices)})
        self.assertEqual([path.name for path in self.folder.iterdir()], ["0"])
        for each in found.every_slice():
            np.testing.assert_array_equal(each.stored(), PIXELS)

    def test_every_damaged_member_is_told_in_order(self):
        files = exam_files(2) | {"notes.txt": b"notes", "more.txt": b"more"}
        found = self.contents(damaged(zip_bytes(files), "notes.txt", "more.txt"), plan)
        self.assertEqual([each.files for each in found.refused], [("notes.txt",), ("more.txt",)])

    def test_damage_in_a_slice_shows_when_its_pixels_are_read(self):
        with self.assertRaisesMessage(DamagedArchive, "2nd_pass/002.dcm is damaged: its checksum is wrong."):
            for each in self.contents(damaged(zip_bytes(exam_files(2, rows=100)), "2nd_pass/002.dcm")).every_slice():
                each.stored()

    def test_damage_in_a_series_that_is_no_part_of_the_exam_refuses_it(self):
        times = dict(zip(("a", "b", "c", "d"), range(4), strict=True))
        files = {}
        for folder, (name, content) in zip(np.repeat(list(times), 3), exam_files(3).items(), strict=True):
            dataset = pydicom.dcmread(io.BytesIO(content))
            dataset.SeriesInstanceUID = f"1.2.{times[folder]}"
            dataset.AcquisitionDate, dataset.AcquisitionTime = "20200101", f"10000{times[folder]}"
            dataset.save_as(buffer := io.BytesIO())
            files[f"{folder}/{name.rsplit('/', 1)[-1]}"] = buffer.getvalue()
        other = {"t2/1.dcm": slice_bytes(PIXELS[:8], SeriesInstanceUID="1.9", SeriesDescription="t2 tirm")}
        content = zip_bytes(files | other)
        self.assertEqual(len(read_any_layout(io.BytesIO(content), self.folder, LIMITS).ignored), 1)
        with self.assertRaisesMessage(DamagedArchive, "t2/1.dcm is damaged: its checksum is wrong."):
            read_any_layout(io.BytesIO(damaged(content, "t2/1.dcm")), self.folder, LIMITS)

    def refused_for_its_items(self, dataset: pydicom.Dataset) -> None:
        dataset.save_as(content := io.BytesIO())
        with mock.patch.object(stored_file, "MOST_READS", 2000):
            (refused,) = self.contents({"1.dcm": content.getvalue()}).refused
        self.assertEqual(refused.reason, "1.dcm has a header of more than 2000 elements.")

    def test_header_of_endless_items_is_refused_deflated_or_not(self):
        for syntax in (pydicom.uid.ExplicitVRLittleEndian, pydicom.uid.DeflatedExplicitVRLittleEndian):
            dataset = pydicom.dcmread(io.BytesIO(slice_bytes(PIXELS, syntax=syntax)))
            dataset.ReferencedImageSequence = Sequence([Dataset() for _ in range(3000)])
            dataset["ReferencedImageSequence"].is_undefined_length = True
            self.refused_for_its_items(dataset)

    def test_frame_of_endless_items_is_refused(self):
        dataset = pydicom.dcmread(io.BytesIO(enhanced_bytes([(slice_bytes(PIXELS, PixelSpacing=[1, 1]), None)])))
        groups = dataset.PerFrameFunctionalGroupsSequence[0]
        groups.FrameContentSequence = Sequence([Dataset() for _ in range(3000)])
        self.refused_for_its_items(dataset)

    def test_refused_file_leaves_nothing_of_what_was_read_of_it(self):
        files = exam_files(1) | {"notes.txt": b"notes", "wide.dcm": slice_bytes(PIXELS, BitsAllocated=32)}
        content = damaged(zip_bytes(files), "notes.txt")
        refused = [each for planner in (plan, plan_any) for each in self.contents(content, planner).refused]
        self.assertEqual([type(each) for each in refused], [DamagedArchive, DamagedArchive, NotADicomImage])
        for each in refused:
            self.assertEqual((each.__traceback__, each.__cause__, each.__context__), (None, None, None))

    def test_slice_that_cannot_be_decoded_leaves_nothing_of_its_pixels(self):
        files = exam_files(1)
        files["pre/001.dcm"] = files["pre/001.dcm"][:-2]
        (error,) = undecodable(arranged(self.contents(files, plan)).exam)
        self.assertEqual((error.__traceback__, error.__cause__, error.__context__), (None, None, None))

    def test_headers_of_an_upload_share_a_limit(self):
        few = partial(stored_file.Allowance, 200)
        with mock.patch("imaging.archive.Allowance", few), self.assertRaises(LimitExceeded):
            self.contents(exam_files(3))

    def test_deflated_files_of_an_upload_share_a_limit_for_headers_and_pixels_alike(self):
        content = dicom(picture(12), pydicom.uid.DeflatedExplicitVRLittleEndian, 12)
        inflated = len(
            dicom(picture(12), pydicom.uid.ExplicitVRLittleEndian, 12)
        )  # a little less without its meta header
        with mock.patch("imaging.archive.Allowance", partial(stored_file.Allowance, inflated=2 * inflated)):
            (image,) = self.contents({"1.dcm": content}).every_slice()
            self.assertEqual(image.stored().shape, (13, 17))
            with self.assertRaisesMessage(LimitExceeded, "The deflated files take more than"):
                for _ in range(2):
                    image.stored()
            with self.assertRaises(LimitExceeded):
                self.contents({f"{number}.dcm": content for number in range(4)})

    def test_frames_count_as_files_do(self):
        slices = [(slice_bytes(PIXELS, n, 2.0 * n, PixelSpacing=[1, 1]), None) for n in range(3)]
        content = io.BytesIO(zip_bytes({f"{number}.dcm": enhanced_bytes(slices) for number in range(2)}))
        self.assertEqual(len(contents(content, self.folder, replace(LIMITS, files=6), plan_any).every_slice()), 6)
        with self.assertRaisesMessage(LimitExceeded, "The files hold more than 5 slices."):
            contents(content, self.folder, replace(LIMITS, files=5), plan_any)

    def test_exam_of_more_pixels_than_the_limit_is_refused_before_one_is_decoded(self):
        with (
            mock.patch.object(reading, "MOST_PIXELS", 12 * 1024 - 1),
            mock.patch.object(SliceFile, "stored") as decoded,
            self.assertRaisesMessage(LimitExceeded, "The exam has 12288 pixels; 12287 are the most."),
        ):
            read_four_folders(io.BytesIO(zip_bytes(exam_files(3))), self.folder, LIMITS)
        decoded.assert_not_called()

    def test_exam_is_given_up_between_slices_once_its_time_is_over(self):
        found = self.contents(exam_files(3)).every_slice()
        found[0].stored()
        found[0].file.allowance.end = 0.0
        with self.assertRaises(OutOfTime):
            found[1].stored()

    def test_header_is_not_read_once_the_time_of_the_upload_is_over(self):
        with self.assertRaises(OutOfTime):
            contents(io.BytesIO(zip_bytes(exam_files(3))), self.folder, replace(LIMITS, seconds=-1), plan_any)

    def test_deflated_file_that_inflates_to_much_for_each_frame_is_refused(self):
        content = dicom(picture(12), pydicom.uid.DeflatedExplicitVRLittleEndian, 12)
        with mock.patch.object(slice_reading, "MOST_INFLATED", 100):
            (refused,) = self.contents({"1.dcm": content}).refused
        self.assertIsInstance(refused, NotADicomImage)
        self.assertEqual(refused.reason, "1.dcm is deflated and holds 1 large frames, which is not read.")
