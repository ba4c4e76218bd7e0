"""Decoders that share no code with those that imaging.pixels uses: dcmtk, FFmpeg, OpenJPH for HTJ2K, pydicom."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import skipUnless

import imagecodecs
import numpy as np
import pydicom
from pydicom import uid
from pydicom.encaps import get_frame

from imaging.pixels import NATIVE
from imaging.tests.encodings import JPEG_2000, JPEG_DCT, JPEG_LOSSLESS, JPEG_LS

DCMTK = dict.fromkeys((*JPEG_DCT, *JPEG_LOSSLESS), "dcmdjpeg") | dict.fromkeys(JPEG_LS, "dcmdjpls")
DCMTK |= dict.fromkeys((uid.RLELossless,), "dcmdrle") | dict.fromkeys(NATIVE, "dcmconv")
FFMPEG = dict.fromkeys((*JPEG_DCT, *JPEG_LOSSLESS), ("jpeg_pipe", "mjpeg"))
FFMPEG |= dict.fromkeys(JPEG_LS, ("jpegls_pipe", "jpegls")) | dict.fromkeys(JPEG_2000, ("j2k_pipe", "jpeg2000"))
PYDICOM = (*NATIVE, uid.RLELossless)


def needs(*tools: str) -> Callable:
    """A test that is skipped where one of Debian's ``tools`` is missing."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    return skipUnless(not missing, f"not installed: {missing}")


def by_dcmtk(content: bytes) -> np.ndarray:
    """Stored values of the DICOM file ``content``."""
    tool = DCMTK[pydicom.dcmread(io.BytesIO(content)).file_meta.TransferSyntaxUID]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before.dcm"), Path(folder, "after.dcm")
        before.write_bytes(content)
        subprocess.run([tool, "--write-xfer-little", before, after], check=True, capture_output=True)
        return _stored(pydicom.dcmread(after))


def _stored(dataset: pydicom.Dataset) -> np.ndarray:
    """Values of uncompressed little-endian pixels, sign and all, by arithmetic instead of bits."""
    count, bits = dataset.Rows * dataset.Columns, dataset.BitsStored
    values = np.frombuffer(dataset.PixelData, f"<u{dataset.BitsAllocated // 8}", count).astype(np.int64) % 2**bits
    if dataset.PixelRepresentation:
        values = (values + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
    return values.reshape(dataset.Rows, dataset.Columns)


def by_ffmpeg(content: bytes) -> np.ndarray:
    """Stored values of the DICOM file ``content``, whose frames are as deep as its BitsStored."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    bits, signed, syntax = dataset.BitsStored, dataset.PixelRepresentation, dataset.file_meta.TransferSyntaxUID
    form, codec = FFMPEG[syntax]
    command = ["ffmpeg", "-v", "error", "-f", form, "-c:v", codec, "-i", "-", "-f", "rawvideo", "-pix_fmt"]
    encoded = get_frame(dataset.PixelData, 0, number_of_frames=1)
    found = subprocess.run(
        [*command, "gray" if bits <= 8 else "gray16le", "-"], input=encoded, check=True, capture_output=True
    )
    values = np.frombuffer(found.stdout, "u1" if bits <= 8 else "<u2").reshape(dataset.Rows, dataset.Columns)
    # FFmpeg spreads 9 to 15 bits over 16 and lifts the signed values of JPEG 2000 above zero
    values = values.astype(np.int64) >> (16 - bits if bits > 8 else 0)
    if signed and syntax in JPEG_2000:
        return values - 2 ** (bits - 1)
    return (values + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) if signed else values


def by_openjph(content: bytes) -> np.ndarray:
    """Stored values of the HTJ2K file ``content``."""
    encoded = get_frame(pydicom.dcmread(io.BytesIO(content)).PixelData, 0, number_of_frames=1)
    return imagecodecs.htj2k_decode(encoded)


def by_pydicom(content: bytes) -> np.ndarray:
    """Stored values of the DICOM file ``content``, by pydicom's own code."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.pixel_array_options(
        decoding_plugin="pydicom" if dataset.file_meta.TransferSyntaxUID.is_encapsulated else ""
    )
    return dataset.pixel_array
