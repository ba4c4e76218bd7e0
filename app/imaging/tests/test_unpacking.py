import io
import itertools
import zlib
from collections.abc import Iterator

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import DamagedArchive, NestedArchive
from imaging.stored_file import Allowance
from imaging.tests.folders import FolderTestCase
from imaging.tests.zips import Raw, deflated, exam, raw_zip
from imaging.unpacking import CHUNK, Member
from imaging.zip_entries import Source, data_range, read_entries

NOISE = np.random.default_rng(0).bytes(3 * CHUNK + 5)


class MemberTestCase(FolderTestCase):
    def member(self, raw: Raw) -> Member:
        source = Source(io.BytesIO(raw_zip(raw)))
        (entry,) = read_entries(source, 1)
        return Member(source, entry, *data_range(source, entry), self.folder / "deep" / "1", Allowance())

    def pieces(self, raw: Raw) -> Iterator[bytes]:
        return self.member(raw).pieces()


class PiecesTests(MemberTestCase):
    def refused(self, reason: str, **changes) -> None:
        with self.assertRaisesMessage(DamagedArchive, f"1st_pass/001.dcm is damaged: {reason}.") as caught:
            self.member(exam(**changes)[1]).check()
        self.assertEqual(caught.exception.files, ("1st_pass/001.dcm",))

    def test_stored_and_deflated_members_come_back_in_bounded_pieces(self):
        for compression, content in itertools.product((0, 8), (b"", b"x", bytes(3 * CHUNK + 5), NOISE)):
            pieces = list(self.pieces(Raw(b"1", content, compression)))
            self.assertEqual(b"".join(pieces), content)
            self.assertLessEqual(max(map(len, pieces), default=0), CHUNK)

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400), st.integers(0, 300), st.integers(0, 9), st.integers(0, 4))
    def test_whatever_zlib_deflates_comes_back(self, content, times, level, strategy):
        stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 8, strategy)
        packed = stream.compress(content * times) + stream.flush()
        raw = Raw(b"1", content * times, 8, packed=packed)
        if not raw.content.startswith((b"PK", b"\x1f\x8b", b"7z", b"Rar!", b"\xfd7z")):
            self.assertEqual(b"".join(self.pieces(raw)), content * times)

    def test_no_more_comes_than_the_directory_tells(self):
        came = 0
        with self.assertRaisesMessage(DamagedArchive, "it is longer than the 300000 bytes that the directory tells."):
            for piece in self.pieces(Raw(b"1", bytes(50_000_000), 8, size=300_000)):
                came += len(piece)
        self.assertEqual(came, CHUNK)

    def test_wrong_checksum_is_refused(self):
        for compression in (0, 8):
            self.refused("its checksum is wrong", compression=compression, checksum=1)

    def test_member_longer_than_told_is_refused(self):
        self.refused("it is longer than the 6 bytes that the directory tells", size=6)

    def test_member_shorter_than_told_is_refused(self):
        self.refused("it is shorter than the 8 bytes that the directory tells", size=8)

    def test_what_does_not_inflate_is_refused(self):
        self.refused("it does not inflate", compression=8, packed=b"\xff" * 20)

    def test_packed_bytes_that_end_too_early_are_refused(self):
        self.refused("its packed bytes end too early or too late", compression=8, packed=deflated(b"content")[:-2])

    def test_packed_bytes_that_end_too_late_are_refused(self):
        self.refused("its packed bytes end too early or too late", compression=8, packed=deflated(b"content") + b"x")

    def test_packed_bytes_that_end_a_piece_too_late_are_refused(self):
        self.refused("its packed bytes end too early or too late", compression=8, packed=deflated(b"content") + NOISE)

    def test_archive_in_the_archive_is_known_by_its_first_bytes(self):
        starts = (
            b"PK\3\4",
            b"PK\5\6",
            b"PK\7\x08",
            b"\x1f\x8b\x08",
            b"7z\xbc\xaf\x27\x1c",
            b"Rar!\x1a\7",
            b"\xfd7zXZ\0",
        )
        for compression, start in itertools.product((0, 8), starts):
            with self.assertRaisesMessage(NestedArchive, "pre/001.dcm is an archive itself; send its files."):
                self.member(Raw(b"pre/001.dcm", start + b"x" * 50, compression)).check()


class OpenedTests(MemberTestCase):
    def test_whole_member_is_there_from_its_beginning(self):
        self.assertEqual(self.member(Raw(b"1", NOISE, 8)).opened().read(), NOISE)

    def test_head_is_unpacked_no_further_than_it_is_read(self):
        damaged = Raw(b"1", bytes(10 * CHUNK), 8, checksum=1)
        with self.member(damaged).head() as file:
            self.assertEqual(file.read(8), bytes(8))
        with self.assertRaises(DamagedArchive), self.member(damaged).head() as file:
            file.read()

    def test_member_that_is_opened_often_is_written_once_to_its_target(self):
        member = self.member(Raw(b"1", NOISE, 8))
        self.assertIs(member.settled(3), member)
        written = [member.settled(100) for _ in range(2)]
        self.assertEqual([each.path for each in written], [self.folder / "deep" / "1"] * 2)
        self.assertEqual(written[0].opened().read(), NOISE)
        self.assertEqual([each.name for each in (self.folder / "deep").iterdir()], ["1"])

    def test_damaged_member_is_never_taken_for_a_written_one(self):
        member = self.member(Raw(b"1", NOISE, 8, checksum=1))
        for _ in range(2):
            with self.assertRaises(DamagedArchive):
                member.settled(100)
        self.assertFalse((self.folder / "deep" / "1").exists())
