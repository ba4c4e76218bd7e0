"""A DICOM file -> its slices of grey MR, or what it is instead."""

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydicom import uid

from imaging.errors import FileProblem, NotADicomImage, OtherKind
from imaging.geometry import is_orientation
from imaging.header_values import Header, HeaderError
from imaging.headers import FileHeader, NotDicom, read_frame_headers, read_header
from imaging.pixels import TRANSFER_SYNTAXES, PixelData
from imaging.slice_file import SliceFile
from imaging.stored_file import DiskFile, StoredFile

GREY = ("MONOCHROME1", "MONOCHROME2")
LARGEST_SIDE = 2048  # pixels: four times the largest matrix of the Duke cohort
MOST_FRAMES = 4000
# Each frame of a deflated file costs inflating all of it.
MOST_INFLATED = 2_000_000_000  # bytes
# Far beyond what any scanner writes, and far within what can be computed with.
SMALLEST_SLOPE, LARGEST_SCALE = 1e-12, 1e12
BITS_ALLOCATED = (8, 16)
LEAST_BITS = 2
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


def read_slices(path: Path, name: str | None = None) -> list[SliceFile]:
    """The slices of the file at ``path``, as ``slices_of`` reads them.

    ``name`` is what the sender calls the file; by default its folder and name.
    """
    return slices_of(DiskFile(path), f"{path.parent.name}/{path.name}" if name is None else name)


def slices_of(file: StoredFile, name: str) -> list[SliceFile]:
    """The slices of ``file``, grey MR: one, or one a frame. Only the header is read.

    ``name`` is what the sender calls it. Raises OtherKind for a file that is something else, NotADicomImage for MR
    slices that are damaged or of a form that is not read, each with the reason, OSError when the disk fails, and what
    reading a member of an archive raises.
    """
    try:
        header = read_header(file)
        other = _other_kind(header)
        if other is None:
            return list(_slices(file, name, header))
    except NotDicom as error:
        raise OtherKind(f"{name} is not a DICOM file.", (name,)) from error
    except FileProblem as error:
        raise NotADicomImage(f"{name} {error}.", (name,)) from error
    raise OtherKind(f"{name} {other}.", (name,))


def _other_kind(header: FileHeader) -> str | None:
    """What the file is when it is something else than MR slices; None when it is such slices."""
    tags = header.tags
    kind, modality = tags.text("SOPClassUID") or tags.text("MediaStorageSOPClassUID"), tags.text("Modality")
    if kind in OTHER_KINDS:
        return f"is {OTHER_KINDS[kind]}, not an MR image"
    if modality not in ("", "MR"):
        return f"is of modality {modality}, not MR"
    if kind and kind not in SINGLE_FRAME + MULTI_FRAME:
        return f"is of the kind {uid.UID(kind).name}, not an MR image"
    return None if kind or "Rows" in tags else "holds no image"


def _slices(file: StoredFile, name: str, header: FileHeader) -> Iterator[SliceFile]:
    """A slice for each frame of the file, in the file's order."""
    _check_form(header)
    pixels = _pixel_data(header)
    if header.tags.text("SOPClassUID") not in MULTI_FRAME:
        yield _slice(file.settled(1), name, None, header.tags, pixels)
        return
    frames = read_frame_headers(file)
    file = file.settled(pixels.frames)
    if len(frames) != pixels.frames:
        raise HeaderError(f"holds {pixels.frames} frames and describes {len(frames)}")
    for index, tags in enumerate(frames):
        yield _slice(file, name, index, tags, pixels)


def _check_form(header: FileHeader) -> None:
    """Raises HeaderError for MR slices that are not grey, not there, or of a form that is not read."""
    tags = header.tags
    if header.transfer_syntax not in TRANSFER_SYNTAXES:
        raise HeaderError(f"is written in {uid.UID(header.transfer_syntax).name}, which is not read")
    rows, columns, frames = tags.whole("Rows"), tags.whole("Columns"), _frames(tags)
    if not rows or not columns or header.pixels is None:
        raise HeaderError("holds no image")
    if max(rows, columns) > LARGEST_SIDE:
        raise HeaderError(f"is larger than {LARGEST_SIDE} x {LARGEST_SIDE}")
    if tags.text("PhotometricInterpretation") not in GREY or tags.whole("SamplesPerPixel") not in (None, 1):
        raise HeaderError("is not a grey-scale image")
    if not 1 <= frames <= MOST_FRAMES:
        raise HeaderError(f"holds {frames} frames; {MOST_FRAMES} are the most")
    if frames > 1 and tags.text("SOPClassUID") not in MULTI_FRAME:
        raise HeaderError("holds several frames and is no Enhanced MR image")
    if header.inflated * frames > MOST_INFLATED:
        raise HeaderError(f"is deflated and holds {frames} large frames, which is not read")


def _frames(tags: Header) -> int:
    frames = tags.whole("NumberOfFrames")
    return 1 if frames is None else frames


def _pixel_data(header: FileHeader) -> PixelData:
    """Raises HeaderError for pixels of a form that MR images do not have."""
    tags, place = header.tags, header.pixels
    names = ("BitsAllocated", "BitsStored", "PixelRepresentation")
    allocated, stored, representation = (_needed(tags, keyword) for keyword in names)
    high = tags.whole("HighBit")
    if allocated not in BITS_ALLOCATED or not LEAST_BITS <= stored <= allocated:
        raise HeaderError(f"has {stored} of {allocated} bits a pixel; {LEAST_BITS} to 16 in 8 or 16 are read")
    if high not in (None, stored - 1):
        raise HeaderError(f"has the HighBit {high} for {stored} BitsStored, which is not read")
    if representation not in (0, 1):
        raise HeaderError(f"has the PixelRepresentation {representation}, which is not read")
    return PixelData(
        transfer_syntax=header.transfer_syntax,
        offset=place.offset,
        length=place.length,
        frames=_frames(tags),
        rows=tags.whole("Rows"),
        columns=tags.whole("Columns"),
        bits_allocated=allocated,
        bits_stored=stored,
        signed=representation == 1,
        little_endian=header.little_endian,
        words=place.words,
    )


def _needed(tags: Header, keyword: str) -> int:
    value = tags.whole(keyword)
    if value is None:
        raise HeaderError(f"has no {keyword}")
    return value


def _slice(file: StoredFile, name: str, frame: int | None, tags: Header, pixels: PixelData) -> SliceFile:
    orientation = _vector(tags, "ImageOrientationPatient", 6)
    if orientation is not None and not is_orientation(orientation):
        raise HeaderError("has an ImageOrientationPatient that is no pair of perpendicular unit vectors")
    return SliceFile(
        file=file,
        name=name,
        frame=frame,
        patient_id=tags.text("PatientID"),
        patient_name=tags.text("PatientName"),
        patient_birth_date=tags.text("PatientBirthDate"),
        study_instance_uid=tags.text("StudyInstanceUID"),
        study_date=tags.text("StudyDate"),
        series_instance_uid=tags.text("SeriesInstanceUID"),
        sop_class_uid=tags.text("SOPClassUID"),
        sop_instance_uid=tags.text("SOPInstanceUID"),
        frame_of_reference_uid=tags.text("FrameOfReferenceUID"),
        series_number=tags.whole("SeriesNumber"),
        series_description=tags.text("SeriesDescription"),
        image_type=tags.texts("FrameType") or tags.texts("ImageType"),
        body_part=tags.text("BodyPartExamined"),
        scan_options=tags.texts("ScanOptions"),
        echo_time=_finite(tags, "EffectiveEchoTime", "EchoTime"),
        instance_number=_first(tags, "InStackPositionNumber", "InstanceNumber"),
        acquired=_acquired(tags),
        content=_moment(tags, "ContentDate", "ContentTime"),
        trigger_time=_finite(tags, "TriggerTime"),
        temporal_position=_first(tags, "TemporalPositionIndex", "TemporalPositionIdentifier"),
        image_position=_vector(tags, "ImagePositionPatient", 3),
        image_orientation=orientation,
        pixel_spacing=_spacing(tags),
        inverted=tags.text("PhotometricInterpretation") == "MONOCHROME1",
        padding=_padding(tags, pixels),
        rescale=_rescale(tags),
        pixels=pixels,
    )


def _first(tags: Header, *keywords: str) -> int | None:
    """The whole number of the first keyword that has one."""
    return next((value for keyword in keywords if (value := tags.whole(keyword)) is not None), None)


def _finite(tags: Header, *keywords: str) -> float | None:
    """The number of the first keyword that has one; None where it is not finite."""
    number = next((value for keyword in keywords if (value := tags.number(keyword)) is not None), None)
    return number if number is not None and math.isfinite(number) else None


def _vector(tags: Header, keyword: str, length: int) -> tuple[float, ...] | None:
    """``length`` finite numbers, or None when there is another number of them."""
    numbers = tags.numbers(keyword)
    if len(numbers) != length:
        return None
    if not all(map(math.isfinite, numbers)):
        raise HeaderError(f"holds a number that is not finite in {keyword}")
    return numbers


def _spacing(tags: Header) -> tuple[float, ...] | None:
    """PixelSpacing; None also where a value of it is not above 0, which tells nothing."""
    spacing = _vector(tags, "PixelSpacing", 2)
    return spacing if spacing is not None and min(spacing) > 0 else None


def _acquired(tags: Header) -> float | None:
    whole = tags.text("FrameAcquisitionDateTime") or tags.text("AcquisitionDateTime")
    return _seconds(whole) if whole else _moment(tags, "AcquisitionDate", "AcquisitionTime")


def _moment(tags: Header, date: str, time: str) -> float | None:
    """A DA and a TM together, as ``_seconds``; of the day alone where the date was taken out, as anonymisers do."""
    return _seconds(f"{tags.text(date) or '19700101'}{tags.text(time)}")


def _seconds(moment: str) -> float | None:
    """A DICOM date and time (PS3.5 6.2, DT without its zone, or DA and TM put together) in seconds since 1970."""
    digits, _, fraction = moment.split("+")[0].split("-")[0].partition(".")
    if len(digits) < 14 or not digits.isdecimal():
        return None
    try:
        whole = datetime(int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, 14, 2)))
    except ValueError:
        return None
    return (whole - datetime(1970, 1, 1)).total_seconds() + (float(f"0.{fraction}") if fraction.isdecimal() else 0.0)


def _padding(tags: Header, pixels: PixelData) -> tuple[int, int] | None:
    """PixelPaddingValue to PixelPaddingRangeLimit (DICOM PS3.3 C.7.5.1.1.2), in either order."""
    first = tags.whole("PixelPaddingValue")
    if first is None:
        return None
    last = tags.whole("PixelPaddingRangeLimit")
    # written as unsigned by some, whatever the pixels are
    turned = [
        each - (1 << 16) if pixels.signed and each >= 1 << 15 else each
        for each in (first, first if last is None else last)
    ]
    return min(turned), max(turned)


def _rescale(tags: Header) -> tuple[float, float] | None:
    slope, intercept = tags.number("RescaleSlope"), tags.number("RescaleIntercept") or 0.0
    if slope is None:
        return None
    if not (SMALLEST_SLOPE < slope < LARGEST_SCALE and abs(intercept) < LARGEST_SCALE):  # neither is NaN
        raise HeaderError(f"has the RescaleSlope {slope:g} and the RescaleIntercept {intercept:g}, which are no scale")
    return slope, intercept
