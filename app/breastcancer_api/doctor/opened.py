"""Opens a form of a result as its reader would. Each raises Wrong, or what a library does, when it is not whole."""

import csv
import io
import json
import zipfile
from collections.abc import Callable

import numpy as np
import pydicom
from PIL import Image

from breastcancer_api.doctor.findings import Wrong
from breastcancer_api.forms import DICOM, PDF, PNG, ZIP

JSON, CSV = "application/json", "text/csv"


def pdf(content: bytes) -> str:
    if not (content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")):
        raise Wrong("is no whole PDF")
    return f"{len(content) / 1e3:.0f} kB"


def dicom(content: bytes) -> str:
    dataset = pydicom.dcmread(io.BytesIO(content))
    if "PixelData" not in dataset and "ContentSequence" not in dataset and "FloatPixelData" not in dataset:
        raise Wrong("holds no content")
    return f"{dataset.SOPClassUID.name} of {dataset.PatientID}"


def images(content: bytes) -> str:
    """A zip of DICOM images."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        told = {dicom(archive.read(name)) for name in archive.namelist()}
        count = len(archive.namelist())
    if not count:
        raise Wrong("is empty")
    return f"{count} images, {', '.join(sorted(told))}"


def png(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture)
    if pixels.min() == pixels.max():
        raise Wrong("is of one colour")
    return f"{picture.width} x {picture.height}"


def table(content: bytes) -> str:
    return f"{len(list(csv.DictReader(io.StringIO(content.decode()))))} slices"


def study(content: bytes) -> str:
    return f"{len(json.loads(content)['slices'])} slices"


OPENERS: dict[str, Callable[[bytes], str]] = {PDF: pdf, DICOM: dicom, ZIP: images, PNG: png, CSV: table, JSON: study}
