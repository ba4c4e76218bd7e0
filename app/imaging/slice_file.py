"""One slice of an exam, a DICOM file or a frame of one: what its header says, and its pixels on demand."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.misc import is_dicom
from pydicom.tag import Tag

from imaging.errors import NotADicomImage, OtherKind
from imaging.geometry import is_orientation, position_along_normal
from imaging.pixels import TRANSFER_SYNTAXES, PixelData, PixelError

GREY = ("MONOCHROME1", "MONOCHROME2")
LARGEST_SIDE = 2048  # pixels: four times the largest matrix of the Duke cohort
MOST_FRAMES = 4000
BITS_ALLOCATED = (8, 16)
LEAST_BITS = 2
# A deflated file is inflated in memory, whole, each time it is read.
LARGEST_INFLATED = 32_000_000  # bytes
SINGLE_FRAME = (uid.MRImageStorage,)
MULTI_FRAME = (uid.EnhancedMRImageStorage, uid.LegacyConvertedEnhancedMRImageStorage)
# What else is found in an MR archive, as a person would call it.
OTHER_KINDS = {
    uid.SecondaryCaptureImageStorage: "a secondary capture",
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage: "a secondary capture",
    uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage: "a secondary capture",
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage: "a secondary capture",
    uid.SegmentationStorage: "a segmentation mask",
    uid.BasicTextSRStorage: "a report",
    uid.EnhancedSRStorage: "a report",
    uid.ComprehensiveSRStorage: "a report",
    uid.Comprehensive3DSRStorage: "a report",
    uid.EncapsulatedPDFStorage: "a report",
    uid.MediaStorageDirectoryStorage: "a DICOMDIR",
    uid.GrayscaleSoftcopyPresentationStateStorage: "a presentation state",
    uid.EnhancedMRColorImageStorage: "a colour image",
    uid.MRSpectroscopyStorage: "spectroscopy",
    uid.RawDataStorage: "raw data",
}
PIXEL_DATA = Tag("PixelData")
HEADER_TAGS = [
    Tag("SOPClassUID"),
    Tag("SOPInstanceUID"),
    Tag("ImageType"),
    Tag("Modality"),
    Tag("PatientID"),
    Tag("PatientName"),
    Tag("PatientBirthDate"),
    Tag("StudyInstanceUID"),
    Tag("SeriesInstanceUID"),
    Tag("FrameOfReferenceUID"),
    Tag("SeriesNumber"),
    Tag("SeriesDescription"),
    Tag("BodyPartExamined"),
    Tag("InstanceNumber"),
    Tag("ScanOptions"),
    Tag("EchoTime"),
    Tag("AcquisitionDate"),
    Tag("AcquisitionTime"),
    Tag("AcquisitionDateTime"),
    Tag("ContentDate"),
    Tag("ContentTime"),
    Tag("TriggerTime"),
    Tag("TemporalPositionIdentifier"),
    Tag("ImagePositionPatient"),
    Tag("ImageOrientationPatient"),
    Tag("PixelSpacing"),
    Tag("SamplesPerPixel"),
    Tag("PhotometricInterpretation"),
    Tag("NumberOfFrames"),
    Tag("Rows"),
    Tag("Columns"),
    Tag("BitsAllocated"),
    Tag("BitsStored"),
    Tag("HighBit"),
    Tag("PixelRepresentation"),
    Tag("PixelPaddingValue"),
    Tag("PixelPaddingRangeLimit"),
    Tag("RescaleSlope"),
    Tag("RescaleIntercept"),
    Tag("SharedFunctionalGroupsSequence"),
    Tag("PerFrameFunctionalGroupsSequence"),
    PIXEL_DATA,
]
# Longer values stay in the file until they are asked for, which of these is true of pixel data alone.
DEFERRED = 4096  # bytes


@dataclass(frozen=True)
class SliceFile:
    """What the header of a slice says. Texts are empty, other values None, where the header is silent.

    ``name`` is the file as its sender knows it, ``frame`` counts from 0, None in a file of one slice.
    ``image_position`` is ImagePositionPatient in mm, ``image_orientation`` ImageOrientationPatient, ``pixel_spacing``
    PixelSpacing in mm between rows and between columns. ``acquired`` and ``content`` are seconds since 1970, or since
    midnight where the header has no date, of the acquisition and of the content, in the scanner's own time zone;
    ``trigger_time`` is TriggerTime in ms; ``temporal_position`` TemporalPositionIdentifier or TemporalPositionIndex.
    ``echo_time`` is in ms. ``inverted``: PhotometricInterpretation is MONOCHROME1. ``padding``: smallest and largest
    stored value that stands for no pixel.
    """

    path: Path
    name: str
    frame: int | None
    patient_id: str
    patient_name: str = field(repr=False)
    patient_birth_date: str = field(repr=False)
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    frame_of_reference_uid: str
    series_number: int | None
    series_description: str
    image_type: tuple[str, ...]
    body_part: str
    scan_options: tuple[str, ...]
    echo_time: float | None
    instance_number: int | None
    acquired: float | None
    content: float | None
    trigger_time: float | None
    temporal_position: int | None
    image_position: tuple[float, ...] | None
    image_orientation: tuple[float, ...] | None
    pixel_spacing: tuple[float, ...] | None
    inverted: bool
    padding: tuple[int, int] | None
    rescale: tuple[float, float] | None
    pixels: PixelData = field(repr=False)

    @property
    def rows(self) -> int:
        return self.pixels.rows

    @property
    def columns(self) -> int:
        return self.pixels.columns

    @property
    def label(self) -> str:
        """The slice as its sender knows it: the file's name, and the frame counted from 1."""
        return self.name if self.frame is None else f"{self.name} frame {self.frame + 1}"

    @property
    def key(self) -> str:
        """The name under which a slice is found again in the other passes: without ``.dcm``, whatever the case."""
        name = self.path.name.casefold().removesuffix(".dcm")
        return name if self.frame is None else f"{name}#{self.frame}"

    @cached_property
    def position(self) -> float | None:
        """mm along the slice normal; None when the header does not say."""
        if self.image_position is None or self.image_orientation is None:
            return None
        return position_along_normal(self.image_position, self.image_orientation)

    def stored(self) -> np.ndarray:
        """The stored values, (rows, columns) of integers. Raises NotADicomImage when they cannot be decoded."""
        try:
            with self._opened() as file:
                return self.pixels.read(file, self.frame or 0)
        except PixelError as error:
            raise _refused(self.label, str(error)) from error

    def values(self) -> np.ndarray:
        """The stored values, those that stand for no pixel (DICOM PS3.3 C.7.5.1.1.2) replaced by the smallest other.

        Raises NotADicomImage when they cannot be decoded.
        """
        values = self.stored()
        return self._without_padding(values, values)

    def brightness(self) -> np.ndarray:
        """Values that rise with brightness, (rows, columns): ``stored``, mirrored within the range of BitsStored for
        MONOCHROME1 (DICOM PS3.3 C.7.6.3.1.2), those that stand for no pixel replaced by the smallest other, after
        RescaleSlope and RescaleIntercept (C.11.1).

        Raises NotADicomImage when they cannot be decoded.
        """
        values = stored = self.stored()
        if self.inverted:
            white = -1 if self.pixels.signed else 2**self.pixels.bits_stored - 1
            values = white - values.astype(np.int32)
        values = self._without_padding(values, stored)
        if self.rescale is None:
            return values
        slope, intercept = self.rescale
        return values * slope + intercept

    def _without_padding(self, values: np.ndarray, stored: np.ndarray) -> np.ndarray:
        if self.padding is None:
            return values
        outside = (stored >= self.padding[0]) & (stored <= self.padding[1])
        if not outside.any():
            return values
        return np.where(outside, 0 if outside.all() else values[~outside].min(), values)

    def _opened(self) -> BinaryIO:
        if self.pixels.transfer_syntax == uid.DeflatedExplicitVRLittleEndian:
            return io.BytesIO(_inflated(self.path))
        return self.path.open("rb")


def read_slices(path: Path, name: str | None = None) -> list[SliceFile]:
    """The slices of the file at ``path``, grey MR: one, or one a frame. Only the header is read.

    ``name`` is what the sender calls the file; by default its folder and name. Raises OtherKind for a file that is
    something else, NotADicomImage for MR slices that are damaged or of a form that is not read, each with the reason.
    """
    name = f"{path.parent.name}/{path.name}" if name is None else name
    try:
        dataset, syntax = _header(path)
        other = _other_kind(dataset)
        if other is None:
            _check_form(dataset, syntax)
            return list(_slices(path, name, dataset, _pixel_data(dataset, syntax)))
    except InvalidDicomError as error:
        raise OtherKind(f"{name} is not a DICOM file.", (name,)) from error
    except PixelError as error:
        raise _refused(name, str(error)) from error
    except Exception as error:  # a damaged file can make the parser raise anything; all of it means this
        raise _refused(name, f"cannot be read as DICOM ({type(error).__name__})") from error
    raise OtherKind(f"{name} {other}.", (name,))


def _refused(name: str, problem: str) -> NotADicomImage:
    return NotADicomImage(f"{name} {problem}.", (name,))


def _header(path: Path) -> tuple[Dataset, str | None]:
    """The tags that are needed, and the transfer syntax; None when it is not one that is read.

    Raises InvalidDicomError for a file that is no DICOM at all, PixelError, or whatever a damaged file makes of the
    parser.
    """
    try:
        return _parsed(path)
    except Exception as error:
        if isinstance(error, PixelError) or is_dicom(path):
            raise
        raise InvalidDicomError from error


def _parsed(path: Path) -> tuple[Dataset, str | None]:
    meta, _ = _meta(path)
    syntax = meta.get("TransferSyntaxUID")
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        content = io.BytesIO(_inflated(path))
        return read_dataset(content, False, True, defer_size=DEFERRED, specific_tags=HEADER_TAGS), syntax
    if syntax is not None and syntax not in TRANSFER_SYNTAXES:
        dataset = Dataset()
        dataset.SOPClassUID, dataset.TransferSyntaxUID = meta.get("MediaStorageSOPClassUID", ""), syntax
        return dataset, None
    dataset = pydicom.dcmread(path, force=True, defer_size=DEFERRED, specific_tags=HEADER_TAGS)
    if not meta and not uid.UID(dataset.get("SOPClassUID", "")).is_valid:
        raise InvalidDicomError
    return dataset, syntax or _guessed(dataset)


def _meta(path: Path) -> tuple[Dataset, int]:
    """The meta header (DICOM PS3.10 section 7.1) and the place of the first byte after it.

    Old archives write files without the preamble, or begin with the dataset: then the header is empty.
    """
    with path.open("rb") as file:
        read_preamble(file, force=True)
        meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
        return meta, file.tell()


def _guessed(dataset: Dataset) -> str:
    """The transfer syntax in which pydicom found the dataset to be written, where the file does not say."""
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little_endian else uid.ExplicitVRBigEndian


def _inflated(path: Path) -> bytes:
    """The dataset of a deflated file (DICOM PS3.5 A.5). Raises PixelError over LARGEST_INFLATED bytes."""
    _, start = _meta(path)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflate.decompress(path.read_bytes()[start:], LARGEST_INFLATED)
    if not inflate.eof:
        raise PixelError(f"is deflated, and broken off or larger than {LARGEST_INFLATED} bytes")
    return content


def _other_kind(dataset: Dataset) -> str | None:
    """What the file is when it is something else than MR slices; None when it is such slices."""
    kind = dataset.get("SOPClassUID", "")
    if kind in OTHER_KINDS:
        return f"is {OTHER_KINDS[kind]}, not an MR image"
    if dataset.get("Modality") not in (None, "", "MR"):
        return f"is of modality {dataset.Modality}, not MR"
    if kind and kind not in SINGLE_FRAME + MULTI_FRAME:
        return f"is of the kind {uid.UID(kind).name}, not an MR image"
    return None if kind or "Rows" in dataset else "holds no image"


def _check_form(dataset: Dataset, syntax: str | None) -> None:
    """Raises PixelError for MR slices that are not grey, not there, or of a form that is not read."""
    kind, frames = dataset.get("SOPClassUID", ""), int(dataset.get("NumberOfFrames") or 1)
    if syntax is None:
        raise PixelError(f"is written in {uid.UID(dataset.TransferSyntaxUID).name}, which is not read")
    if not dataset.get("Rows") or not dataset.get("Columns") or PIXEL_DATA not in dataset:
        raise PixelError("holds no image")
    if max(dataset.Rows, dataset.Columns) > LARGEST_SIDE:
        raise PixelError(f"is larger than {LARGEST_SIDE} x {LARGEST_SIDE}")
    if dataset.get("PhotometricInterpretation") not in GREY or dataset.get("SamplesPerPixel", 1) != 1:
        raise PixelError("is not a grey-scale image")
    if not 1 <= frames <= MOST_FRAMES:
        raise PixelError(f"holds {frames} frames; {MOST_FRAMES} are the most")
    if frames > 1 and kind not in MULTI_FRAME:
        raise PixelError("holds several frames and is no Enhanced MR image")


def _pixel_data(dataset: Dataset, syntax: str) -> PixelData:
    """Raises PixelError for pixels of a form that MR images do not have."""
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    if allocated not in BITS_ALLOCATED or not LEAST_BITS <= stored <= allocated:
        raise PixelError(f"has {stored} of {allocated} bits a pixel; {LEAST_BITS} to 16 in 8 or 16 are read")
    if int(dataset.get("HighBit", stored - 1)) != stored - 1:
        raise PixelError(f"has the HighBit {dataset.HighBit} for {stored} BitsStored, which is not read")
    if int(dataset.PixelRepresentation) not in (0, 1):
        raise PixelError(f"has the PixelRepresentation {dataset.PixelRepresentation}, which is not read")
    element = dataset.get_item(PIXEL_DATA, keep_deferred=True)
    undefined = element.length == 0xFFFFFFFF
    return PixelData(
        transfer_syntax=syntax,
        offset=element.value_tell,
        length=None if undefined else element.length,
        frames=int(dataset.get("NumberOfFrames") or 1),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        bits_allocated=allocated,
        bits_stored=stored,
        signed=int(dataset.PixelRepresentation) == 1,
        little_endian=dataset.original_encoding[1],
        words=element.VR == "OW",
    )


def _slices(path: Path, name: str, dataset: Dataset, pixels: PixelData) -> Iterator[SliceFile]:
    """A slice for each frame of the file, in the file's order."""
    if dataset.get("SOPClassUID") not in MULTI_FRAME:
        yield _slice(path, name, None, dataset, pixels)
        return
    shared = _flat(dataset.get("SharedFunctionalGroupsSequence") or [])
    frames = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if len(frames) != pixels.frames:
        raise PixelError(f"holds {pixels.frames} frames and describes {len(frames)}")
    for index, groups in enumerate(frames):
        frame = Dataset()
        for part in (dataset, shared, _flat([groups])):
            frame.update({element.tag: element for element in part if element.VR != "SQ" and element.tag != PIXEL_DATA})
        yield _slice(path, name, index, frame, pixels)


def _flat(groups: list[Dataset]) -> Dataset:
    """The attributes inside the functional groups (DICOM PS3.3 C.7.6.16), without the sequences around them."""
    flat = Dataset()
    for group in groups:
        for element in group:
            if element.VR == "SQ" and not element.tag.is_private and len(element.value) == 1:
                flat.update({each.tag: each for each in element.value[0] if each.VR != "SQ"})
    return flat


def _slice(path: Path, name: str, frame: int | None, dataset: Dataset, pixels: PixelData) -> SliceFile:
    orientation = _vector(dataset.get("ImageOrientationPatient"), 6)
    if orientation is not None and not is_orientation(orientation):
        raise PixelError("has an ImageOrientationPatient that is no pair of perpendicular unit vectors")
    return SliceFile(
        path=path,
        name=name,
        frame=frame,
        patient_id=_text(dataset.get("PatientID")),
        patient_name=_text(dataset.get("PatientName")),
        patient_birth_date=_text(dataset.get("PatientBirthDate")),
        study_instance_uid=_text(dataset.get("StudyInstanceUID")),
        series_instance_uid=_text(dataset.get("SeriesInstanceUID")),
        sop_instance_uid=_text(dataset.get("SOPInstanceUID")),
        frame_of_reference_uid=_text(dataset.get("FrameOfReferenceUID")),
        series_number=_whole(dataset.get("SeriesNumber")),
        series_description=_text(dataset.get("SeriesDescription")),
        image_type=_texts(dataset.get("FrameType") or dataset.get("ImageType")),
        body_part=_text(dataset.get("BodyPartExamined")),
        scan_options=_texts(dataset.get("ScanOptions")),
        echo_time=_number(dataset.get("EffectiveEchoTime", dataset.get("EchoTime"))),
        instance_number=_whole(dataset.get("InStackPositionNumber", dataset.get("InstanceNumber"))),
        acquired=_acquired(dataset),
        content=_moment(dataset.get("ContentDate"), dataset.get("ContentTime")),
        trigger_time=_number(dataset.get("TriggerTime")),
        temporal_position=_whole(dataset.get("TemporalPositionIndex", dataset.get("TemporalPositionIdentifier"))),
        image_position=_vector(dataset.get("ImagePositionPatient"), 3),
        image_orientation=orientation,
        pixel_spacing=_vector(dataset.get("PixelSpacing"), 2),
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
        padding=_padding(dataset, pixels),
        rescale=_rescale(dataset),
        pixels=pixels,
    )


def _acquired(dataset: Dataset) -> float | None:
    whole = dataset.get("FrameAcquisitionDateTime") or dataset.get("AcquisitionDateTime")
    if whole:
        return _seconds(_text(whole))
    return _moment(dataset.get("AcquisitionDate"), dataset.get("AcquisitionTime"))


def _moment(date: object, time: object) -> float | None:
    """A DA and a TM together, as ``_seconds``; of the day alone where the date was taken out, as anonymisers do."""
    return _seconds(f"{_text(date) or '19700101'}{_text(time)}")


def _seconds(moment: str) -> float | None:
    """A DICOM date and time (PS3.5 6.2, DT without its zone, or DA and TM put together) in seconds since 1970."""
    digits, _, fraction = moment.split("+")[0].split("-")[0].partition(".")
    if len(digits) < 14 or not digits.isdecimal():
        return None
    try:
        whole = datetime.strptime(digits[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return (whole - datetime(1970, 1, 1)).total_seconds() + (float(f"0.{fraction}") if fraction.isdecimal() else 0.0)


def _padding(dataset: Dataset, pixels: PixelData) -> tuple[int, int] | None:
    """PixelPaddingValue to PixelPaddingRangeLimit (DICOM PS3.3 C.7.5.1.1.2), in either order."""
    first = _whole(dataset.get("PixelPaddingValue"))
    if first is None:
        return None
    last = _whole(dataset.get("PixelPaddingRangeLimit"))
    # written as unsigned by some, whatever the pixels are
    turned = [
        each - (1 << 16) if pixels.signed and each >= 1 << 15 else each
        for each in (first, first if last is None else last)
    ]
    return min(turned), max(turned)


def _rescale(dataset: Dataset) -> tuple[float, float] | None:
    slope = dataset.get("RescaleSlope")
    if slope in (None, ""):
        return None
    slope, intercept = float(slope), float(dataset.get("RescaleIntercept") or 0)
    if not (np.isfinite([slope, intercept]).all() and slope > 0):
        raise PixelError(f"has the RescaleSlope {slope:g} and the RescaleIntercept {intercept:g}, which are no scale")
    return slope, intercept


def _text(value: object) -> str:
    return str(value or "")


def _texts(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(each) for each in value)


def _whole(value: object) -> int | None:
    return None if value in (None, "") else int(value)


def _number(value: object) -> float | None:
    if value in (None, ""):
        return None
    return float(value) if np.isfinite(float(value)) else None


def _vector(value, length: int) -> tuple[float, ...] | None:
    """``length`` finite numbers, or None when there are none. Raises ValueError for numbers that are not finite."""
    if not value or len(value) != length:
        return None
    numbers = tuple(float(each) for each in value)
    if not np.isfinite(numbers).all():
        raise ValueError("a vector with a value that is not finite")
    return numbers
