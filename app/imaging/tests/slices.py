"""Small DICOM slices for tests, with any tag changed."""

import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from imaging.exam import FOLDERS

STUDY = generate_uid(entropy_srcs=["study"])
FEW_PIXELS = "Slices have {0} x {0} pixels, fewer than the 128 x 128 that networks take: small tumours are lost."


def slice_bytes(
    pixels: np.ndarray, number: int = 1, z: float | None = 0.0, syntax: str = ExplicitVRLittleEndian, **tags
) -> bytes:
    """A DICOM file of unsigned 16-bit ``pixels`` at height ``z`` mm (None: no position); a tag of None is left out."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = syntax
    little_endian = syntax != ExplicitVRBigEndian
    dataset = FileDataset(None, {}, preamble=b"\0" * 128, file_meta=meta, is_little_endian=little_endian)
    values = {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": STUDY,
        "PatientID": "P1",
        "PatientName": "Doe^Jane",
        "Modality": "MR",
        "InstanceNumber": number,
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "PixelData": pixels.astype("<u2").tobytes(),
    }
    if z is not None:
        values |= {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "ImagePositionPatient": [0, 0, z]}
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # pydicom warns of the odd values that tests ask for
        warnings.simplefilter("ignore")
        for name, value in (values | tags).items():
            if value is not None:
                setattr(dataset, name, value)
        dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def exam_files(count: int = 3, rows: int = 32, **tags) -> dict[str, bytes]:
    """name in the zip -> content, for an exam of ``count`` random slices: dark in ``pre``, bright and nearly alike in
    the passes, so that all four folders differ. By default they are 320 mm wide."""
    tags = {"PixelSpacing": [320 / rows] * 2} | tags
    rng = np.random.default_rng(0)
    tissue = rng.integers(100, 400, (count, rows, rows))
    return {
        f"{folder}/{i + 1:03d}.dcm": slice_bytes(
            tissue[i] // (3 if folder == "pre" else 1) + rng.integers(0, 9, (rows, rows)), i + 1, 2.0 * i, **tags
        )
        for folder in FOLDERS
        for i in range(count)
    }


def write_files(files: dict[str, bytes], root: Path) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
