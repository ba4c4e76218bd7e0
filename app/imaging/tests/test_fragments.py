import io
import struct
from unittest import mock

from django.test import SimpleTestCase
from pydicom.encaps import encapsulate, get_frame

from imaging import fragments
from imaging.errors import FileProblem
from imaging.fragments import frames_in_fragments

FRAMES = [length * b"a" + b"\xff\xd9" for length in (40, 60, 100)]
ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def item(content: bytes) -> bytes:
    return ITEM + struct.pack("<L", len(content)) + content


class FragmentsTests(SimpleTestCase):
    def frames(self, content: bytes, count: int = 3) -> list[bytes]:
        file = io.BytesIO(b"head" + content)
        return [b"".join(each.read(file) for each in frame) for frame in frames_in_fragments(file, 4, count)]

    def refused(self, content: bytes, count: int = 3) -> str:
        with self.assertRaises(FileProblem) as caught:
            self.frames(content, count)
        return str(caught.exception)

    def test_frames_are_those_that_pydicom_finds(self):
        for parts, table in ((1, True), (1, False), (3, True), (3, False)):
            content = encapsulate(FRAMES, fragments_per_frame=parts, has_bot=table)
            told = [get_frame(content, index, number_of_frames=3) for index in range(3)]
            self.assertEqual(self.frames(content), told, (parts, table))

    def test_only_frame_may_be_in_any_number_of_pieces(self):
        self.assertEqual(self.frames(item(b"") + item(b"ab") + item(b"cd") + END, 1), [b"abcd"])

    def test_last_delimiter_may_be_missing(self):
        self.assertEqual(self.frames(item(b"") + item(b"ab"), 1), [b"ab"])

    def test_frames_that_are_not_there_are_not_made_up(self):
        self.assertEqual(self.frames(encapsulate(FRAMES[:2])), FRAMES[:2])

    def test_what_is_no_item_or_breaks_off_is_refused(self):
        for content in (b"", b"abc", item(b"") + b"abcdefgh", item(b"") + ITEM + b"\xff" * 4, item(b"") + ITEM + b"\0"):
            self.assertEqual(self.refused(content, 1), "has truncated pixel data")

    def test_offset_table_that_points_beside_the_fragments_is_refused(self):
        for offsets in ((0, 8), (2, 14), (0, 15)):
            content = item(struct.pack("<2L", *offsets)) + item(b"abcdef") + item(b"gh")
            self.assertEqual(self.refused(content, 2), "has an offset table that does not fit its pixel data")

    def test_more_pieces_than_an_encoder_makes_are_refused(self):
        with mock.patch.object(fragments, "MOST_FRAGMENTS_A_FRAME", 4):
            self.assertEqual(self.frames(item(b"") + 3 * item(b"ab") + END, 1), [b"ababab"])
            told = self.refused(item(b"") + 1000 * item(b""), 1)
        self.assertEqual(told, "holds pixel data in more than 4 pieces")
