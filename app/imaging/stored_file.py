"""Where the bytes of a file are: on disk, or still packed in an upload."""

import errno
import io
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from imaging.errors import FileProblem, LimitExceeded, OutOfTime

LONGEST_HEAD = 32_000_000  # bytes of a packed file that are held in memory while its header is read
# Every element and every item of a header is read by itself and, empty or not, costs more than a kilobyte meanwhile.
# An Enhanced MR image of 800 frames has some 100,000, a file of one slice some 300.
MOST_READS = 250_000
MOST_READS_TOGETHER = 4_000_000  # in all headers of an upload
# A deflated file is inflated for its header and for each of its frames. A gigabyte takes a second.
MOST_INFLATED_TOGETHER = 16_000_000_000  # bytes, in an upload
AHEAD = 1 << 13  # bytes taken at once; a header is some 4,000 to 20,000 long


@dataclass
class Allowance:
    """What reading an upload may still cost, all its files together: ``reads`` from headers, ``inflated`` bytes of
    deflated files, and the time until ``end``, as ``time.monotonic`` tells it."""

    reads: int = MOST_READS_TOGETHER
    inflated: int = MOST_INFLATED_TOGETHER
    end: float = math.inf

    def check_time(self) -> None:
        """Raises OutOfTime."""
        if time.monotonic() > self.end:
            raise OutOfTime

    def read(self) -> None:
        """Counts a read. Raises LimitExceeded."""
        self.reads -= 1
        if self.reads < 0:
            raise LimitExceeded(f"The headers of the files hold more than {MOST_READS_TOGETHER} elements together.")

    def inflate(self, count: int) -> None:
        """Counts bytes. Raises LimitExceeded."""
        self.inflated -= count
        if self.inflated < 0:
            raise LimitExceeded(f"The deflated files take more than {MOST_INFLATED_TOGETHER} bytes to be read.")


class StoredFile(Protocol):
    """A file that can be opened any number of times, in any thread. What that costs its upload has of ``allowance``."""

    allowance: Allowance

    def head(self) -> "Counted":
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
    allowance: Allowance = field(default_factory=Allowance, repr=False, compare=False)

    def head(self) -> "Counted":
        return Counted(self.path.open("rb", buffering=0), Reads(MOST_READS, self.allowance))

    def opened(self) -> BinaryIO:
        self.allowance.check_time()
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
    """How often one header may still be read from, within what its upload is allowed."""

    left: int
    allowance: Allowance


class Counted(io.BufferedReader):
    """Raises FileProblem when a header is read from too often, LimitExceeded when all headers of its upload are."""

    def __init__(self, raw: io.RawIOBase | io.BytesIO, reads: Reads):
        super().__init__(raw, AHEAD)
        self._reads = reads

    def read(self, size: int | None = -1) -> bytes:
        self._reads.left -= 1
        if self._reads.left < 0:
            raise FileProblem(f"has a header of more than {MOST_READS} elements")
        self._reads.allowance.read()
        return super().read(size)

    @property
    def allowance(self) -> Allowance:
        return self._reads.allowance

    def beside(self, content: bytes) -> "Counted":
        """``content``, a part of the same header that was unpacked, counted with it."""
        return Counted(io.BytesIO(content), self._reads)


def gradual(pieces: Iterator[bytes], allowance: Allowance) -> Counted:
    """``pieces`` of bytes, read like a file; none is taken before it, or the AHEAD bytes before it, are needed."""
    return Counted(Gradual(pieces), Reads(MOST_READS, allowance))
