"""Where the frames of encapsulated pixel data lie (DICOM PS3.5 annex A.4).

pydicom walks over all fragments of a file once for each of its frames, however many there are; here it is done once,
and no further than the fragments of that many frames can go.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from imaging.errors import FileProblem

ITEM, DELIMITER = 0xFFFEE000, 0xFFFEE0DD
FRAME_END = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
LONGEST_PADDING = 10  # bytes that may follow it
# A frame in pieces of 64 KB, as some encoders write it, has 128 of them when it is as large as slices may be.
MOST_FRAGMENTS_A_FRAME = 1024


@dataclass(frozen=True)
class Fragment:
    """From ``start`` on ``length`` bytes of the file."""

    start: int
    length: int

    def read(self, file: BinaryIO) -> bytes:
        file.seek(self.start)
        return file.read(self.length)


Frame = Sequence[Fragment]


def frames_in_fragments(file: BinaryIO, offset: int, frames: int) -> list[Frame]:
    """The fragments of each of the ``frames`` of the pixel data whose value begins at ``offset``; of fewer where not
    all are there.

    The offset table tells which fragments are a frame's. Without one each fragment is a frame where there are as many
    of both, else a frame ends with the fragment that ends as JPEG and JPEG 2000 do. Raises FileProblem when the pixel
    data are no fragments, break off, or are in more pieces than any encoder makes.
    """
    file.seek(offset)
    begin, length = _item(file)
    if begin is None:
        raise FileProblem("has truncated pixel data")
    table = Fragment(begin, length).read(file) if length == 4 * frames else b""
    file.seek(begin + length)
    found = list(_fragments(file, frames * MOST_FRAGMENTS_A_FRAME))
    if len(table) == 4 * frames and found:
        return _by_table(found, struct.unpack(f"<{frames}I", table))
    if len(found) == frames:
        return [(each,) for each in found]
    return [found] if frames == 1 else list(_by_ends(file, found))


def _fragments(file: BinaryIO, most: int) -> Iterator[Fragment]:
    for _ in range(most):
        start, length = _item(file)
        if start is None:
            return
        yield Fragment(start, length)
        file.seek(start + length)
    raise FileProblem(f"holds pixel data in more than {most} pieces")


def _item(file: BinaryIO) -> tuple[int | None, int]:
    """Where the value of the item begins at which ``file`` stands, and its length; None at the end of all."""
    head = file.read(8)
    group, element, length = struct.unpack("<HHL", head.ljust(8, b"\0"))
    tag = group << 16 | element
    # many files end without the delimiter
    if len(head) < 4 or tag == DELIMITER:
        return None, 0
    if len(head) < 8 or tag != ITEM or length == 0xFFFFFFFF:
        raise FileProblem("has truncated pixel data")
    return file.tell(), length


def _by_table(found: list[Fragment], offsets: Sequence[int]) -> list[Frame]:
    """``offsets`` count from the header of the first fragment to that of each frame's first."""
    first = found[0].start
    places = {each.start - first: number for number, each in enumerate(found)}
    if offsets[0] != 0 or any(each not in places for each in offsets):
        raise FileProblem("has an offset table that does not fit its pixel data")
    begins = [places[each] for each in offsets]
    return [found[begin:end] for begin, end in pairwise([*begins, len(found)])]


def _by_ends(file: BinaryIO, found: list[Fragment]) -> Iterator[Frame]:
    frame: list[Fragment] = []
    for each in found:
        frame.append(each)
        tail = min(each.length, LONGEST_PADDING)
        if FRAME_END in Fragment(each.start + each.length - tail, tail).read(file):
            yield frame
            frame = []
    if frame:
        yield frame
