"""Zips written byte by byte, so that each may say anything of itself. Layout: APPNOTE.TXT 4.3."""

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from imaging.exam import FOLDERS

WIDE = 0xFFFFFFFF


@dataclass(frozen=True)
class Raw:
    """A member and what the zip says of it; None: the truth. ``mode`` is the kind and rights of Unix."""

    name: bytes
    content: bytes = b"content"
    compression: int = 0
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    packed: bytes | None = None
    size: int | None = None
    checksum: int | None = None
    local_name: bytes | None = None
    start: int | None = None

    def stream(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return self.content if self.compression == 0 else deflated(self.content)

    def facts(self) -> tuple[int, int, int]:
        checksum = zlib.crc32(self.content) if self.checksum is None else self.checksum
        return checksum, len(self.stream()), len(self.content) if self.size is None else self.size

    def local(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, self.flags, self.compression, 0, 33, *self.facts(), len(name), 0)
        return head + name + self.stream()

    def entry(self, start: int) -> bytes:
        start = start if self.start is None else self.start
        lengths = (len(self.name), len(self.extra), 0)
        head = (b"PK\1\2", 20, 20, self.flags, self.compression, 0, 33, *self.facts(), *lengths, 0, 0, self.mode << 16)
        return struct.pack("<4s6H3L5H2L", *head, start) + self.name + self.extra


def deflated(content: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return stream.compress(content) + stream.flush()


def raw_zip(*members: Raw, before: bytes = b"", comment: bytes = b"", entries: int | None = None) -> bytes:
    """A zip of ``members`` after the bytes ``before``, whose end tells of ``entries`` (None: the truth)."""
    data, directory = _laid_out(members, Raw.entry)
    count = len(members) if entries is None else entries
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(data), len(comment))
    return before + data + directory + end + comment


def wide_zip(*members: Raw, before: bytes = b"", entries: int | None = None) -> bytes:
    """As ``raw_zip``, with every size and place in zip64 fields and a zip64 end record."""
    data, directory = _laid_out(members, _wide_entry)
    count = len(members) if entries is None else entries
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), len(data))
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(data) + len(directory), 1)
    plain = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, WIDE, WIDE, 0)
    return before + data + directory + end + locator + plain


def _laid_out(members: Sequence[Raw], entry: Callable[[Raw, int], bytes]) -> tuple[bytes, bytes]:
    """All the members' data, and the directory to them."""
    local = [member.local() for member in members]
    starts = accumulate(map(len, local), initial=0)
    return b"".join(local), b"".join(entry(member, start) for member, start in zip(members, starts, strict=False))


def _wide_entry(member: Raw, start: int) -> bytes:
    _, packed, size = member.facts()
    field = struct.pack("<2H3Q", 1, 24, size, packed, start)
    entry = replace(member, extra=field + member.extra).entry(WIDE)
    return entry[:20] + b"\xff" * 8 + entry[28:]


def exam(**changes) -> list[Raw]:
    """``001.dcm`` in each of the four folders; ``changes`` are made to the second, ``1st_pass/001.dcm``."""
    members = [Raw(f"{folder}/001.dcm".encode()) for folder in FOLDERS]
    members[1] = replace(members[1], **changes)
    return members
