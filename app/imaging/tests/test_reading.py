import io
import zipfile
from unittest import mock

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging import slice_reading, stored_file
from imaging.archive import Limits, plan, plan_any
from imaging.errors import DamagedArchive, LimitExceeded, NotADicomImage
from imaging.reading import Contents, contents, read_any_layout, read_four_folders
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

    def test_headers_of_an_upload_share_a_limit(self):
        with mock.patch("imaging.archive.Reads", lambda: stored_file.Reads(200)), self.assertRaises(LimitExceeded):
            self.contents(exam_files(3))

    def test_deflated_file_that_inflates_to_much_for_each_frame_is_refused(self):
        content = dicom(picture(12), pydicom.uid.DeflatedExplicitVRLittleEndian, 12)
        with mock.patch.object(slice_reading, "MOST_INFLATED", 100):
            (refused,) = self.contents({"1.dcm": content}).refused
        self.assertIsInstance(refused, NotADicomImage)
        self.assertEqual(refused.reason, "1.dcm is deflated and holds 1 large frames, which is not read.")
