import contextlib
import io
import stat
import struct
import tempfile
import zipfile
from pathlib import Path

from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.archive import Limits, extract, plan
from imaging.errors import (
    AmbiguousMember,
    DamagedArchive,
    LimitExceeded,
    MissingFolder,
    NotAZip,
    ScanError,
    UnequalCounts,
    UnsafeMember,
)
from imaging.exam import FOLDERS
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import zip_bytes

ROOMY = Limits(files=100, unpacked_bytes=1_000_000)


def names(*extra: str, wrapper: str = "", file: str = "001.dcm") -> list[str]:
    return [f"{wrapper}{folder}/{file}" for folder in FOLDERS] + list(extra)


class PlanTests(SimpleTestCase):
    def test_each_member_goes_into_its_folder(self):
        self.assertEqual(plan(names()).slices[2], ("2nd_pass/001.dcm", "2nd_pass", "001.dcm"))

    def test_one_folder_or_several_may_wrap_the_four(self):
        for wrapper in ("series/", "a/b c/"):
            self.assertEqual(plan(names(wrapper=wrapper)).slices[0], (f"{wrapper}pre/001.dcm", "pre", "001.dcm"))

    def test_folder_names_count_in_any_case(self):
        found = plan(["PRE/1", "1st_Pass/1", "2ND_PASS/1", "3rd_pass/1"])
        self.assertEqual([folder for _, folder, _ in found.slices], ["pre", "1st_pass", "2nd_pass", "3rd_pass"])

    def test_backslashes_part_folders_too(self):
        self.assertEqual(plan([name.replace("/", "\\") for name in names()]).slices[0][1:], ("pre", "001.dcm"))

    def test_what_file_managers_leave_behind_is_passed_over(self):
        clutter = ["__MACOSX/pre/._001.dcm", "pre/.DS_Store", "pre/Thumbs.db", "pre/", "DICOMDIR", "pre/._001.dcm"]
        found = plan(names(*clutter))
        self.assertEqual((len(found.slices), found.ignored), (4, ()))

    def test_files_outside_the_four_folders_are_listed_as_ignored(self):
        self.assertEqual(plan(names("4th_pass/001.dcm", "notes.txt")).ignored, ("4th_pass/001.dcm", "notes.txt"))

    def test_missing_folder_is_named(self):
        with self.assertRaises(MissingFolder) as caught:
            plan(["pre/1", "1st_pass/1", "2nd_pass/1"])
        wanted = "No files in a folder named 3rd_pass; pre, 1st_pass, 2nd_pass, 3rd_pass are needed."
        self.assertEqual(caught.exception.detail, f"Invalid folder structure. {wanted}")

    def test_unequal_counts_are_told(self):
        with self.assertRaisesMessage(UnequalCounts, "they hold: pre 2, 1st_pass 1, 2nd_pass 1, 3rd_pass 1."):
            plan(names("pre/002.dcm"))

    def test_names_that_leave_the_archive_are_refused(self):
        for name in ("../pre/1", "/pre/1", "C:/pre/1", "pre/../../1", "..\\pre\\1", "C:\\pre\\1"):
            with self.assertRaisesMessage(UnsafeMember, "points outside the archive"):
                plan(names(name))

    def test_name_longer_than_a_file_name_can_be_is_refused(self):
        with self.assertRaisesMessage(UnsafeMember, "is longer than a file name can be"):
            plan(names("pre/" + "x" * 300))

    def test_same_folder_in_two_wrappers_is_refused(self):
        with self.assertRaisesMessage(AmbiguousMember, "b/pre/001.dcm does not lie beside the other folders."):
            plan([*names(wrapper="a/"), "b/pre/001.dcm"])

    def test_four_folders_of_four_people_are_refused(self):
        with self.assertRaisesMessage(AmbiguousMember, "b/1st_pass/1 does not lie beside the other folders."):
            plan(["a/pre/1", "b/1st_pass/1", "c/2nd_pass/1", "d/3rd_pass/1"])

    def test_folder_inside_a_folder_is_refused(self):
        with self.assertRaisesMessage(AmbiguousMember, "pre/left/001.dcm lies in a folder inside pre."):
            plan(names("pre/left/001.dcm"))

    def test_same_slice_twice_is_refused(self):
        with self.assertRaisesMessage(AmbiguousMember, "pre/001 is there twice."):
            plan([f"{folder}/{file}" for folder in FOLDERS for file in ("001.dcm", "001")])

    def test_empty_archive_misses_every_folder(self):
        with self.assertRaisesMessage(MissingFolder, "pre, 1st_pass, 2nd_pass, 3rd_pass; "):
            plan([])


class ExtractTests(FolderTestCase):
    def extract(self, content: bytes, limits: Limits = ROOMY):
        return extract(io.BytesIO(content), self.folder, limits)

    def small(self, **changes: bytes) -> dict[str, bytes]:
        return dict.fromkeys(names(), b"content") | changes

    def test_members_are_written_under_their_folders(self):
        self.extract(zip_bytes(self.small()))
        self.assertEqual((self.folder / "3rd_pass" / "001.dcm").read_bytes(), b"content")

    def test_something_else_than_a_zip_is_refused(self):
        with self.assertRaises(NotAZip) as caught:
            self.extract(b"no zip at all")
        self.assertTrue(caught.exception.detail.startswith("Invalid file name: no series.zip found. series.zip is not"))

    def test_truncated_zip_is_refused(self):
        with self.assertRaises(NotAZip):
            self.extract(zip_bytes(self.small())[:-30])

    def test_wrong_checksum_is_refused_with_the_members_name(self):
        content = zip_bytes(self.small())
        checksum = struct.pack("<I", zipfile.crc32(b"content"))
        with self.assertRaisesMessage(DamagedArchive, "pre/001.dcm is damaged"):
            self.extract(content.replace(checksum, b"\1\2\3\4"))

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4), st.integers(0, 60))
    def test_whatever_is_changed_in_a_zip_is_read_or_refused(self, changes, cut):
        content = bytearray(zip_bytes(self.small()))
        for place, value in changes:
            content[place % len(content)] = value
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ScanError):
            found = extract(io.BytesIO(content[: len(content) - cut]), Path(folder), ROOMY)
            self.assertEqual(len(found.slices), 4)

    def test_more_files_than_the_limit_are_refused(self):
        with self.assertRaisesMessage(LimitExceeded, "The archive holds 4 files; 3 are the most."):
            self.extract(zip_bytes(self.small()), Limits(files=3, unpacked_bytes=1000))

    def test_bytes_are_counted_as_they_are_written(self):
        with self.assertRaisesMessage(LimitExceeded, "The unpacked exam exceeds 27 bytes."):
            self.extract(zip_bytes(self.small()), Limits(files=9, unpacked_bytes=27))
        self.assertEqual(len(self.extract_again(28).slices), 4)

    def extract_again(self, room: int):
        (self.folder / "again").mkdir()
        return extract(io.BytesIO(zip_bytes(self.small())), self.folder / "again", Limits(9, room))

    def test_link_is_refused(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in names():
                member = zipfile.ZipInfo(name)
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(member, "/etc/passwd")
        with self.assertRaisesMessage(UnsafeMember, "pre/001.dcm is a link or a device."):
            self.extract(buffer.getvalue())

    def test_encrypted_member_is_refused(self):
        content = bytearray(zip_bytes(self.small()))
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = content.find(mark)
            content[at + offset] |= 1
        with self.assertRaisesMessage(UnsafeMember, "pre/001.dcm is encrypted."):
            self.extract(bytes(content))

    def test_unknown_compression_is_refused(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
            for name in names():
                archive.writestr(name, b"content")
        with self.assertRaisesMessage(UnsafeMember, "stored and deflated are"):
            self.extract(buffer.getvalue())
