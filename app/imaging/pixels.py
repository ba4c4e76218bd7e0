"""The pixel data of one frame of a DICOM file -> stored values.

Uncompressed frames are read here. Compressed ones go to a decoder, but only after the frame's own header has been
compared with the DICOM header: a decoder given a frame of another size, or one that breaks off, returns wrong pixels,
takes a machine's memory or never returns (docs/decisions/0005).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

import imagecodecs
import numpy as np
from pydicom import uid

from imaging.errors import FileProblem
from imaging.fragments import Frame, frames_in_fragments
from imaging.jpeg_2000 import check_codestream

NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
SCAN, JPEG_LS_FRAME = 0xDA, 0xF7
LONGEST_FRAME_HEADER = 1 << 16  # bytes; tables and comments
FILL = 0xFF  # any number of them may stand before a marker's code (T.81 B.1.1.2)
JPEG_FRAMES = (0xC0, 0xC1, 0xC3, JPEG_LS_FRAME)  # baseline, extended, lossless, JPEG-LS: ITU-T T.81 table B.1, T.87


class PixelError(FileProblem):
    """The pixel data cannot be read."""


@dataclass(frozen=True)
class PixelData:
    """Where the frames of a file lie and how they are written (DICOM PS3.5 section 8, PS3.3 C.7.6.3).

    ``offset`` is the place of the first byte of the value in bytes, ``length`` its bytes, None when it is encapsulated
    in fragments. ``words``: 8-bit pixels in 16-bit words, which a big-endian file swaps in pairs.
    """

    transfer_syntax: str
    offset: int
    length: int | None
    frames: int
    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    little_endian: bool
    words: bool
    _found: list[Frame] = field(default_factory=list, init=False, repr=False, compare=False)  # once it was looked for

    def read(self, file: BinaryIO, frame: int) -> np.ndarray:
        """Stored values of ``frame`` (from 0), (rows, columns) of integers.

        Raises PixelError when the frame is not there in full, cannot be decoded, is not of the size or depth that the
        header states, or holds values outside the range of BitsStored.
        """
        if self.transfer_syntax in NATIVE:
            return self._in_range(self._native(file, frame), lossy=False)
        check, decode, lossy = CODECS[self.transfer_syntax]
        encoded = self._encapsulated(file, frame)
        check(encoded, self)
        try:
            values = decode(encoded, self)
        except Exception as error:  # a damaged frame makes each decoder raise errors of its own; all of it means this
            raise PixelError(f"does not decode as {uid.UID(self.transfer_syntax).name}") from error
        if values.shape != (self.rows, self.columns) or values.dtype.kind not in "ui":
            raise PixelError("holds pixel data of another shape than its header says")
        return self._in_range(values, lossy)

    def _native(self, file: BinaryIO, frame: int) -> np.ndarray:
        if self.length is None:
            raise PixelError("holds pixel data in fragments, though its transfer syntax has none")
        size = self.rows * self.columns * self.bits_allocated // 8
        swapped = self.words and self.bits_allocated == 8 and not self.little_endian
        if swapped and size % 2 and self.frames > 1:
            raise PixelError("holds frames of odd length in swapped bytes, which are not read")
        wanted = size + (size % 2 if swapped else 0)
        file.seek(self.offset + frame * size)
        content = file.read(wanted)
        if (frame + 1) * size > self.length or len(content) < wanted:
            raise PixelError("has truncated pixel data")
        if swapped:
            content = np.frombuffer(content, ">u2").astype("<u2").tobytes()[:size]
        kind = np.dtype(f"{'<' if self.little_endian else '>'}u{self.bits_allocated // 8}")
        values = np.frombuffer(content, kind).reshape(self.rows, self.columns)
        return values.astype(kind.newbyteorder("="), copy=False)

    def _encapsulated(self, file: BinaryIO, frame: int) -> bytes:
        if self.length is not None:
            raise PixelError("holds pixel data in one piece, though its transfer syntax has fragments")
        if not self._found:
            self._found[:] = frames_in_fragments(file, self.offset, self.frames)
        if frame >= len(self._found):
            raise PixelError("has truncated pixel data")
        fragments = self._found[frame]
        size, most = sum(each.length for each in fragments), self._longest_encoded
        if size > most:
            raise PixelError(f"holds a frame of {size} bytes; its pixels take {most} at the most")
        encoded = b"".join(each.read(file) for each in fragments)
        if len(encoded) < size:
            raise PixelError("has truncated pixel data")
        return encoded

    @property
    def _longest_encoded(self) -> int:
        """Bytes. No encoder makes more of a frame than this, not even of noise."""
        return 2 * self.rows * self.columns * self.bits_allocated // 8 + LONGEST_FRAME_HEADER

    def _in_range(self, values: np.ndarray, lossy: bool) -> np.ndarray:
        """``values`` as BitsStored and PixelRepresentation mean them (PS3.5 section 8.1.1).

        Files differ in whether they repeat the sign of a negative value above BitsStored. Anything else up there is
        no value: refused, except for the overshoot of a lossy decoder, which is cut off.
        """
        low, high = (-(1 << self.bits_stored - 1), (1 << self.bits_stored - 1) - 1) if self.signed else (0, self._mask)
        if self.signed and values.dtype.kind == "u":
            values = self._with_sign(values)
        if lossy:
            values = values.clip(low, high)
        elif values.size and not (low <= values.min() and values.max() <= high):
            raise PixelError(f"has values that do not fit into its {self.bits_stored} BitsStored")
        return values.astype(f"{'i' if self.signed else 'u'}{1 if self.bits_allocated == 8 else 2}", copy=False)

    def _with_sign(self, values: np.ndarray) -> np.ndarray:
        wide = values.astype(np.int32)
        low = wide & self._mask
        negative = low >> self.bits_stored - 1 == 1
        extended = np.where(negative, low - (1 << self.bits_stored), low)
        repeated = np.where(negative, wide - (1 << 8 * values.itemsize), wide)
        unlike = (wide != low) & (repeated != extended)
        # kept as it is, to be refused as outside the range
        return np.where(unlike, 1 << self.bits_stored, extended)

    @property
    def _mask(self) -> int:
        return (1 << self.bits_stored) - 1


def _check_jpeg(encoded: bytes, expected: PixelData) -> None:
    """The frame header of a JPEG or JPEG-LS frame (ITU-T T.81 B.2.2, T.87 C.2.2) says what the DICOM header says."""
    found, at = [], len(JPEG_START)
    if not encoded.startswith(JPEG_START):
        raise PixelError("holds a frame that is no JPEG")
    while at + 4 <= len(encoded) and encoded[at] == 0xFF and encoded[at + 1] != SCAN:
        if encoded[at + 1] == FILL:
            at += 1
            continue
        marker, (length,) = encoded[at + 1], struct.unpack_from(">H", encoded, at + 2)
        if marker in JPEG_FRAMES and at + 10 <= len(encoded):
            found.append((marker, *struct.unpack_from(">BHHB", encoded, at + 4)))
        at += 2 + length
    if len(found) != 1:
        raise PixelError("holds a JPEG frame without a header of its own")
    _check_frame(expected, *found[0][1:])
    # without its end marker a JPEG-LS frame keeps the decoder searching for ever, and any other JPEG ends in grey
    if not encoded.rstrip(b"\0").endswith(JPEG_END):
        raise PixelError("has truncated pixel data")


def _check_jpeg_2000(encoded: bytes, expected: PixelData) -> None:
    """The headers of a JPEG 2000 or HTJ2K codestream say what the DICOM header says, and ask for no more."""
    size = check_codestream(encoded)
    _check_frame(expected, size.depth, size.rows, size.columns, size.components)
    if size.signed != expected.signed:
        raise PixelError("holds a JPEG 2000 frame whose sign is not that of its PixelRepresentation")


def _check_frame(expected: PixelData, precision: int, rows: int, columns: int, components: int) -> None:
    if (rows, columns) != (expected.rows, expected.columns):
        raise PixelError(f"holds a frame of {rows} x {columns}; its header says {expected.rows} x {expected.columns}")
    if components != 1:
        raise PixelError("holds a frame in colour")
    if not expected.bits_stored <= precision <= expected.bits_allocated:
        raise PixelError(f"holds a frame of {precision} bits; its header says {expected.bits_stored}")


def _check_rle(encoded: bytes, expected: PixelData) -> None:
    """The RLE header (DICOM PS3.5 G.5) has a segment for each byte of a pixel, inside the frame."""
    segments = expected.bits_allocated // 8
    if len(encoded) < 64:
        raise PixelError("has truncated pixel data")
    count, *offsets = struct.unpack_from("<16I", encoded)
    used = offsets[:segments]
    if count != segments or used[0] != 64 or used != sorted(set(used)) or used[-1] >= len(encoded):
        raise PixelError("holds an RLE frame whose header does not fit it")


def _rle(encoded: bytes, expected: PixelData) -> np.ndarray:
    kind = np.dtype(f"<u{expected.bits_allocated // 8}")
    size = expected.rows * expected.columns * kind.itemsize
    content = imagecodecs.dicomrle_decode(encoded, kind, out=size)
    return np.frombuffer(content, kind).reshape(expected.rows, expected.columns)


def _jpeg(encoded: bytes, _) -> np.ndarray:
    return imagecodecs.jpeg8_decode(encoded)


def _jpeg_ls(encoded: bytes, _) -> np.ndarray:
    return imagecodecs.jpegls_decode(encoded)


def _jpeg_2000(encoded: bytes, _) -> np.ndarray:
    # HTJ2K, too: of OpenJPH's errors imagecodecs makes a slice of zeros
    return imagecodecs.jpeg2k_decode(encoded)


Codec = tuple[Callable[[bytes, PixelData], None], Callable[[bytes, PixelData], np.ndarray], bool]
# transfer syntax -> check of the frame, decoder, whether it loses anything
CODECS: dict[str, Codec] = {
    uid.RLELossless: (_check_rle, _rle, False),
    uid.JPEGBaseline8Bit: (_check_jpeg, _jpeg, True),
    uid.JPEGExtended12Bit: (_check_jpeg, _jpeg, True),
    uid.JPEGLossless: (_check_jpeg, _jpeg, False),
    uid.JPEGLosslessSV1: (_check_jpeg, _jpeg, False),
    uid.JPEGLSLossless: (_check_jpeg, _jpeg_ls, False),
    uid.JPEGLSNearLossless: (_check_jpeg, _jpeg_ls, True),
    uid.JPEG2000Lossless: (_check_jpeg_2000, _jpeg_2000, False),
    uid.JPEG2000: (_check_jpeg_2000, _jpeg_2000, True),
    uid.HTJ2KLossless: (_check_jpeg_2000, _jpeg_2000, False),
    uid.HTJ2KLosslessRPCL: (_check_jpeg_2000, _jpeg_2000, False),
    uid.HTJ2K: (_check_jpeg_2000, _jpeg_2000, True),
}
TRANSFER_SYNTAXES = (*NATIVE, *CODECS)
