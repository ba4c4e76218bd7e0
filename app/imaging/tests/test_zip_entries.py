import io
import struct
import tempfile
import zipfile
import zlib

from django.core.files.uploadedfile import UploadedFile
from django.test import SimpleTestCase

from imaging.errors import DamagedArchive, LimitExceeded, NotAZip
from imaging.tests.zips import Raw, exam, raw_zip, wide_zip
from imaging.zip_entries import Entry, Source, data_range, read_entries

MEMBER = Raw(b"pre/001.dcm")


def entries(content: bytes, most: int = 10) -> list[Entry]:
    return read_entries(Source(io.BytesIO(content)), most)


def ranges(content: bytes) -> list[bytes]:
    """The packed bytes of each member."""
    source = Source(io.BytesIO(content))
    return [content[slice(*data_range(source, entry))] for entry in read_entries(source, 10)]


class SourceTests(SimpleTestCase):
    def test_upload_on_disk_or_in_memory_is_read_at_any_place(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"0123456789")
            for each in (file, UploadedFile(file, "series.zip"), io.BytesIO(b"0123456789")):
                source = Source(each)
                self.assertEqual((source.size, source.read(7, 3), source.read(0, 2)), (10, b"789", b"01"))

    def test_bytes_that_are_not_there_are_refused(self):
        for start, count in ((8, 3), (-1, 1), (11, 0)):
            with self.assertRaisesMessage(DamagedArchive, "The archive ends too early."):
                Source(io.BytesIO(b"0123456789")).read(start, count)


class NameTests(SimpleTestCase):
    def names(self, *members: Raw) -> list[str]:
        return [entry.name for entry in entries(raw_zip(*members))]

    def test_utf8_is_read_whether_it_is_told_or_not(self):
        name = "prä/001.dcm".encode()
        self.assertEqual(self.names(Raw(name, flags=0x800)), ["prä/001.dcm"])
        self.assertEqual(self.names(Raw(name)), ["prä/001.dcm"])

    def test_code_page_of_dos_is_read(self):
        self.assertEqual(self.names(Raw(b"pr\x84/001.dcm")), ["prä/001.dcm"])

    def test_unicode_name_in_its_own_field_counts_while_it_belongs_to_the_plain_one(self):
        def field(plain: bytes) -> bytes:
            content = b"\1" + struct.pack("<L", zlib.crc32(plain)) + "prä".encode()
            return struct.pack("<2H", 0x7075, len(content)) + content

        self.assertEqual(self.names(Raw(b"pr_", extra=field(b"pr_"))), ["prä"])
        self.assertEqual(self.names(Raw(b"pr_", extra=field(b"another"))), ["pr_"])

    def test_name_that_is_not_the_utf8_it_is_said_to_be_is_refused(self):
        with self.assertRaisesMessage(DamagedArchive, r"The name b'pr\x84' is said to be UTF-8 and is not."):
            self.names(Raw(b"pr\x84", flags=0x800))

    def test_extra_field_that_is_cut_off_is_passed_over(self):
        self.assertEqual(self.names(Raw(b"pre/1", extra=b"\0\0\0")), ["pre/1"])
        self.assertEqual(self.names(Raw(b"pre/1", extra=b"UT\x09\0\1")), ["pre/1"])


class DirectoryTests(SimpleTestCase):
    def test_entries_are_those_that_zipfile_reads(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("pre/", "pre/001.dcm", "prä/é.dcm"):
                archive.writestr(name, name * 50)
        wanted = [
            (each.filename, each.compress_type, each.CRC, each.compress_size, each.file_size)
            for each in archive.infolist()
        ]
        found = [
            (each.name, each.compression, each.checksum, each.packed_size, each.size)
            for each in entries(buffer.getvalue())
        ]
        self.assertEqual(found, wanted)

    def test_zip64_sizes_places_and_end_are_read(self):
        for before in (b"", b"#!/bin/sh\n"):
            content = wide_zip(*exam(content=b"more content"), before=before)
            self.assertEqual(ranges(content), [b"content", b"more content", b"content", b"content"])

    def test_bytes_before_and_a_comment_behind_are_passed_over(self):
        for comment in (b"", b"a comment", b"PK\5\6 begins as an end does", b"x" * 0xFFFF):
            content = raw_zip(MEMBER, before=b"MZ program", comment=comment)
            self.assertEqual(ranges(content), [b"content"])

    def test_more_than_65535_entries_may_overrun_their_count(self):
        content = raw_zip(*[Raw(b"", b"")] * 65_537, entries=1)
        self.assertEqual(len(entries(content, 70_000)), 65_537)

    def test_file_without_an_end_is_no_zip(self):
        for content in (b"", b"no zip at all", b"PK", raw_zip(MEMBER)[:-1]):
            with self.assertRaisesMessage(NotAZip, "series.zip is not a zip archive, or its end is missing."):
                entries(content)

    def test_end_whose_directory_is_cut_off_is_refused(self):
        with self.assertRaisesMessage(DamagedArchive, "The archive's directory is not where its end says."):
            entries(raw_zip(MEMBER)[40:])

    def test_entry_that_runs_over_the_end_of_the_directory_is_refused(self):
        content = raw_zip(MEMBER)
        at = content.index(b"PK\1\2")
        for place, value in ((at, b"PX"), (at + 28, b"\xff\xff"), (at + 32, b"\1")):
            changed = content[:place] + value + content[place + len(value) :]
            with self.assertRaisesMessage(DamagedArchive, "The archive's directory is damaged."):
                entries(changed)

    def test_count_that_is_not_that_of_the_entries_is_refused(self):
        with self.assertRaisesMessage(DamagedArchive, "lists 1 entries and says that there are 2."):
            entries(raw_zip(MEMBER, entries=2))

    def test_one_part_of_several_is_refused(self):
        content = bytearray(raw_zip(MEMBER))
        content[-14] = 2
        with self.assertRaisesMessage(DamagedArchive, "The archive is one of several parts; send it in one."):
            entries(bytes(content))

    def test_zip64_without_its_end_record_or_its_fields_is_refused(self):
        content = wide_zip(MEMBER)
        with self.assertRaisesMessage(DamagedArchive, "The archive's zip64 end record is missing."):
            entries(content.replace(b"PK\6\6", b"PK\6\5"))
        with self.assertRaisesMessage(DamagedArchive, "pre/001.dcm lacks a zip64 field."):
            entries(content.replace(struct.pack("<2H", 1, 24), struct.pack("<2H", 2, 24)))


class HostileDirectoryTests(SimpleTestCase):
    """A directory is judged by its end before a byte of it is read."""

    def test_millions_of_entries_are_refused(self):
        with self.assertRaisesMessage(
            LimitExceeded, "holds 5000 entries in 57 bytes; 10 entries in 10240 are the most."
        ):
            entries(raw_zip(MEMBER, entries=5000))
        with self.assertRaisesMessage(LimitExceeded, "holds 9000000 entries in "):
            entries(wide_zip(MEMBER, entries=9_000_000))

    def test_huge_directory_is_refused_before_it_is_read(self):
        class Guarded(io.BytesIO):
            def read(self, count: int = -1) -> bytes:
                if count > 70_000:
                    raise AssertionError(f"{count} bytes were read")
                return super().read(count)

        content = Guarded(raw_zip(*[Raw(b"x" * 60_000, b"")] * 9))
        with self.assertRaisesMessage(LimitExceeded, "9 entries in 540414 bytes"):
            read_entries(Source(content), 10)

    def test_entries_that_the_end_does_not_count_are_refused_too(self):
        with self.assertRaisesMessage(LimitExceeded, "The archive's directory holds more than 3 entries."):
            entries(raw_zip(*exam(), entries=1), most=3)


class DataRangeTests(SimpleTestCase):
    def refused(self, reason: str, **changes):
        with self.assertRaisesMessage(DamagedArchive, reason) as caught:
            ranges(raw_zip(*exam(**changes)))
        self.assertEqual(caught.exception.files, ("1st_pass/001.dcm",))

    def test_header_that_is_not_there_is_refused(self):
        self.refused("1st_pass/001.dcm is not where the archive's directory says.", start=1)

    def test_header_that_names_another_file_is_refused(self):
        for name in (b"1st_pass/002.dcm", b"1st_pass/001.dcm2", b""):
            self.refused("1st_pass/001.dcm has another name at its data than in the directory.", local_name=name)

    def test_header_that_tells_another_packing_is_refused(self):
        compression, encrypted = (8, 8), (6, 1)
        for offset, value in (compression, encrypted):
            content = bytearray(raw_zip(*exam()))
            content[content.index(b"PK\3\4", 4) + offset] = value
            with self.assertRaisesMessage(DamagedArchive, "is packed otherwise than the archive's directory says."):
                ranges(bytes(content))

    def test_header_behind_the_end_is_refused(self):
        self.refused("1st_pass/001.dcm is cut off.", start=1_000_000)

    def test_data_that_run_over_the_end_are_refused(self):
        content = bytearray(raw_zip(MEMBER))
        content[content.index(b"PK\1\2") + 21] = 1
        with self.assertRaisesMessage(DamagedArchive, "pre/001.dcm is cut off."):
            ranges(bytes(content))
