"""What DICOM objects with heat share: where their pixels lie, from which images they come, and the heat itself."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from imaging.kept_exam import Source
from nets.bundle import ROLES
from reports.codes import NETWORK_HEAT, item
from reports.identity import by_series, decimals, frame_of_reference, reference, valid_text
from reports.report import Report

# Heat of so many slices is asked for at a time: a batch where it is yet to be computed, and little memory.
AT_ONCE = 16
LOSSY = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")


def missing_geometry(report: Report) -> list[str]:
    """DICOM keywords that headers lack and without which slices cannot be placed in the patient, in a frame of
    reference that other objects share; none, and they can."""
    stack = report.exam.stack
    needed = {
        "ImagePositionPatient": stack.image_positions,
        "ImageOrientationPatient": [stack.image_orientation],
        "PixelSpacing": [stack.pixel_spacing],
        "FrameOfReferenceUID": [frame_of_reference(report)],
    }
    return [keyword for keyword, values in needed.items() if None in values]


def frame_of_reference_module(report: Report) -> Dataset:
    """DICOM PS3.3 C.7.4.1, of an exam that is placed."""
    told = Dataset()
    told.FrameOfReferenceUID = frame_of_reference(report)
    told.PositionReferenceIndicator = valid_text("PositionReferenceIndicator", report.exam.description.header) or ""
    return told


def position(report: Report, number: int) -> Dataset:
    """ImagePositionPatient of slice ``number``, from 1."""
    told = Dataset()
    told.ImagePositionPatient = decimals(report.exam.stack.image_positions[number - 1])
    return told


def orientation(report: Report) -> Dataset:
    """ImageOrientationPatient."""
    told = Dataset()
    told.ImageOrientationPatient = decimals(report.exam.stack.image_orientation)
    return told


def measures(report: Report) -> Dataset:
    """PixelSpacing, and how thick slices are and how far apart, where that is known."""
    told, stack = Dataset(), report.exam.stack
    told.PixelSpacing = decimals(stack.pixel_spacing)
    thickness = float(valid_text("SliceThickness", report.exam.description.header) or stack.slice_spacing or 0)
    if thickness > 0:
        told.SliceThickness = decimals([thickness])
    if stack.slice_spacing is not None:
        told.SpacingBetweenSlices = decimals([stack.slice_spacing])
    return told


def heats(report: Report, role: str) -> Iterator[np.ndarray]:
    """(rows, columns) float32 of each positive slice in reading order: where the network ``role`` looked."""
    numbers = report.positive_slices
    for first in range(0, len(numbers), AT_ONCE):
        yield from heat_of(report, role, numbers[first : first + AT_ONCE])


def heat_of(report: Report, role: str, numbers: Sequence[int]) -> np.ndarray:
    """(N, rows, columns) float32: where the network ``role`` looked in slices ``numbers``, from 1."""
    return report.heat(numbers)[:, ROLES.index(role)]


def body_part(report: Report) -> Dataset:
    """Which part it is (DICOM PS3.3 C.7.3.1); its side stays empty where nobody knows, or both are shown."""
    told = Dataset()
    told.BodyPartExamined = "BREAST"
    told.Laterality = valid_text("Laterality", report.exam.description.header) or ""
    return told


def lossy_compression(report: Report) -> Dataset:
    """Whether the images have ever been compressed with loss, and how (DICOM PS3.3 C.7.6.1.1.5)."""
    told, header = Dataset(), report.exam.description.header
    told.LossyImageCompression = valid_text("LossyImageCompression", header) or "00"
    for keyword in LOSSY if told.LossyImageCompression == "01" else ():
        if text := valid_text(keyword, header):
            setattr(told, keyword, text)
    return told


def derivation(images: Sequence[Source]) -> Dataset:
    """How a picture of heat was made, and of which ``images`` (DICOM PS3.3 C.7.6.16.2.6)."""
    told = Dataset()
    told.DerivationCodeSequence = [item(NETWORK_HEAT)]
    told.SourceImageSequence = [_source(each) for each in images]
    return told


def _source(image: Source) -> Dataset:
    told = reference(image)
    told.PurposeOfReferenceCodeSequence = [item(codes.DCM.SourceImageForImageProcessingOperation)]
    return told


def referenced_series(rows: Sequence[Sequence[Source]]) -> list[Dataset]:
    """ReferencedSeriesSequence (DICOM PS3.3 C.12.2)."""
    found = []
    for uid, files in by_series(rows).items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedInstanceSequence = uid, files
        found.append(series)
    return found
