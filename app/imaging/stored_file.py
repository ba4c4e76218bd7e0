"""Where the bytes of a file are: on disk, or still packed in an upload."""

import errno
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from imaging.errors import FileProblem, LimitExceeded

LONGEST_HEAD = 32_000_000  # bytes of a packed file that are held in memory while its header is read
# Every element and every item of a header is read by itself and, empty or not, costs more than a kilobyte meanwhile.
# An Enhanced MR image of 800 frames has some 100,000, a file of one slice some 300.
MOST_READS = 250_000
MOST_READS_TOGETHER = 4_000_000  # in all headers of an upload


class StoredFile(Protocol):
    """A file that can be opened any number of times, in any thread."""

    def head(self) -> BinaryIO:
        """The file, to read its beginning: what is not asked for may not even be unpacked, or checked."""

    def opened(self) -> BinaryIO:
        """All of the file, whole and checked, as far as there is anything to check it by."""

    def settled(self, times: int) -> "StoredFile":
        """The file at a place where opening it so many times is cheap."""

    def check(self) -> None:
        """Sees that it is whole, as ``opened`` does."""


@dataclass(frozen=True)
class DiskFile:
    """A file on disk."""

    path: Path

    def head(self) -> BinaryIO:
        return self.path.open("rb")

    def opened(self) -> BinaryIO:
        return self.path.open("rb")

    def settled(self, times: int) -> StoredFile:  # noqa: ARG002
        return self

    def check(self) -> None:
        """There is nothing to check it by."""


class Gradual(io.RawIOBase):
    """``pieces`` of bytes as the raw stream under ``gradual``.

    Raises FileProblem when more than LONGEST_HEAD bytes are needed.
    """

    name = ""  # pydicom asks every buffered stream for one

    def __init__(self, pieces: Iterator[bytes]):
        super().__init__()
        self._pieces, self._taken, self._place = pieces, bytearray(), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            self._reach(None)
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: len(self._taken)}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "a place before the beginning")
        self._place = start + offset
        return self._place

    def readinto(self, buffer: bytearray | memoryview) -> int:
        self._reach(self._place + len(buffer))
        found = self._taken[self._place : self._place + len(buffer)]
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def _reach(self, stop: int | None) -> None:
        while stop is None or len(self._taken) < stop:
            piece = next(self._pieces, None)
            if piece is None:
                return
            self._taken += piece
            if len(self._taken) > LONGEST_HEAD:
                raise FileProblem(f"has a header of more than {LONGEST_HEAD} bytes")


@dataclass
class Reads:
    """How often the headers of one upload may still be read from."""

    left: int = MOST_READS_TOGETHER


class Counted(io.BufferedReader):
    """Raises FileProblem when it is read from more than MOST_READS times, LimitExceeded when all of its upload are too
    often."""

    def __init__(self, raw: io.RawIOBase, ahead: int, together: Reads):
        super().__init__(raw, ahead)
        self._left, self._together = MOST_READS, together

    def read(self, size: int | None = -1) -> bytes:
        self._left -= 1
        self._together.left -= 1
        if self._left < 0:
            raise FileProblem(f"has a header of more than {MOST_READS} elements")
        if self._together.left < 0:
            raise LimitExceeded(f"The headers of the files hold more than {MOST_READS_TOGETHER} elements together.")
        return super().read(size)


def gradual(pieces: Iterator[bytes], ahead: int, together: Reads) -> BinaryIO:
    """``pieces`` of bytes, read like a file; none is taken before it, or the ``ahead`` bytes before it, are needed."""
    return Counted(Gradual(pieces), ahead, together)
