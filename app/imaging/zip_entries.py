"""The directory of a zip -> its entries.

Python's zipfile reads a directory of any size into memory before one can ask how large it is (docs/decisions/0007).
Here the end record is judged first, and an entry must agree with the header before its data.
The layout is that of PKWARE's APPNOTE.TXT, 4.3.7 (local header), 4.3.12 (directory) and 4.3.14 to 4.3.16 (end records).
"""

import io
import os
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from imaging.errors import DamagedArchive, LimitExceeded, NotAZip

# mark, this part, part of the directory, entries here, entries, bytes and place of the directory, length of the comment
END = struct.Struct("<4s4H2LH")
# mark, part, place of the record that follows, parts
LOCATOR = struct.Struct("<4sLQL")
# mark, length, versions, this part, part of the directory, entries here, entries, bytes and place of the directory
END64 = struct.Struct("<4sQ2H2L4Q")
# mark, flags, compression, checksum, packed size, size, lengths of name, extra and comment, attributes, place of header
DIRECTORY = struct.Struct("<4s4x2H4x3L3H4x2L")
# mark, flags, compression, lengths of name and extra
LOCAL = struct.Struct("<4s2x2H16x2H")
END_MARK, LOCATOR_MARK, END64_MARK = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
DIRECTORY_MARK, LOCAL_MARK = b"PK\x01\x02", b"PK\x03\x04"
LONGEST_COMMENT = 0xFFFF
WIDE = 0xFFFFFFFF  # the value is in the zip64 field
WIDE_FIELD, UNICODE_NAME_FIELD = 0x0001, 0x7075
ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000  # traditional, strong, and a directory that hides its values
PATCHED_FLAG, UTF8_FLAG = 0x0020, 0x0800
# More than any writer needs for an entry's fixed part, name, extra fields and comment, averaged over an archive.
ENTRY_BYTES = 1024


class Source:
    """The bytes of an upload, which several threads may read at once. ``size`` is in bytes."""

    def __init__(self, file: BinaryIO):
        file.seek(0, os.SEEK_END)
        self.size = file.tell()
        self._file, self._lock = file, threading.Lock()
        try:
            self._descriptor = file.fileno()
        except io.UnsupportedOperation:
            self._descriptor = None

    def read(self, start: int, count: int) -> bytes:
        """The ``count`` bytes from ``start`` on. Raises DamagedArchive when the upload does not hold them all."""
        if start < 0 or start + count > self.size:
            raise DamagedArchive("The archive ends too early.")
        if self._descriptor is not None:
            return os.pread(self._descriptor, count, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(count)


@dataclass(frozen=True)
class Entry:
    """A member as the directory tells of it.

    ``packed_size`` and ``size`` are in bytes, ``start`` is where its header lies, in bytes from the beginning of the
    upload. ``mode`` holds its kind and rights as in Unix, 0 when nothing is said. ``compression`` is a number of
    APPNOTE.TXT 4.4.5, ``checksum`` a CRC-32.
    """

    name: str
    raw_name: bytes
    flags: int
    compression: int
    checksum: int
    packed_size: int
    size: int
    start: int
    mode: int

    @property
    def encrypted(self) -> bool:
        return bool(self.flags & ENCRYPTED_FLAGS)

    @property
    def patched(self) -> bool:
        """It holds the changes to a file that is not here."""
        return bool(self.flags & PATCHED_FLAG)


@dataclass(frozen=True)
class _Directory:
    """``entries`` is how many there are said to be; it lies from ``start`` to ``stop`` of the upload.

    ``moved``: bytes that stand before the zip, as in a self-extracting one; every place it tells is too small by them.
    """

    entries: int
    start: int
    stop: int
    moved: int


def read_entries(source: Source, most: int) -> list[Entry]:
    """Every entry of the zip in the order of its directory, folders and clutter too.

    Raises NotAZip without an end record; LimitExceeded for more than ``most`` entries, or a directory larger than they
    can need, before it is read; DamagedArchive when it contradicts itself.
    """
    directory = _find_directory(source)
    size = directory.stop - directory.start
    if directory.entries > most or size > most * ENTRY_BYTES:
        told = f"{directory.entries} entries in {size} bytes; {most} entries in {most * ENTRY_BYTES} are the most."
        raise LimitExceeded(f"The archive's directory holds {told}")
    entries = _parse(source.read(directory.start, size), directory.moved, most)
    # the plain end record counts to 65,535, and some writers let it run over
    if (len(entries) - directory.entries) % 0x10000:
        raise DamagedArchive(f"The archive lists {len(entries)} entries and says that there are {directory.entries}.")
    return entries


def data_range(source: Source, entry: Entry) -> tuple[int, int]:
    """Where the packed bytes of ``entry`` begin and end in the upload.

    Raises DamagedArchive when its header is missing or speaks of something else than the directory, or when the data
    do not lie inside the upload.
    """
    length = LOCAL.size + len(entry.raw_name)
    if entry.start + length > source.size:
        raise DamagedArchive(f"{entry.name} is cut off.", (entry.name,))
    header = source.read(entry.start, length)
    mark, flags, compression, name_length, extra_length = LOCAL.unpack_from(header)
    if mark != LOCAL_MARK:
        raise DamagedArchive(f"{entry.name} is not where the archive's directory says.", (entry.name,))
    if name_length != len(entry.raw_name) or header[LOCAL.size :] != entry.raw_name:
        raise DamagedArchive(f"{entry.name} has another name at its data than in the directory.", (entry.name,))
    if compression != entry.compression or (flags ^ entry.flags) & ENCRYPTED_FLAGS:
        raise DamagedArchive(f"{entry.name} is packed otherwise than the archive's directory says.", (entry.name,))
    start = entry.start + length + extra_length
    if start + entry.packed_size > source.size:
        raise DamagedArchive(f"{entry.name} is cut off.", (entry.name,))
    return start, start + entry.packed_size


def _find_directory(source: Source) -> _Directory:
    stop, fields = _end_record(source)
    _, _, _, here, entries, size, offset, _ = fields
    wide = _wide_end_record(source, stop)
    if wide:
        stop, (*_, here, entries, size, offset) = wide
    if here != entries:
        raise DamagedArchive("The archive is one of several parts; send it in one.")
    start = stop - size
    if start < offset:
        raise DamagedArchive("The archive's directory is not where its end says.")
    return _Directory(entries, start, stop, moved=start - offset)


def _end_record(source: Source) -> tuple[int, tuple]:
    """Place and fields of the last record whose comment fits: a comment may itself hold the mark."""
    before = max(source.size - END.size - LONGEST_COMMENT, 0)
    tail = source.read(before, source.size - before)
    place = tail.rfind(END_MARK)
    while place >= 0:
        if place + END.size <= len(tail):
            fields = END.unpack_from(tail, place)
            if place + END.size + fields[-1] <= len(tail):
                return before + place, fields
        place = tail.rfind(END_MARK, 0, place)
    raise NotAZip("series.zip is not a zip archive, or its end is missing.")


def _wide_end_record(source: Source, stop: int) -> tuple[int, tuple] | None:
    """Place and fields of the zip64 end record, when the end record at ``stop`` has a locator before it."""
    locator = stop - LOCATOR.size
    if locator < 0:
        return None
    mark, _, told, _ = LOCATOR.unpack(source.read(locator, LOCATOR.size))
    if mark != LOCATOR_MARK:
        return None
    # the second place is the right one when bytes stand before the zip
    for place in (told, locator - END64.size):
        if 0 <= place <= locator - END64.size:
            fields = END64.unpack(source.read(place, END64.size))
            if fields[0] == END64_MARK:
                return place, fields
    raise DamagedArchive("The archive's zip64 end record is missing.")


def _parse(directory: bytes, moved: int, most: int) -> list[Entry]:
    entries, place = [], 0
    while place < len(directory):
        if len(entries) == most:
            raise LimitExceeded(f"The archive's directory holds more than {most} entries.")
        entry, place = _entry(directory, place, moved)
        entries.append(entry)
    return entries


def _entry(directory: bytes, place: int, moved: int) -> tuple[Entry, int]:
    """The entry at ``place`` of the directory, and the place of the next."""
    after = place + DIRECTORY.size
    if after > len(directory) or not directory.startswith(DIRECTORY_MARK, place):
        raise DamagedArchive("The archive's directory is damaged.")
    _, flags, compression, checksum, packed_size, size, *lengths, attributes, start = DIRECTORY.unpack_from(
        directory, place
    )
    stop = after + sum(lengths)
    if stop > len(directory):
        raise DamagedArchive("The archive's directory is damaged.")
    raw_name = directory[after : after + lengths[0]]
    extra = _fields(directory[after + lengths[0] : after + lengths[0] + lengths[1]])
    name = _name(raw_name, flags, extra)
    size, packed_size, start = _widened(name, (size, packed_size, start), extra.get(WIDE_FIELD, b""))
    mode = attributes >> 16
    return Entry(name, raw_name, flags, compression, checksum, packed_size, size, start + moved, mode), stop


def _fields(extra: bytes) -> dict[int, bytes]:
    """Header id -> content. What is cut off at the end is passed over: some tools pad with zeros."""
    found, place = {}, 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        found.setdefault(kind, extra[place + 4 : place + 4 + length])
        place += 4 + length
    return found


def _name(raw: bytes, flags: int, extra: dict[int, bytes]) -> str:
    field = extra.get(UNICODE_NAME_FIELD, b"")
    if not flags & UTF8_FLAG and field.startswith(b"\1" + struct.pack("<L", zlib.crc32(raw))):
        raw, flags = field[5:], UTF8_FLAG
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if flags & UTF8_FLAG:
            raise DamagedArchive(f"The name {raw!r} is said to be UTF-8 and is not.") from error
        # macOS and Debian's zip write UTF-8 without saying so, so it is tried before the code page of DOS
        return raw.decode("cp437")


def _widened(name: str, values: tuple[int, ...], field: bytes) -> list[int]:
    """``values`` with those of more than 32 bits taken from the zip64 field, where they stand in the same order."""
    found, place = [], 0
    for value in values:
        if value == WIDE:
            if place + 8 > len(field):
                raise DamagedArchive(f"{name} lacks a zip64 field.", (name,))
            (value,) = struct.unpack_from("<Q", field, place)
            place += 8
        found.append(value)
    return found
