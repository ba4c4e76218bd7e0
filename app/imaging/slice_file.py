"""One DICOM file of one slice: what its header says, and its pixels on demand."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from imaging.errors import NotADicomImage
from imaging.geometry import is_orientation, position_along_normal

GREY = ("MONOCHROME1", "MONOCHROME2")
# What pydicom decodes by itself, exactly. Others wait for decoders that have been compared (docs/decisions/0005).
TRANSFER_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless)
LARGEST_SIDE = 2048  # pixels: four times the largest matrix of the Duke cohort
HEADER_TAGS = [
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
]


@dataclass(frozen=True)
class SliceFile:
    """What the header of a slice says. Texts are empty, other values None, where the header is silent.

    ``image_position`` is ImagePositionPatient in mm, ``image_orientation`` ImageOrientationPatient, ``pixel_spacing``
    PixelSpacing in mm between rows and between columns. ``inverted``: PhotometricInterpretation is MONOCHROME1.
    """

    path: Path
    patient_id: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    frame_of_reference_uid: str
    instance_number: int | None
    image_position: tuple[float, ...] | None
    image_orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    rows: int
    columns: int
    inverted: bool

    @property
    def label(self) -> str:
        """The file as its sender knows it: folder and name."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def key(self) -> str:
        """The name under which a slice is found again in the other passes: without ``.dcm``, whatever the case."""
        return self.path.name.casefold().removesuffix(".dcm")

    @cached_property
    def position(self) -> float | None:
        """mm along the slice normal; None when the header does not say."""
        if self.image_position is None or self.image_orientation is None:
            return None
        return position_along_normal(self.image_position, self.image_orientation)

    def stored(self) -> np.ndarray:
        """The stored values, (rows, columns) of integers. Raises NotADicomImage when they cannot be decoded."""
        return self._decoded()[1]

    def brightness(self) -> np.ndarray:
        """Values that rise with brightness, (rows, columns): stored values, mirrored within the range of BitsStored for
        MONOCHROME1 (DICOM PS3.3 C.7.6.3.1.2), after RescaleSlope and RescaleIntercept (C.11.1).

        Raises NotADicomImage when they cannot be decoded or the rescaling is none.
        """
        dataset, values = self._decoded()
        if self.inverted:
            white = -1 if dataset.PixelRepresentation else 2**dataset.BitsStored - 1
            values = white - values.astype(np.int32)
        slope, intercept = dataset.get("RescaleSlope"), dataset.get("RescaleIntercept")
        if slope in (None, ""):
            return values
        slope, intercept = float(slope), float(intercept or 0)
        if not (np.isfinite([slope, intercept]).all() and slope > 0):
            raise NotADicomImage(f"{self.label} has the RescaleSlope {slope:g}.", (self.label,))
        return values * slope + intercept

    def _decoded(self) -> tuple[Dataset, np.ndarray]:
        try:
            dataset = pydicom.dcmread(self.path)
            values = dataset.pixel_array
        except Exception as error:  # a damaged file can make the decoders raise anything; all of it means this
            told = f"{self.label} has no readable pixel data ({type(error).__name__})."
            raise NotADicomImage(told, (self.label,)) from error
        if values.shape != (self.rows, self.columns):
            raise NotADicomImage(f"{self.label} holds pixel data of another shape than its header says.", (self.label,))
        return dataset, values


def read_header(path: Path) -> SliceFile:
    """The header of the file at ``path``, a slice of grey MR. Raises NotADicomImage, with the reason, for all else."""
    label = f"{path.parent.name}/{path.name}"
    try:
        # first, because a deflated file would be inflated whole, whatever its size, to read a header
        _check_transfer_syntax(label, read_file_meta_info(path))
        return _slice_file(path, pydicom.dcmread(path, stop_before_pixels=True, specific_tags=HEADER_TAGS))
    except NotADicomImage:
        raise
    except InvalidDicomError as error:
        raise NotADicomImage(f"{label} is not a DICOM file.", (label,)) from error
    except Exception as error:  # a damaged file can make the parser raise anything; all of it means this
        raise NotADicomImage(f"{label} cannot be read as DICOM ({type(error).__name__}).", (label,)) from error


def _check_transfer_syntax(label: str, meta: Dataset) -> None:
    syntax = meta.get("TransferSyntaxUID")
    if syntax is not None and syntax not in TRANSFER_SYNTAXES:
        raise NotADicomImage(f"{label} is written in {syntax.name}, which is not read yet.", (label,))


def _slice_file(path: Path, dataset: Dataset) -> SliceFile:
    label = f"{path.parent.name}/{path.name}"
    problem = _not_grey_mr(dataset)
    orientation = _vector(dataset.get("ImageOrientationPatient"), 6)
    if orientation is not None and not is_orientation(orientation):
        problem = "has an ImageOrientationPatient that is no pair of perpendicular unit vectors"
    if problem:
        raise NotADicomImage(f"{label} {problem}.", (label,))
    return SliceFile(
        path=path,
        patient_id=_text(dataset.get("PatientID")),
        study_instance_uid=_text(dataset.get("StudyInstanceUID")),
        series_instance_uid=_text(dataset.get("SeriesInstanceUID")),
        sop_instance_uid=_text(dataset.get("SOPInstanceUID")),
        frame_of_reference_uid=_text(dataset.get("FrameOfReferenceUID")),
        instance_number=None if dataset.get("InstanceNumber") in (None, "") else int(dataset.InstanceNumber),
        image_position=_vector(dataset.get("ImagePositionPatient"), 3),
        image_orientation=orientation,
        pixel_spacing=_vector(dataset.get("PixelSpacing"), 2),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
    )


def _not_grey_mr(dataset: Dataset) -> str | None:
    """What keeps the file from being a slice of grey MR; None when nothing does."""
    if not dataset.get("Rows") or not dataset.get("Columns"):
        return "holds no image"
    if max(dataset.Rows, dataset.Columns) > LARGEST_SIDE:
        return f"is larger than {LARGEST_SIDE} x {LARGEST_SIDE}"
    if dataset.get("Modality", "MR") != "MR":
        return f"is of modality {dataset.Modality}, not MR"
    if dataset.get("PhotometricInterpretation") not in GREY or dataset.get("SamplesPerPixel", 1) != 1:
        return "is not a grey-scale image"
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        return "holds several frames"
    return None


def _text(value: object) -> str:
    return str(value or "")


def _vector(value, length: int) -> tuple[float, ...] | None:
    """``length`` finite numbers, or None when there are none. Raises ValueError for numbers that are not finite."""
    if not value or len(value) != length:
        return None
    numbers = tuple(float(each) for each in value)
    if not np.isfinite(numbers).all():
        raise ValueError("a vector with a value that is not finite")
    return numbers
