"""What the headers of a JPEG 2000 codestream (ITU-T T.800 annex A) have a decoder set up, whatever data follow.

OpenJPEG makes room for every tile, precinct and code-block that headers speak of: a frame of a few hundred bytes can
ask for gigabytes, or for hours. Encoders that are used for images ask for hundreds of each.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imaging.errors import FileProblem

SOC_SIZ = b"\xff\x4f\xff\x51"
COD, COC, POC, SOT, SOD, EOC = 0xFF52, 0xFF53, 0xFF5F, 0xFF90, 0xFF93, 0xFFD9
# CAP, SIZ, TLM, PLM, PLT, CPF, QCD, QCC, RGN, PPM, PPT, CRG, COM and SOT. Behind any other OpenJPEG looks for the next
# that it knows, wherever that stands.
OTHERS = (0xFF50, 0xFF51, 0xFF55, *range(0xFF57, 0xFF5A), *range(0xFF5C, 0xFF5F), 0xFF60, 0xFF61, 0xFF63, 0xFF64, SOT)
PRECINCTS_TOLD = 1  # flag of the coding style
MOST_LEVELS = 32  # the standard's own
# A slice of 2048 x 2048 has 1,024 tiles of 64 x 64, or 16,384 code-blocks of 16 x 16 in its highest resolution.
MOST_TILES = 4096
MOST_PARTS = 200_000  # precincts and code-blocks, in all tiles together
MOST_PACKETS = 400_000  # layers times precincts: each is looked for

BROKEN = "holds a JPEG 2000 frame whose header is broken"


class CodestreamError(FileProblem):
    """The codestream is none, or more work than an image is."""


@dataclass(frozen=True)
class Size:
    """Of the image and of a tile, in pixels; how many ``components`` of which ``depth`` in bits."""

    rows: int
    columns: int
    tile_rows: int
    tile_columns: int
    components: int
    depth: int
    signed: bool

    @property
    def tiles(self) -> int:
        return -(-self.rows // self.tile_rows) * -(-self.columns // self.tile_columns)


@dataclass(frozen=True)
class Coding:
    """How a tile is parted: ``layers`` of it, resolution ``levels`` below the full one, each with precincts and
    code-blocks whose width and height are powers of two with these exponents."""

    layers: int
    levels: int
    block: tuple[int, int]
    precincts: tuple[tuple[int, int], ...]

    def parts(self, rows: int, columns: int) -> tuple[int, int]:
        """Precincts, and code-blocks, of a tile of this size."""
        precincts = blocks = 0
        for level, exponents in enumerate(self.precincts):
            below = self.levels - level
            sizes = -(-columns >> below), -(-rows >> below)
            # a tile need not begin where a precinct does
            across, down = ((size >> each) + 2 for size, each in zip(sizes, exponents, strict=True))
            precincts += across * down
            inner = exponents if level == 0 else tuple(max(each - 1, 0) for each in exponents)
            width, height = (min(each, most) for each, most in zip(self.block, inner, strict=True))
            blocks += ((sizes[0] >> width) + 2) * ((sizes[1] >> height) + 2) * (1 if level == 0 else 3)
        return precincts, blocks


def check_codestream(encoded: bytes) -> Size:
    """The size that the SIZ segment of ``encoded`` tells, once its headers ask for no more than an image needs.

    Raises CodestreamError for what is no codestream, lies on another grid than its pixels, codes components or changes
    the order of progression in ways of their own, or has more tiles, precincts, code-blocks or packets than MOST_TILES,
    MOST_PARTS and MOST_PACKETS.
    """
    size = _size(encoded)
    if size.tiles > MOST_TILES:
        raise CodestreamError(f"holds a JPEG 2000 frame of {size.tiles} tiles; {MOST_TILES} are the most")
    rows, columns = min(size.rows, size.tile_rows), min(size.columns, size.tile_columns)
    for marker, segment in _segments(encoded):
        if marker in (COC, POC):
            raise CodestreamError("holds a JPEG 2000 frame that is coded in several ways, which is not read")
        if marker == COD:
            coding = _coding(segment)
            precincts, blocks = (each * size.tiles for each in coding.parts(rows, columns))
            if precincts + blocks > MOST_PARTS or coding.layers * precincts > MOST_PACKETS:
                raise CodestreamError("holds a JPEG 2000 frame in more parts than an image needs")
        elif marker not in OTHERS:
            raise CodestreamError(BROKEN)
    return size


def _size(encoded: bytes) -> Size:
    """A.5.1."""
    if not encoded.startswith(SOC_SIZ) or len(encoded) < 45:
        raise CodestreamError("holds a frame that is no JPEG 2000 codestream")
    columns, rows, left, top, width, height, tile_left, tile_top, components = struct.unpack_from(">8IH", encoded, 8)
    depth, across, down = encoded[42:45]
    if any((left, top, tile_left, tile_top)) or (across, down) != (1, 1) or 0 in (width, height):
        raise CodestreamError("holds a JPEG 2000 frame on another grid than its pixels")
    return Size(rows, columns, height, width, components, (depth & 0x7F) + 1, bool(depth & 0x80))


def _coding(segment: bytes) -> Coding:
    """A.6.1. ``segment`` begins behind its length."""
    try:
        style, _, layers, _, levels, wide, high, _, _ = struct.unpack_from(">BBHBBBBBB", segment)
        told = segment[10 : 10 + levels + 1] if style & PRECINCTS_TOLD else bytes([0xFF] * (levels + 1))
    except struct.error as error:
        raise CodestreamError(BROKEN) from error
    if levels > MOST_LEVELS or len(told) <= levels or not layers:
        raise CodestreamError(BROKEN)
    precincts = tuple((each & 0xF, each >> 4) for each in told)
    return Coding(layers, levels, ((wide & 0xF) + 2, (high & 0xF) + 2), precincts)


def _segments(encoded: bytes) -> Iterator[tuple[int, bytes]]:
    """The marker segments of the main header and those of all tile-parts, up to what cannot be followed any further,
    where a decoder ends too."""
    at, part = len(SOC_SIZ) - 2, None
    while at + 4 <= len(encoded):
        marker, length = struct.unpack_from(">HH", encoded, at)
        if marker == SOT and at + 12 <= len(encoded):
            (told,) = struct.unpack_from(">I", encoded, at + 6)
            part = at + told if told else len(encoded)
        elif marker == SOD and part is not None and part > at:
            at, part = part, None
            continue
        elif marker in (SOD, EOC):
            return
        yield marker, encoded[at + 4 : at + 2 + length]
        at += 2 + length
