"""A folder of DICOM slices -> a series in spatial order."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_rescale

from imaging.errors import NotADicomImage, PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.geometry import natural_key, order_by_position, position_along_normal, same_orientation

GREY = ("MONOCHROME1", "MONOCHROME2")
HEADER_TAGS = [
    "Modality",
    "PatientID",
    "StudyInstanceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
]


@dataclass(frozen=True)
class SliceFile:
    """One DICOM file: where it is, what its header says, and its pixels on demand.

    ``image_position`` and ``image_orientation`` are ImagePositionPatient (mm) and ImageOrientationPatient, or None.
    """

    path: Path
    patient_id: str
    study_instance_uid: str
    instance_number: int | None
    image_position: tuple[float, ...] | None
    image_orientation: tuple[float, ...] | None
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

    def pixels(self) -> np.ndarray:
        """(rows, columns), the stored values after RescaleSlope and RescaleIntercept (DICOM PS3.3 C.7.6.16.2.9).

        Raises NotADicomImage when the pixel data are missing, damaged or in a form that is not read.
        """
        try:
            dataset = pydicom.dcmread(self.path)
            pixels = apply_rescale(dataset.pixel_array, dataset)
        except Exception as error:  # a damaged file can make the decoders raise anything; all of it means this
            raise NotADicomImage(
                f"{self.label} has no readable pixel data ({type(error).__name__}).", (self.label,)
            ) from error
        if pixels.shape != (self.rows, self.columns):
            raise NotADicomImage(f"{self.label} holds pixel data of another shape than its header says.", (self.label,))
        return pixels


@dataclass(frozen=True)
class Series:
    """The slices of one folder in reading order, at least one."""

    name: str
    slices: tuple[SliceFile, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slices)

    def pixels(self) -> Iterator[np.ndarray]:
        """Each slice's (rows, columns) pixels in reading order, read when asked for."""
        return (each.pixels() for each in self.slices)


def read_series(folder: Path | Series) -> Series:
    """The DICOM files in ``folder`` as a series in spatial order; a series that is read already passes through.

    Order: by position along the normal, in the direction in which file names rise, when every file says where it
    lies; else by InstanceNumber; else by name. Only headers are read here.

    Raises NotADicomImage, SizesDiffer or PositionsDiffer (two slices at one place, or turned against each other).
    """
    if isinstance(folder, Series):
        return folder
    slices = [_read_header(path) for path in sorted(folder.iterdir(), key=lambda path: natural_key(path.name))]
    if not slices:
        raise UnequalCounts(f"{folder.name} is empty.")
    _check_sizes(slices)
    ordered, warnings = _in_order(folder.name, slices)
    return Series(folder.name, tuple(ordered), tuple(warnings))


def _read_header(path: Path) -> SliceFile:
    label = f"{path.parent.name}/{path.name}"
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=HEADER_TAGS)
        header = _slice_file(path, dataset)
    except InvalidDicomError as error:
        raise NotADicomImage(f"{label} is not a DICOM file.", (label,)) from error
    except NotADicomImage:
        raise
    except Exception as error:  # a damaged file can make the parser raise anything; all of it means this
        raise NotADicomImage(f"{label} cannot be read as DICOM ({type(error).__name__}).", (label,)) from error
    return header


def _slice_file(path: Path, dataset: Dataset) -> SliceFile:
    _check_grey_image(f"{path.parent.name}/{path.name}", dataset)
    return SliceFile(
        path=path,
        patient_id=str(dataset.get("PatientID") or ""),
        study_instance_uid=str(dataset.get("StudyInstanceUID") or ""),
        instance_number=_number(dataset.get("InstanceNumber")),
        image_position=_vector(dataset.get("ImagePositionPatient"), 3),
        image_orientation=_vector(dataset.get("ImageOrientationPatient"), 6),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
    )


def _check_grey_image(label: str, dataset: Dataset) -> None:
    problem = None
    if not dataset.get("Rows") or not dataset.get("Columns"):
        problem = "holds no image"
    elif dataset.get("Modality", "MR") != "MR":
        problem = f"is of modality {dataset.Modality}, not MR"
    elif dataset.get("PhotometricInterpretation") not in GREY or dataset.get("SamplesPerPixel", 1) != 1:
        problem = "is not a grey-scale image"
    elif int(dataset.get("NumberOfFrames") or 1) != 1:
        problem = "holds several frames"
    if problem:
        raise NotADicomImage(f"{label} {problem}.", (label,))


def _number(value) -> int | None:
    return None if value in (None, "") else int(value)


def _vector(value, length: int) -> tuple[float, ...] | None:
    if not value or len(value) != length:
        return None
    return tuple(float(each) for each in value)


def _check_sizes(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if (each.rows, each.columns) != (first.rows, first.columns):
            raise SizesDiffer(
                f"{each.label} is {each.rows} x {each.columns}, {first.label} is {first.rows} x {first.columns}.",
                (each.label, first.label),
            )


def _in_order(name: str, slices: list[SliceFile]) -> tuple[list[SliceFile], list[str]]:
    """The slices, given in the natural order of their names, in reading order, with warnings."""
    if all(each.position is not None for each in slices):
        _check_orientation(slices)
        order = order_by_position([each.path.name for each in slices], [each.position for each in slices])
        ordered = [slices[i] for i in order]
        _check_places(ordered)
        known = "positions"
        warnings = []
    elif len({each.instance_number for each in slices} - {None}) == len(slices):
        ordered = sorted(slices, key=lambda each: each.instance_number)
        known = "InstanceNumber"
        warnings = [f"{name}: not every file says where its slice lies; ordered by InstanceNumber."]
    else:
        return slices, [f"{name}: neither positions nor InstanceNumber order the slices; ordered by file name."]
    if ordered != slices:
        warnings.append(f"{name}: file names and {known} disagree about the order; {known} decide.")
    return ordered, warnings


def _check_orientation(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if not same_orientation(each.image_orientation, first.image_orientation):
            raise PositionsDiffer(f"{each.label} is turned against {first.label}.", (each.label, first.label))


def _check_places(ordered: list[SliceFile]) -> None:
    for one, other in itertools.pairwise(ordered):
        if abs(one.position - other.position) < 1e-3:
            raise PositionsDiffer(f"{one.label} and {other.label} lie at the same place.", (one.label, other.label))
