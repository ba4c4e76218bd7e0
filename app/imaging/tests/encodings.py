"""One slice as a DICOM file in every transfer syntax that is read, written by the libraries that can."""

import functools
import struct
import subprocess
import tempfile
from pathlib import Path

import imagecodecs
import jpeg_ls
import numpy as np
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder

from imaging.pixels import NATIVE, TRANSFER_SYNTAXES
from imaging.tests.slices import slice_bytes

JPEG_LOSSLESS = (uid.JPEGLossless, uid.JPEGLosslessSV1)
JPEG_DCT = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit)
JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000)
HTJ2K = (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
LOSSY = (*JPEG_DCT, uid.JPEGLSNearLossless, uid.JPEG2000, uid.HTJ2K)
LOSSLESS = tuple(syntax for syntax in TRANSFER_SYNTAXES if syntax not in LOSSY)
NEAR = 2  # grey levels that the near-lossless frames may be off
DEPTHS = range(8, 17)


def depths(syntax: str) -> list[tuple[int, bool]]:
    """(bits stored, signed) that ``syntax`` can hold; values below zero survive no lossy JPEG."""
    if syntax in JPEG_DCT:
        return [(8, False)] if syntax == uid.JPEGBaseline8Bit else [(8, False), (12, False)]
    return [(bits, signed) for bits in DEPTHS for signed in (False, True) if not signed or syntax not in JPEG_LS[1:]]


def picture(bits: int = 12, signed: bool = False, rows: int = 13, columns: int = 17, seed: int = 0) -> np.ndarray:
    """A noisy ramp that reaches the smallest and the largest value of ``bits``; odd in rows, columns and length."""
    y, x = np.mgrid[:rows, :columns]
    ramp = (x * rows + y * columns) / (2 * rows * columns) * (1 << bits)
    noise = np.random.default_rng(seed).integers(0, 1 << bits - 4, (rows, columns))
    values = (ramp + noise).clip(0, (1 << bits) - 1).astype(np.int32)
    values[0, 0], values[-1, -1] = 0, (1 << bits) - 1
    return (values - (1 << bits - 1) * signed).astype(f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}")


def stored_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement of ``bits``, with zeros above, as the syntaxes without a sign hold them."""
    return (values.astype(np.int32) & (1 << bits) - 1).astype(f"u{values.itemsize}")


def frame(values: np.ndarray, syntax: str, bits: int) -> bytes:
    """``values`` as one encoded frame; its own header says ``bits``, in HTJ2K 8 or 16."""
    if syntax == uid.RLELossless:
        return _rle(values)
    if syntax in JPEG_DCT:
        return imagecodecs.jpeg8_encode(values, level=90, bitspersample=bits)
    if syntax in JPEG_LOSSLESS:
        predictor = 1 if syntax == uid.JPEGLosslessSV1 else 6
        return imagecodecs.jpeg8_encode(
            stored_bits(values, bits), lossless=True, predictor=predictor, bitspersample=bits
        )
    if syntax in JPEG_LS:
        return _jpeg_ls(values, bits, NEAR if syntax == uid.JPEGLSNearLossless else 0)
    reversible = syntax not in LOSSY
    if syntax in JPEG_2000:
        level, depth = 0 if reversible else 45, None if bits <= 8 else bits
        options = {"codecformat": "j2k", "bitspersample": depth, "reversible": reversible}
        return imagecodecs.jpeg2k_encode(values, level=level, **options)
    return imagecodecs.htj2k_encode(values, reversible=reversible)


def _rle(values: np.ndarray) -> bytes:
    return RLELosslessEncoder.encode(
        values.astype(values.dtype.newbyteorder("<")).tobytes(),
        rows=values.shape[0],
        columns=values.shape[1],
        samples_per_pixel=1,
        number_of_frames=1,
        bits_allocated=8 * values.itemsize,
        bits_stored=8 * values.itemsize,
        pixel_representation=int(values.dtype.kind == "i"),
        photometric_interpretation="MONOCHROME2",
        encoding_plugin="pydicom",
    )


def _jpeg_ls(values: np.ndarray, bits: int, near: int) -> bytes:
    source = stored_bits(values, bits)
    size = {"rows": values.shape[0], "columns": values.shape[1], "samples_per_pixel": 1, "bits_stored": bits}
    return bytes(jpeg_ls.encode_pixel_data(source.astype(source.dtype.newbyteorder("<")).tobytes(), near, **size))


def htj2k_frame(values: np.ndarray, bits: int) -> bytes:
    """Unsigned ``values`` as a lossless HTJ2K frame whose own header says ``bits``. Needs ojph_compress."""
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder, "in.yuv"), Path(folder, "out.j2c")
        raw.write_bytes(values.tobytes())
        size = ["-dims", f"{{{values.shape[1]},{values.shape[0]}}}", "-num_comps", "1", "-downsamp", "{1,1}"]
        depth = ["-bit_depth", str(bits), "-signed", "false"]
        command = ["ojph_compress", "-i", raw, "-o", out, "-reversible", "true"]
        subprocess.run([*command, *size, *depth], check=True, capture_output=True)
        return out.read_bytes()


def header(values: np.ndarray, bits: int) -> dict[str, object]:
    """The tags that say how the pixels are stored."""
    return {
        "BitsAllocated": 8 * values.itemsize,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
    }


def native(values: np.ndarray, syntax: str) -> bytes:
    """Pixels uncompressed, of an even number of bytes; 8-bit ones in 16-bit words, as pydicom declares them."""
    content = values.astype(values.dtype.newbyteorder("<")).tobytes()
    content += b"\0" * (len(content) % 2)
    return np.frombuffer(content, "<u2").byteswap().tobytes() if syntax == uid.ExplicitVRBigEndian else content


def dicom(values: np.ndarray, syntax: str, bits: int, **tags) -> bytes:
    """``values`` as a DICOM file written in ``syntax``; any tag is changed by its name, as in slice_bytes."""
    content = native(values, syntax) if syntax in NATIVE else encapsulate([frame(values, syntax, bits)])
    return slice_bytes(values, syntax=syntax, **({"PixelData": content} | header(values, bits) | tags))


@functools.cache
def every_syntax() -> dict[str, bytes]:
    """A small file of each transfer syntax, by its UID."""
    return {syntax: dicom(picture(*depths(syntax)[-1]), syntax, depths(syntax)[-1][0]) for syntax in TRANSFER_SYNTAXES}


def without_preamble(content: bytes) -> bytes:
    """The file without its first 132 bytes: it begins with the meta header."""
    return content[132:]


def without_meta(content: bytes) -> bytes:
    """The dataset alone, as networks and old archives write it."""
    length = struct.unpack_from("<I", content, 140)[0]
    return content[144 + length :]


def with_vr(content: bytes, vr: bytes) -> bytes:
    """A big-endian file whose PixelData is of the value representation ``vr``."""
    at = content.rindex(b"\x7f\xe0\x00\x10") + 4
    return content[:at] + vr + content[at + 2 :]


def with_syntax(content: bytes, old: str, new: str) -> bytes:
    """The file as it is, but for the transfer syntax that its meta header names, which must be as long."""
    assert len(old) == len(new)
    return content.replace(old.encode(), new.encode(), 1)
