import contextlib
import io
import shutil
import stat
import subprocess
import unicodedata
import zipfile
from unittest import skipUnless

import numpy as np
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from breastwise.env import read_settings
from imaging.archive import Limits, OpenArchive, open_archive, plan, plan_any, plan_either
from imaging.errors import (
    AmbiguousMember,
    CompressionBomb,
    DamagedArchive,
    DuplicateMember,
    EmptyArchive,
    LimitExceeded,
    MissingFolder,
    NestedArchive,
    NotAZip,
    ScanError,
    UnequalCounts,
    UnknownCompression,
    UnsafeMember,
)
from imaging.exam import FOLDERS
from imaging.tests.folders import FolderTestCase
from imaging.tests.mutations import mutated
from imaging.tests.slices import exam_files, slice_bytes, write_files, zip_bytes
from imaging.tests.zips import Raw, exam, raw_zip, wide_zip

ROOMY = Limits(files=100, unpacked_bytes=1_000_000, compression_ratio=600)
SEVEN_ZIP = next(filter(None, map(shutil.which, ("7zz", "7z", "7za"))), None)


def names(*extra: str, wrapper: str = "", file: str = "001.dcm") -> list[str]:
    return [f"{wrapper}{folder}/{file}" for folder in FOLDERS] + list(extra)


class AnyLayoutTests(SimpleTestCase):
    """What both planners do."""

    def refused(self, error: type[ScanError], reason: str, name: str, *others: str) -> None:
        for planner in (plan, plan_any):
            with self.assertRaisesMessage(error, reason) as caught:
                planner([*names(), *others, name])
            self.assertEqual(caught.exception.files, (name[:255],))

    def test_names_that_leave_the_archive_are_refused(self):
        climbing = ("../pre/1", "pre/../../1", "..\\pre\\1", "__MACOSX/../../1", "..", "../")
        absolute = ("/pre/1", "\\pre\\1", "\\\\server\\pre\\1", "C:/pre/1", "C:\\pre\\1", "C:pre/1", "c:1")
        for name in (*climbing, *absolute, "pre/1\0.dcm"):
            self.refused(UnsafeMember, "points outside the archive", name)

    def test_name_longer_than_a_file_name_can_be_is_refused(self):
        for name in ("pre/" + "x" * 256, "pre/" + "ä" * 128, "/".join(["x" * 200] * 6)[:1024]):
            self.refused(UnsafeMember, "is longer than a file name can be", name)

    def test_folders_in_folders_without_end_are_refused(self):
        self.refused(UnsafeMember, "lies in more than 31 folders.", "a/" * 32 + "1")

    def test_same_name_twice_is_refused(self):
        for one, two in (("notes", "notes"), ("a/b", "a\\b"), ("a/b", "a//b"), ("a/b", "./a/b")):
            self.refused(DuplicateMember, f"{two} is there twice.", two, one)

    def test_archive_in_the_archive_is_known_by_its_name(self):
        for name in ("exam.ZIP", "a/exam.7z", "exam.tar.gz"):
            self.refused(NestedArchive, f"{name} is an archive itself; send its files.", name)

    def test_what_file_managers_leave_behind_is_passed_over(self):
        clutter = ["__MACOSX/pre/._001.dcm", "pre/.DS_Store", "pre/Thumbs.db", "pre/", "DICOMDIR", "pre/._001.dcm"]
        for planner in (plan, plan_any):
            found = planner(names(*clutter, *clutter))
            self.assertEqual((len(found.files), found.ignored), (4, ()))

    def test_archive_without_files_is_refused(self):
        for nothing in ([], ["pre/"], ["pre/.DS_Store", "DICOMDIR"]):
            for planner in (plan, plan_any, plan_either):
                with self.assertRaisesMessage(EmptyArchive, "There is no file in the archive."):
                    planner(nothing)


class PlanTests(SimpleTestCase):
    def test_each_member_goes_into_its_folder(self):
        self.assertEqual(plan(names()).files[2], ("2nd_pass/001.dcm", "2nd_pass/001.dcm"))

    def test_one_folder_or_several_may_wrap_the_four(self):
        for wrapper in ("series/", "a/b c/"):
            self.assertEqual(plan(names(wrapper=wrapper)).files[0], (f"{wrapper}pre/001.dcm", "pre/001.dcm"))

    def test_folder_names_count_in_any_case(self):
        found = plan(["PRE/1", "1st_Pass/1", "2ND_PASS/1", "3rd_pass/1"])
        self.assertEqual([path for _, path in found.files], ["pre/1", "1st_pass/1", "2nd_pass/1", "3rd_pass/1"])

    def test_backslashes_part_folders_too(self):
        self.assertEqual(plan([name.replace("/", "\\") for name in names()]).files[0][1], "pre/001.dcm")

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
        composed, parted = unicodedata.normalize("NFC", "é.dcm"), unicodedata.normalize("NFD", "é.dcm")
        for one, two in (("001.dcm", "001"), ("im1.dcm", "IM1.DCM"), (composed, parted)):
            with self.assertRaisesMessage(DuplicateMember, f"pre/{two} is there twice."):
                plan([f"{folder}/{file}" for folder in FOLDERS for file in (one, two)])

    def test_same_slice_in_a_folder_written_in_two_cases_is_refused(self):
        with self.assertRaisesMessage(DuplicateMember, "PRE/001.dcm is there twice."):
            plan(names(*(f"{folder.upper()}/001.dcm" for folder in FOLDERS)))

    def test_files_elsewhere_miss_every_folder(self):
        with self.assertRaisesMessage(MissingFolder, "pre, 1st_pass, 2nd_pass, 3rd_pass; "):
            plan(["notes.txt"])


class PlanAnyTests(SimpleTestCase):
    def test_every_member_keeps_its_own_name(self):
        found = plan_any(["IM0001", "Series 5/IM0001", "a\\b\\1.2.3", "./notes.txt", "Series 5/"])
        self.assertEqual(
            found.files,
            (
                ("IM0001", "IM0001"),
                ("Series 5/IM0001", "Series 5/IM0001"),
                ("a\\b\\1.2.3", "a/b/1.2.3"),
                ("./notes.txt", "notes.txt"),
            ),
        )

    def test_names_that_differ_in_case_are_two_files(self):
        self.assertEqual(len(plan_any(["a/im1", "a/IM1"]).files), 2)

    def test_name_of_both_a_file_and_a_folder_is_refused(self):
        for folder in ("a/b/1", "a/b/c/1", "a/b/", "a\\b\\"):
            with self.assertRaisesMessage(AmbiguousMember, "a/b is a file and a folder."):
                plan_any([folder, "a/b"])


class ExtractTestCase(FolderTestCase):
    def extract(self, content: bytes, limits: Limits = ROOMY, planner=plan) -> OpenArchive:
        """The archive, after every member has been read; ``written`` is what they hold."""
        self.written = {}
        opened = open_archive(io.BytesIO(content), self.folder / "root", limits, planner)
        self.assertFalse((self.folder / "root").exists())
        for member in opened.ignored.values():
            member.check()
        for path, member in opened.files.items():
            self.written[path] = member.opened().read()
        return opened


class AcceptedTests(ExtractTestCase):
    """What people and their tools make."""

    def test_members_come_under_their_folders(self):
        files = exam_files(count=2)
        self.extract(zip_bytes(files))
        self.assertEqual(self.written, files)

    def test_any_layout_comes_under_its_own_names(self):
        files = {"IM1": b"1", "Series 5/IM1": b"2", "Series 5/präkontrast/IM1": b"3"}
        self.extract(zip_bytes(files), planner=plan_any)
        self.assertEqual(self.written, files)

    def test_wrapped_exam_in_a_zip_of_macos(self):
        files = {f"My Exam/{name.upper()}": content for name, content in exam_files(count=2).items()}
        clutter = {f"__MACOSX/My Exam/._{number}": b"\0\5\x16\7" for number in range(150)}
        planned = self.extract(zip_bytes({"My Exam/": b"", "My Exam/.DS_Store": b"x"} | files | clutter))
        self.assertEqual((len(planned.files), planned.ignored), (8, {}))

    def test_zip64_and_a_program_before_the_zip(self):
        for content in (wide_zip(*exam()), wide_zip(*exam(), before=b"MZ"), raw_zip(*exam(), before=b"MZ" * 500)):
            self.extract(content)
            self.assertEqual(self.written, dict.fromkeys(sorted(names()), b"content"))

    def test_streamed_zip_with_data_descriptors(self):
        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

            def tell(self):
                raise OSError

        for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            stream = Pipe()
            with zipfile.ZipFile(stream, "w", compression) as archive:
                for name in names():
                    archive.writestr(name, b"content")
            self.assertTrue(archive.infolist()[0].flag_bits & 8)
            self.extract(stream.getvalue())
            self.assertEqual(self.written["pre/001.dcm"], b"content")

    def test_folder_comes_as_zipfile_reads_it(self):
        content = zip_bytes(exam_files(count=3) | {"notes.txt": b"x", "empty": b""})
        self.extract(content, planner=plan_any)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.assertEqual(self.written, {name: archive.read(name) for name in sorted(archive.namelist())})

    def packed_by(self, *command: str) -> dict[str, bytes]:
        """What is unpacked of an exam that a program packed as ``series.zip``."""
        files = {f"Bildgebung ä/{name}": content for name, content in exam_files(count=2).items()}
        write_files(files, self.folder / "exam")
        subprocess.run([*command], cwd=self.folder / "exam", check=True, capture_output=True)
        self.extract((self.folder / "exam" / "series.zip").read_bytes(), planner=plan_any)
        self.assertEqual(self.written, files)
        return files

    @skipUnless(shutil.which("zip"), "no zip on this machine")
    def test_zips_of_info_zip(self):
        for options in ("-r", "-r0", "-rD", "-rfz", "-rfd"):
            with self.subTest(options):
                self.packed_by("zip", options, "series.zip", "Bildgebung ä")
                shutil.rmtree(self.folder / "exam")

    @skipUnless(SEVEN_ZIP, "no 7z on this machine")
    def test_zips_of_7_zip(self):
        for options in ("-mx=9", "-mx=0", "-mcu=on"):
            with self.subTest(options):
                self.packed_by(SEVEN_ZIP, "a", "-tzip", options, "series.zip", "Bildgebung ä")
                shutil.rmtree(self.folder / "exam")

    @skipUnless(SEVEN_ZIP, "no 7z on this machine")
    def test_what_only_7_zip_packs_is_refused(self):
        for options, error in (("-mm=Deflate64", UnknownCompression), ("-psecret", UnsafeMember)):
            with self.subTest(options), self.assertRaises(error):
                self.packed_by(SEVEN_ZIP, "a", "-tzip", options, "series.zip", "Bildgebung ä")
            shutil.rmtree(self.folder / "exam")


class RefusedTests(ExtractTestCase):
    def refused(self, error: type[ScanError], reason: str, **changes) -> None:
        """The exam with one member changed, in the four folders and outside them."""
        for name in (b"1st_pass/001.dcm", b"notes.txt"):
            members = [*exam(), Raw(b"notes.txt")]
            changed = exam(**changes)[1]
            members[1 if name.startswith(b"1st") else 4] = Raw(**(vars(changed) | {"name": name}))
            with self.assertRaisesMessage(error, f"{name.decode()} {reason}") as caught:
                self.extract(raw_zip(*members))
            self.assertEqual(caught.exception.files, (name.decode(),))

    def test_something_else_than_a_zip_is_refused(self):
        with self.assertRaises(NotAZip) as caught:
            self.extract(b"no zip at all")
        self.assertTrue(caught.exception.detail.startswith("Invalid file name: no series.zip found. series.zip is not"))

    def test_truncated_zip_is_refused(self):
        content = raw_zip(*exam())
        for length in range(len(content)):
            with self.assertRaises(NotAZip):
                self.extract(content[:length])

    def test_zip_whose_beginning_is_gone_is_refused(self):
        content = raw_zip(*exam())
        for length in range(1, 200):
            with self.assertRaises(DamagedArchive):
                self.extract(content[length:])

    def test_wrong_checksum_is_refused(self):
        self.refused(DamagedArchive, "is damaged: its checksum is wrong.", checksum=1)

    def test_header_that_names_another_file_is_refused(self):
        self.refused(DamagedArchive, "has another name at its data", local_name=b"2nd_pass/001.dcm")

    def test_member_that_unpacks_to_more_than_it_tells_is_refused(self):
        self.refused(DamagedArchive, "is damaged: it is longer than the 3 bytes", content=bytes(9999), size=3)

    def test_links_and_devices_are_refused(self):
        kinds = (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFSOCK, stat.S_IFDIR)
        for kind in kinds:
            self.refused(UnsafeMember, "is a link or a device.", mode=kind | 0o777)
        self.assertEqual(len(self.extract(raw_zip(*exam(mode=stat.S_IFREG | 0o777))).files), 4)

    def test_encrypted_member_is_refused(self):
        for flag in (0x1, 0x40, 0x2000):
            self.refused(UnsafeMember, "is encrypted.", flags=flag)

    def test_unknown_compression_is_refused_by_its_name(self):
        told = {1: "method 1", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
        for compression, name in told.items():
            reason = f"is compressed with {name}; stored and deflated are read."
            self.refused(UnknownCompression, reason, compression=compression)

    def test_patch_to_another_file_is_refused(self):
        self.refused(UnknownCompression, "holds changes to a file that is not here.", flags=0x20)

    def test_archive_in_the_archive_is_refused_whatever_its_name(self):
        for compression in (0, 8):
            inner = zip_bytes({"1": b"1"})
            self.refused(NestedArchive, "is an archive itself; send its files.", content=inner, compression=compression)

    def test_same_name_twice_is_refused(self):
        with self.assertRaisesMessage(DuplicateMember, "notes.txt is there twice."):
            self.extract(raw_zip(*exam(), Raw(b"notes.txt", b"1"), Raw(b"notes.txt", b"2")))

    def test_members_that_share_bytes_are_refused(self):
        inner = Raw(b"2nd_pass/001.dcm")
        members = [Raw(b"pre/001.dcm", inner.local()), Raw(b"1st_pass/001.dcm"), inner, Raw(b"3rd_pass/001.dcm")]
        shared = Raw(**(vars(inner) | {"start": len(Raw(b"pre/001.dcm", b"").local())}))
        with self.assertRaisesMessage(DamagedArchive, "share bytes of the archive.") as caught:
            self.extract(raw_zip(*members[:2], shared, members[3]))
        self.assertEqual(caught.exception.files, ("pre/001.dcm", "2nd_pass/001.dcm"))

    def test_clutter_is_refused_for_nothing_but_its_name(self):
        clutter = Raw(b"__MACOSX/._1", b"PK\3\4", 14, flags=1, mode=stat.S_IFLNK, checksum=1, local_name=b"x", start=9)
        self.assertEqual(len(self.extract(raw_zip(*exam(), clutter, clutter)).files), 4)

    def test_first_member_in_the_archive_is_named(self):
        members = [Raw(member.name, bytes(100_000), 8, checksum=1) for member in exam()]
        for _ in range(10):
            with self.assertRaisesMessage(DamagedArchive, "pre/001.dcm is damaged: its checksum is wrong."):
                self.extract(raw_zip(*members))

    def test_nothing_is_read_of_an_archive_that_says_what_is_wrong_with_it(self):
        for changes in ({"flags": 1}, {"compression": 12}, {"local_name": b"x"}):
            with self.assertRaises(ScanError):
                self.extract(raw_zip(*exam(**changes)))
            self.assertEqual(self.written, {})


class LimitTests(ExtractTestCase):
    def test_more_files_than_the_limit_are_refused_and_clutter_is_none(self):
        content = zip_bytes(dict.fromkeys(names("notes.txt", "pre/", "DICOMDIR"), b""))
        with self.assertRaisesMessage(LimitExceeded, "The archive holds 5 files; 4 are the most."):
            self.extract(content, Limits(4, 1000, 600))
        self.assertEqual(len(self.extract(content, Limits(5, 1000, 600)).files), 4)

    def test_more_bytes_than_the_limit_are_refused_those_outside_the_folders_too(self):
        content = raw_zip(*exam(), Raw(b"notes.txt", b"123"))
        with self.assertRaisesMessage(LimitExceeded, "The unpacked exam exceeds 30 bytes."):
            self.extract(content, Limits(9, 30, 600))
        self.assertEqual(len(self.extract(content, Limits(9, 31, 600)).files), 4)

    def test_directory_of_more_entries_than_files_can_need_is_refused(self):
        with self.assertRaisesMessage(LimitExceeded, "; 12 entries in 12288 are the most."):
            self.extract(raw_zip(*exam(), entries=13), Limits(4, 1000, 600))

    def test_bomb_is_refused(self):
        bomb = raw_zip(*exam(content=bytes(50_000_000), compression=8))
        with self.assertRaisesMessage(CompressionBomb, "50000021 bytes, more than 600 times its own "):
            self.extract(bomb, Limits(9, 10**9, 600))
        self.assertEqual(self.written, {})

    def test_exam_of_constant_slices_alone_is_no_bomb_by_default(self):
        empty = slice_bytes(np.zeros((512, 512)))
        content = zip_bytes({f"{folder}/{number}": empty for folder in FOLDERS for number in range(3)})
        planned = self.extract(content, Limits(100, 10**9, read_settings({}).MAX_COMPRESSION_RATIO))
        self.assertEqual(len(planned.files), 12)


SEEDS = st.sampled_from(
    (
        raw_zip(*exam(compression=8, content=b"content" * 9), comment=b"comment"),
        wide_zip(*exam(), Raw(b"notes.txt", b"x" * 99, 8)),
        zip_bytes({"a/" + name: name.encode() * 20 for name in names("__MACOSX/x", "notes.txt")}),
    )
)


class MutatedTests(ExtractTestCase):
    @settings(max_examples=300, deadline=None)
    @given(st.builds(mutated, SEEDS, SEEDS, st.randoms()), st.sampled_from((plan, plan_any)))
    def test_whatever_is_changed_in_a_zip_is_read_or_refused(self, content, planner):
        with contextlib.suppress(ScanError):
            planned = self.extract(content, planner=planner)
            self.assertEqual(sorted(self.written), sorted(planned.files))
            self.assertLessEqual(sum(map(len, self.written.values())), ROOMY.unpacked_bytes)

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=300))
    def test_whatever_bytes_are_no_zip_are_refused(self, content):
        with self.assertRaises(ScanError):
            self.extract(content)
