import io
import itertools
import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import DamagedArchive, NestedArchive
from imaging.tests.folders import FolderTestCase
from imaging.tests.zips import Raw, deflated, exam, raw_zip
from imaging.unpacking import CHUNK, Member, contents, unpack
from imaging.zip_entries import Source, data_range, read_entries

NOISE = np.random.default_rng(0).bytes(3 * CHUNK + 5)


class UnpackTestCase(FolderTestCase):
    def members(self, *raw: Raw) -> tuple[Source, list[Member]]:
        source = Source(io.BytesIO(raw_zip(*raw)))
        entries = read_entries(source, len(raw))
        targets = [self.folder / str(index) for index in range(len(entries))]
        return source, [
            Member(entry, *data_range(source, entry), target) for entry, target in zip(entries, targets, strict=True)
        ]

    def refused(self, reason: str, **changes) -> None:
        with self.assertRaisesMessage(DamagedArchive, f"1st_pass/001.dcm is damaged: {reason}.") as caught:
            unpack(*self.members(*exam(**changes)))
        self.assertEqual(caught.exception.files, ("1st_pass/001.dcm",))


class ContentTests(UnpackTestCase):
    def pieces(self, raw: Raw) -> Iterator[bytes]:
        source, (member,) = self.members(raw)
        return contents(source, member)

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


class UnpackTests(UnpackTestCase):
    def test_each_member_is_written_to_its_target(self):
        raw = [Raw(b"%d" % index, b"%d" % index * 1000, compression=8 * (index % 2)) for index in range(40)]
        unpack(*self.members(*raw))
        for index in range(40):
            self.assertEqual((self.folder / str(index)).read_bytes(), b"%d" % index * 1000)

    def test_each_file_is_handed_on_in_order_once_it_is_whole(self):
        seen = []
        source, members = self.members(*exam())
        unpack(source, members, lambda target: seen.append((target.name, target.read_bytes())))
        self.assertEqual(seen, [(each.target.name, b"content") for each in members])

    def test_member_without_a_target_is_checked_and_not_written(self):
        source, members = self.members(*exam())
        unpack(source, [replace(member, target=None) for member in members])
        self.assertEqual(list(self.folder.iterdir()), [])
        source, members = self.members(*exam(checksum=1))
        with self.assertRaises(DamagedArchive):
            unpack(source, [replace(member, target=None) for member in members])

    def test_wrong_checksum_is_refused(self):
        for compression in (0, 8):
            self.folder = self.folder / "next"
            self.folder.mkdir()
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
            source, members = self.members(Raw(b"pre/001.dcm", start + b"x" * 50, compression))
            with self.assertRaisesMessage(NestedArchive, "pre/001.dcm is an archive itself; send its files."):
                list(contents(source, members[0]))

    def test_first_member_that_is_wrong_is_named_however_late_that_shows(self):
        late = Raw(b"late", bytes(40 * CHUNK), 8, checksum=1)
        early = [Raw(b"early%d" % index, checksum=1) for index in range(20)]
        for _ in range(5):
            self.folder = self.folder / "next"
            self.folder.mkdir()
            with self.assertRaisesMessage(DamagedArchive, "late is damaged: its checksum is wrong."):
                unpack(*self.members(Raw(b"good"), late, *early))
