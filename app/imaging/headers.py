"""The header of a DICOM file: where it lies, how it is written, and the few tags that are needed, read on demand.

pydicom finds the elements; their values are converted here, those asked for and no others, because converting all of
them costs more than everything else that is done to a slice.
"""

import errno
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, TypeVar

import pydicom
from isal import isal_zlib
from pydicom import uid
from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from imaging.errors import FileProblem, ScanError
from imaging.pixels import TRANSFER_SYNTAXES
from imaging.stored_file import StoredFile

KEYWORDS = (
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "ImageType", "FrameType", "Modality"),
    *("PatientID", "PatientName", "PatientBirthDate"),
    *("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "SeriesNumber", "SeriesDescription"),
    *("BodyPartExamined", "InstanceNumber", "InStackPositionNumber", "ScanOptions", "EchoTime", "EffectiveEchoTime"),
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "FrameAcquisitionDateTime"),
    *("ContentDate", "ContentTime", "TriggerTime", "TemporalPositionIdentifier", "TemporalPositionIndex"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
)
FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
META_KEYWORDS = ("MediaStorageSOPClassUID", "TransferSyntaxUID")
TAGS = {keyword: Tag(keyword) for keyword in (*KEYWORDS, *META_KEYWORDS, *FUNCTIONAL_GROUPS)}
GROUP_TAGS = {TAGS[keyword] for keyword in FUNCTIONAL_GROUPS}
PIXEL_DATA = {Tag("PixelData")}  # a set: pydicom's tags compare slowly
LONGEST_VALUE, LONGEST_GROUPS = 4096, 64_000_000  # bytes; longer ones are not read into memory
# A deflated file is inflated in memory, whole, each time it is read.
LARGEST_INFLATED = 32_000_000  # bytes
UNDEFINED = 0xFFFFFFFF
# Value representations that are binary numbers (DICOM PS3.5 table 6.2-1), for struct; others are text.
BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "US or SS": "H"}
ESCAPE = b"\x1b"  # begins a change of character set in a text that else looks like ASCII

T = TypeVar("T")
Elements = Mapping[int, RawDataElement | DataElement]


class HeaderError(FileProblem):
    """The header does not say what it should, or nothing that can be understood."""


class NotDicom(Exception):
    """The file is no DICOM file at all."""


class Header:
    """Values by DICOM keyword, one of KEYWORDS. What the header is silent about is empty, or None.

    Every method raises HeaderError, with the keyword, for a value that is not of the kind asked for.
    """

    def __init__(self, elements: Elements, encodings: list[str]):
        self._elements, self._encodings = elements, encodings

    def __contains__(self, keyword: str) -> bool:
        return TAGS[keyword] in self._elements

    def __len__(self) -> int:
        return len(self._elements)

    def text(self, keyword: str) -> str:
        """The value as it stands there, without padding."""
        return self._text(self._elements.get(TAGS[keyword]), keyword)

    def texts(self, keyword: str) -> tuple[str, ...]:
        text = self.text(keyword)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, keyword: str) -> tuple[float, ...]:
        """All values, some of which may be no finite number."""
        element = self._elements.get(TAGS[keyword])
        if element is None or not element.value:
            return ()
        known = element.VR not in (None, "UN")
        code = BINARY.get(element.VR if known else dictionary_VR(element.tag))
        try:
            if code is None:
                return tuple(float(part) for part in self._text(element, keyword).split("\\") if part)
            one = ("<" if element.is_little_endian else ">") + code
            return tuple(number for (number,) in struct.iter_unpack(one, element.value))
        except (ValueError, struct.error) as error:
            raise HeaderError(f"holds no number in {keyword}") from error

    def number(self, keyword: str) -> float | None:
        """The one value."""
        numbers = self.numbers(keyword)
        if len(numbers) > 1:
            raise HeaderError(f"holds {len(numbers)} values in {keyword}, not one")
        return numbers[0] if numbers else None

    def whole(self, keyword: str) -> int | None:
        """The one value, a whole number."""
        number = self.number(keyword)
        if number is not None and number % 1 != 0:  # neither is NaN or infinity
            raise HeaderError(f"holds no whole number in {keyword}")
        return None if number is None else int(number)

    def _text(self, element: RawDataElement | DataElement | None, keyword: str) -> str:
        value = element.value if element is not None else None
        if not value:
            if element is not None and value is None and getattr(element, "length", 0):
                raise HeaderError(f"holds more than {LONGEST_VALUE} bytes in {keyword}")
            return ""
        if not isinstance(value, bytes):
            raise HeaderError(f"holds no text in {keyword}")
        plain = value.isascii() and ESCAPE not in value
        text = value.decode("ascii") if plain else decode_bytes(value, self._encodings, set(b"\\"))
        return text.strip(" \0")


@dataclass(frozen=True)
class PixelElement:
    """Where PixelData lies. ``offset`` is the place of the first byte of its value in the file, or in what a deflated
    file inflates to; ``length`` its bytes, None when they are encapsulated; ``words``: it is of the VR OW.
    """

    offset: int
    length: int | None
    words: bool


@dataclass(frozen=True)
class FileHeader:
    """What a file's header says, and how the file is written.

    ``transfer_syntax`` is the UID. With one that is not of TRANSFER_SYNTAXES nothing else but SOPClassUID is read.
    """

    tags: Header
    transfer_syntax: str
    little_endian: bool
    pixels: PixelElement | None


def read_header(file: StoredFile) -> FileHeader:
    """The header of ``file``.

    Where a file does not say how it is written, as old ones without a meta header, it is found by trying. Raises
    NotDicom for a file that is nothing of the kind, HeaderError for a damaged one, OSError when the disk fails, and
    what reading a member of an archive raises.
    """
    return _parsed(file, _file_header)


def read_frame_headers(file: StoredFile) -> list[Header]:
    """The headers of the frames of a multi-frame file: what is described frame by frame (functional groups, DICOM
    PS3.3 C.7.6.16), with what all frames share. Raises what ``read_header`` raises.
    """
    return _parsed(file, _frame_headers)


def opened(file: StoredFile, transfer_syntax: str) -> BinaryIO:
    """The bytes among which PixelElement counts. Raises HeaderError when the file is deflated and too large."""
    content = file.opened()
    if transfer_syntax != uid.DeflatedExplicitVRLittleEndian:
        return content
    with content:
        _meta(content)
        return BytesIO(_inflated(content))


def _parsed(stored: StoredFile, read: Callable[[BinaryIO], T]) -> T:
    with stored.head() as file:
        try:
            return read(file)
        except (HeaderError, NotDicom, ScanError):
            raise
        except Exception as error:  # a damaged file can make the parser raise anything; all of it means this
            # a length that leads nowhere fails with EINVAL or without a number; any other OSError is the disk's
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise
            file.seek(0)
            if read_preamble(file, force=True) is None:
                raise NotDicom from error
            told = str(error) if isinstance(error, FileProblem) else f"cannot be read as DICOM ({type(error).__name__})"
            raise HeaderError(told) from error


def _file_header(file: BinaryIO) -> FileHeader:
    meta = _meta(file)
    syntax = meta.text("TransferSyntaxUID")
    if syntax and syntax not in TRANSFER_SYNTAXES:
        return FileHeader(meta, syntax, True, None)
    syntax = syntax or _guessed(file)
    dataset, pixels = _read_dataset(file, syntax, KEYWORDS, LONGEST_VALUE)
    tags = _header(dataset)
    if not meta and not uid.UID(tags.text("SOPClassUID")).is_valid:
        raise NotDicom
    return FileHeader(tags, syntax, syntax != uid.ExplicitVRBigEndian, pixels)


def _frame_headers(file: BinaryIO) -> list[Header]:
    syntax = _meta(file).text("TransferSyntaxUID") or _guessed(file)
    dataset, _ = _read_dataset(file, syntax, (*KEYWORDS, *FUNCTIONAL_GROUPS), LONGEST_GROUPS)
    main = {tag: element for tag, element in dataset.items() if tag not in GROUP_TAGS}
    shared, frames = (dataset.get(keyword) or [] for keyword in FUNCTIONAL_GROUPS)
    common = main | _grouped(shared)
    return [Header(common | _grouped([groups]), dataset.original_character_set) for groups in frames]


def _grouped(groups: Iterable[Dataset]) -> Elements:
    """The attributes inside the functional groups, without the sequences around them."""
    found = {}
    for element in (element for group in groups for element in group):
        if element.VR == "SQ" and not element.tag.is_private and len(element.value) == 1:
            found.update(element.value[0].items())
    return found


def _meta(file: BinaryIO) -> Header:
    """The meta header (DICOM PS3.10 section 7.1), after which ``file`` then stands.

    Old archives write files without the preamble, or begin with the dataset: then the header is empty.
    """
    read_preamble(file, force=True)
    return _header(read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2))


def _guessed(file: BinaryIO) -> str:
    """The transfer syntax in which pydicom finds the dataset at this place of ``file`` to be written."""
    place = file.tell()
    file.seek(0)
    implicit, little_endian = pydicom.dcmread(file, force=True, stop_before_pixels=True).original_encoding
    file.seek(place)
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little_endian else uid.ExplicitVRBigEndian


def _read_dataset(
    file: BinaryIO, syntax: str, keywords: Sequence[str], longest: int
) -> tuple[Dataset, PixelElement | None]:
    """The elements with these keywords before PixelData, unconverted, their values up to ``longest`` bytes."""
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        file = BytesIO(_inflated(file))
    found: list[tuple[str | None, int]] = []

    def at_pixel_data(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag in PIXEL_DATA:
            found.append((vr, length))
        return bool(found)

    dataset = read_dataset(
        file,
        syntax == uid.ImplicitVRLittleEndian,
        syntax != uid.ExplicitVRBigEndian,
        stop_when=at_pixel_data,
        defer_size=longest,
        specific_tags=[TAGS[keyword] for keyword in keywords],
    )
    if not found:
        return dataset, None
    ((vr, length),) = found
    offset = file.tell() + (12 if vr in EXPLICIT_VR_LENGTH_32 else 8)  # DICOM PS3.5 section 7.1
    return dataset, PixelElement(offset, None if length == UNDEFINED else length, vr == "OW")


def _header(dataset: Dataset) -> Header:
    return Header(dict(dataset.items()), dataset.original_character_set)


def _inflated(file: BinaryIO) -> bytes:
    """The dataset of a deflated file (DICOM PS3.5 A.5), at whose beginning ``file`` stands."""
    inflate = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
    content = inflate.decompress(file.read(), LARGEST_INFLATED)
    if not inflate.eof:
        raise HeaderError(f"is deflated, and broken off or larger than {LARGEST_INFLATED} bytes")
    return content
