import io
import os
import zipfile
from unittest import TestCase

from imaging.lazy_file import LazyFile
from imaging.tests.slices import zip_bytes

CONTENT = bytes(range(100))


class LazyFileTests(TestCase):
    def file(self, content: bytes = CONTENT, step: int = 30, **options: int) -> io.BufferedReader:
        """Of pieces that are told in ``asked`` when they are."""
        self.asked = []

        def piece(index: int) -> bytes:
            self.asked.append(index)
            return content[index * step : (index + 1) * step]

        return io.BufferedReader(LazyFile(piece, step, len(content), **options), 1)

    def test_reads_as_its_pieces_in_a_row(self):
        for step in (1, 30, 50, 99, 100, 1000):
            self.assertEqual(self.file(step=step).read(), CONTENT)

    def test_every_part_of_it_is_that_of_the_whole(self):
        file = self.file()
        for first in range(0, 100, 7):
            for last in range(first, 101, 9):
                file.seek(first)
                self.assertEqual(file.read(last - first), CONTENT[first:last])

    def test_place_is_counted_from_start_place_and_end(self):
        file = self.file()
        self.assertEqual((file.seek(-5, os.SEEK_END), file.read()), (95, CONTENT[95:]))
        self.assertEqual((file.seek(10), file.seek(5, os.SEEK_CUR), file.read(1)), (10, 15, CONTENT[15:16]))

    def test_beyond_its_end_there_is_nothing(self):
        file = self.file()
        file.seek(100)
        self.assertEqual((file.read(1), file.seek(1000), file.read(), self.asked), (b"", 1000, b"", []))

    def test_place_before_its_start_is_an_error(self):
        self.assertRaises(OSError, self.file().seek, -101, os.SEEK_END)

    def test_piece_that_nobody_reads_is_never_made(self):
        file = self.file()
        file.seek(65)
        file.read(10)
        self.assertEqual(self.asked, [2])

    def test_latest_pieces_are_remembered(self):
        for held, asked in ((1, [0, 1, 0, 1]), (2, [0, 1])):
            file = self.file(held=held)
            for place in (0, 40, 10, 50):
                file.seek(place)
                file.read(1)
            self.assertEqual(self.asked, asked)

    def test_what_a_piece_raises_reading_raises(self):
        def gone(_: int) -> bytes:
            raise FileNotFoundError

        self.assertRaises(FileNotFoundError, io.BufferedReader(LazyFile(gone, 30, 100)).read)

    def test_zip_is_read_from_it(self):
        content = zip_bytes({"a": b"one" * 100, "b": b"two"})
        with zipfile.ZipFile(self.file(content, 7)) as archive:
            self.assertEqual((archive.read("a"), archive.read("b")), (b"one" * 100, b"two"))
