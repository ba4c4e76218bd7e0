"""Members of a zip -> files, on several cores.

isal inflates faster than zlib and lets other threads run meanwhile, and members do not depend on each other.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from isal import isal_zlib

from imaging.errors import DamagedArchive, NestedArchive
from imaging.parallel import THREADS
from imaging.zip_entries import Entry, Source

STORED, DEFLATED = 0, 8
CHUNK = 1 << 18  # bytes, of packed and of unpacked ones in memory for each thread
# zip (with files, empty, in parts), gzip, 7z, rar and xz. A DICOM file begins with its preamble or with group 2 or 8.
ARCHIVE_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b\x08", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ")
MISFIT = "its packed bytes end too early or too late"
LONGEST_MARK = max(len(mark) for mark in ARCHIVE_MARKS)


@dataclass(frozen=True)
class Member:
    """A member to unpack: its packed bytes lie from ``start`` to ``stop`` of the upload.

    ``target`` is a file that is not there yet, or None: then the member is only checked.
    """

    entry: Entry
    start: int
    stop: int
    target: Path | None


def unpack(source: Source, members: Sequence[Member], then: Callable[[Path], None] | None = None) -> None:
    """Writes every member to its target, none of them longer than its entry says.

    ``then`` is called with each target, in order, while the next are written: inflating leaves the interpreter free.
    Raises DamagedArchive, NestedArchive or what ``then`` raises for the first in order with which something is wrong,
    whichever thread came upon something first. What is on disk then is not to be used.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for member, _ in zip(members, pool.map(partial(_unpack, source, stop), members), strict=True):
                if then and member.target:
                    then(member.target)
        finally:
            stop.set()


def _unpack(source: Source, stop: threading.Event, member: Member) -> None:
    with member.target.open("xb") if member.target else nullcontext() as out:
        for chunk in contents(source, member):
            if stop.is_set():
                return
            if out:
                out.write(chunk)


def contents(source: Source, member: Member) -> Iterator[bytes]:
    """The bytes of ``member`` in pieces of at most CHUNK bytes.

    Raises NestedArchive when they begin as an archive does, DamagedArchive as soon as they exceed the size in its
    entry, or when they end before it, do not inflate, or have another checksum.
    """
    entry, size, checksum, head = member.entry, 0, 0, b""
    pieces = _inflated if entry.compression == DEFLATED else _packed
    for chunk in pieces(source, member):
        size += len(chunk)
        if size > entry.size:
            raise _damage(entry, f"it is longer than the {entry.size} bytes that the directory tells")
        if len(head) < LONGEST_MARK:
            head += chunk[:LONGEST_MARK]
            if head.startswith(ARCHIVE_MARKS):
                raise NestedArchive(f"{entry.name} is an archive itself; send its files.", (entry.name,))
        checksum = isal_zlib.crc32(chunk, checksum)
        yield chunk
    if size < entry.size:
        raise _damage(entry, f"it is shorter than the {entry.size} bytes that the directory tells")
    if checksum != entry.checksum:
        raise _damage(entry, "its checksum is wrong")


def _packed(source: Source, member: Member) -> Iterator[bytes]:
    for start in range(member.start, member.stop, CHUNK):
        yield source.read(start, min(CHUNK, member.stop - start))


def _inflated(source: Source, member: Member) -> Iterator[bytes]:
    stream = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
    try:
        for packed in _packed(source, member):
            if stream.eof:  # or what follows would be gathered in memory
                raise _damage(member.entry, MISFIT)
            while chunk := stream.decompress(packed, CHUNK):
                yield chunk
                packed = stream.unconsumed_tail
    except isal_zlib.error as error:
        raise _damage(member.entry, "it does not inflate") from error
    if not stream.eof or stream.unused_data:
        raise _damage(member.entry, MISFIT)


def _damage(entry: Entry, reason: str) -> DamagedArchive:
    return DamagedArchive(f"{entry.name} is damaged: {reason}.", (entry.name,))
