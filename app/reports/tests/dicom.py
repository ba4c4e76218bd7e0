"""Reading DICOM objects back, for tests: with pydicom alone, not with what wrote them."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, generate_uid

from imaging.exam import FOLDERS
from reports.identity import written
from reports.report import Report
from reports.tests.reports import with_description

Code = tuple[str, str]  # its value and scheme


def read(made: pydicom.FileDataset) -> pydicom.FileDataset:
    """``made``, written and read."""
    return pydicom.dcmread(io.BytesIO(written(made)))


def of_frames(report: Report) -> Report:
    """``report`` of an exam that came as one file of many frames a pass, all in one series."""
    series, files = generate_uid(entropy_srcs=["series"]), [generate_uid(entropy_srcs=[each]) for each in FOLDERS]
    rows = tuple(
        tuple(
            replace(
                each,
                sop_class_uid=EnhancedMRImageStorage,
                sop_instance_uid=file,
                series_instance_uid=series,
                frame=frame,
            )
            for each, file in zip(row, files, strict=True)
        )
        for frame, row in enumerate(report.exam.description.sources)
    )
    return with_description(report, sources=rows)


def code(item: Dataset) -> Code:
    return item.CodeValue, item.CodingSchemeDesignator


def name(item: Dataset) -> Code:
    """The concept that a content item is about."""
    return code(item.ConceptNameCodeSequence[0])


def descendants(item: Dataset) -> Iterator[Dataset]:
    """The content items below ``item``, in order."""
    for child in item.get("ContentSequence", ()):
        yield child
        yield from descendants(child)


def children(item: Dataset, *wanted: Code) -> list[Dataset]:
    """Those about one of ``wanted``."""
    return [each for each in item.get("ContentSequence", ()) if name(each) in wanted]


def number(item: Dataset) -> float:
    """The value of a NUM item."""
    return item.MeasuredValueSequence[0].FloatingPointValue


def positions(plane: Dataset, spacing: Dataset, turned: Dataset, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(N, 3) mm in patient coordinates of pixels, as DICOM PS3.3 C.7.6.2.1.1 has them: equation C.7.6.2.1-1."""
    first, (down, right) = np.array(plane.ImagePositionPatient, float), map(float, spacing.PixelSpacing)
    x, y = np.array(turned.ImageOrientationPatient, float)[:3], np.array(turned.ImageOrientationPatient, float)[3:]
    return np.array([first + x * right * column + y * down * row for row, column in zip(rows, columns, strict=True)])
