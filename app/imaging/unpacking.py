"""Members of a zip, which stay packed until they are asked for.

What is not opened very often is never written to disk, so that nothing of it can be left there. isal inflates faster
than zlib and lets other threads run meanwhile, and members do not depend on each other.
"""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from imaging.errors import DamagedArchive, NestedArchive
from imaging.stored_file import AHEAD, Allowance, Counted, DiskFile, StoredFile, gradual
from imaging.zip_entries import Entry, Source

STORED, DEFLATED = 0, 8
CHUNK = 1 << 18  # bytes, of packed and of unpacked ones in memory at a time
# Of a file that is opened so often that more than this is inflated, a copy on disk is cheaper.
MOST_INFLATED = 16_000_000  # bytes
# zip (with files, empty, in parts), gzip, 7z, rar and xz. A DICOM file begins with its preamble or with group 2 or 8.
ARCHIVE_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b\x08", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ")
MISFIT = "its packed bytes end too early or too late"
LONGEST_MARK = max(len(mark) for mark in ARCHIVE_MARKS)


@dataclass(frozen=True)
class Member:
    """A member of the zip ``source``, a StoredFile: its packed bytes lie from ``start`` to ``stop``.

    ``target`` is where it is written if it must be: a file that is not there yet. ``allowance`` is shared by all
    members of an upload. Reading it raises OutOfTime when that is over, NestedArchive when it begins as an archive
    does, DamagedArchive as soon as it exceeds the size in its entry, or when it ends before that, does not inflate, or
    has another checksum; ``head`` only as far as it is read, and LimitExceeded when headers are read from too often.
    """

    source: Source
    entry: Entry
    start: int
    stop: int
    target: Path
    allowance: Allowance = field(repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def head(self) -> Counted:
        return gradual(self.pieces(AHEAD), self.allowance)

    def opened(self) -> BinaryIO:
        return io.BytesIO(b"".join(self.pieces()))

    def settled(self, times: int) -> StoredFile:
        """On disk, at ``target``, where opening it costs more than MOST_INFLATED."""
        return self._written() if times * self.entry.size > MOST_INFLATED else self

    def _written(self) -> DiskFile:
        with self._lock:
            if not self.target.exists():
                self.target.parent.mkdir(parents=True, exist_ok=True)
                partial = self.target.with_name(f"{self.target.name}.part")
                with partial.open("wb") as out:
                    for piece in self.pieces():
                        out.write(piece)
                partial.rename(self.target)
        return DiskFile(self.target, self.allowance)

    def check(self) -> None:
        for _ in self.pieces():
            pass

    def pieces(self, chunk: int = CHUNK) -> Iterator[bytes]:
        """The bytes in pieces of at most ``chunk`` bytes."""
        size, checksum, head = 0, 0, b""
        unpacked = self._inflated if self.entry.compression == DEFLATED else self._packed
        for piece in unpacked(chunk):
            self.allowance.check_time()
            size += len(piece)
            if size > self.entry.size:
                raise self._damage(f"it is longer than the {self.entry.size} bytes that the directory tells")
            if len(head) < LONGEST_MARK:
                head += piece[:LONGEST_MARK]
                if head.startswith(ARCHIVE_MARKS):
                    raise NestedArchive(f"{self.entry.name} is an archive itself; send its files.", (self.entry.name,))
            checksum = isal_zlib.crc32(piece, checksum)
            yield piece
        if size < self.entry.size:
            raise self._damage(f"it is shorter than the {self.entry.size} bytes that the directory tells")
        if checksum != self.entry.checksum:
            raise self._damage("its checksum is wrong")

    def _packed(self, chunk: int) -> Iterator[bytes]:
        for start in range(self.start, self.stop, chunk):
            yield self.source.read(start, min(chunk, self.stop - start))

    def _inflated(self, chunk: int) -> Iterator[bytes]:
        stream = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
        try:
            for packed in self._packed(chunk):
                if stream.eof:  # or what follows would be gathered in memory
                    raise self._damage(MISFIT)
                while piece := stream.decompress(packed, chunk):
                    yield piece
                    packed = stream.unconsumed_tail
        except isal_zlib.error as error:
            raise self._damage("it does not inflate") from error
        if not stream.eof or stream.unused_data:
            raise self._damage(MISFIT)

    def _damage(self, reason: str) -> DamagedArchive:
        return DamagedArchive(f"{self.entry.name} is damaged: {reason}.", (self.entry.name,))
