"""Damaged copies of a file, and what reading a damaged DICOM file may come to. For tests and for fuzzing."""

from pathlib import Path
from random import Random

from imaging.errors import NotADicomImage
from imaging.slice_reading import read_slices
from imaging.tests.encodings import every_syntax

MOST_CHANGES = 4
# What counts, lengths and flags are made of.
TELLING = (b"\0", b"\1", b"\x7f", b"\x80", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xd9", b"\xfe\xff\xdd\xe0")
# A mutated header may speak of thousands of frames.
MOST_FRAMES = 20


def mutated(content: bytes, other: bytes, random: Random) -> bytes:
    """``content`` with one or MOST_CHANGES pieces flipped, overwritten, cut out, doubled or taken from ``other``."""
    for _ in range(random.choice((1, 1, 1, MOST_CHANGES))):
        content = random.choice((_flipped, _overwritten, _without, _doubled, _cut, _spliced))(content, other, random)
    return content


def _piece(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.choice((1, 2, 4, 8, 64, 512)))


def _flipped(content: bytes, _, random: Random) -> bytes:
    start, end = _piece(content, random)
    flipped = bytes(each ^ 1 << random.randrange(8) for each in content[start : min(end, start + 4)])
    return content[:start] + flipped + content[start + len(flipped) :]


def _overwritten(content: bytes, _, random: Random) -> bytes:
    start, _, telling = *_piece(content, random), random.choice(TELLING)
    return content[:start] + telling + content[start + len(telling) :]


def _without(content: bytes, _, random: Random) -> bytes:
    start, end = _piece(content, random)
    return content[:start] + content[end:]


def _doubled(content: bytes, _, random: Random) -> bytes:
    start, end = _piece(content, random)
    return content[:end] + content[start:]


def _cut(content: bytes, _, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _spliced(content: bytes, other: bytes, random: Random) -> bytes:
    (start, end), (first, last) = _piece(content, random), _piece(other, random)
    return content[:start] + other[first:last] + content[end:]


def damaged_dicom(syntax: str, random: Random) -> bytes:
    """A small file of ``syntax``, mutated, partly with pieces of a file of any other."""
    files = every_syntax()
    return mutated(files[syntax], random.choice(list(files.values())), random)


def read_or_refused(content: bytes, path: Path) -> str:
    """ "read" or "refused": what comes of ``content``, written to ``path``.

    Raises AssertionError for slices that are not what their header says, and whatever else reading raises.
    """
    path.write_bytes(content)
    try:
        for found in read_slices(path, path.name)[:MOST_FRAMES]:
            stored, (low, high) = found.stored(), _range(found.pixels)
            assert stored.shape == found.brightness().shape == (found.rows, found.columns), stored.shape
            assert low <= stored.min() and stored.max() <= high, (stored.min(), stored.max())
    except NotADicomImage:
        return "refused"
    return "read"


def _range(pixels) -> tuple[int, int]:
    count = 2**pixels.bits_stored
    return (-count // 2, count // 2 - 1) if pixels.signed else (0, count - 1)
