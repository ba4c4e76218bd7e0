"""Finds the header of a DICOM file: its elements, how it is written, and where its pixels lie."""

import errno
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import BinaryIO, TypeVar

import pydicom
from isal import isal_zlib
from pydicom import uid
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_preamble, read_sequence
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from imaging.errors import FileProblem, OutOfTime, ScanError
from imaging.header_values import KEYWORDS, LONGEST_VALUE, TAGS, Elements, Header, HeaderError
from imaging.pixels import TRANSFER_SYNTAXES
from imaging.stored_file import Allowance, Counted, StoredFile

HEADER_TAGS = [TAGS[keyword] for keyword in KEYWORDS]
# sets: pydicom's tags compare slowly
PIXEL_DATA = {Tag("PixelData")}
SHARED_GROUPS, FRAME_GROUPS = {Tag("SharedFunctionalGroupsSequence")}, {Tag("PerFrameFunctionalGroupsSequence")}
# A deflated file is inflated in memory, whole, each time it is read.
LARGEST_INFLATED = 32_000_000  # bytes
UNDEFINED = 0xFFFFFFFF
# Items are told one, and read in that of the whole file all the same (DICOM PS3.5 section 7.5.3).
DEFAULT_CHARACTER_SET = "iso8859"

T = TypeVar("T")


class NotDicom(Exception):
    """The file is no DICOM file at all."""


@dataclass(frozen=True)
class Place:
    """Where the element ``tag`` lies. ``offset`` is the place of the first byte of its value in the file, or in what a
    deflated file inflates to; ``length`` its bytes, None when it is undefined; ``words``: it is of the VR OW.
    """

    offset: int
    length: int | None
    words: bool
    tag: BaseTag


@dataclass(frozen=True)
class FileHeader:
    """What a file's header says, and how the file is written.

    ``transfer_syntax`` is the UID. With one that is not of TRANSFER_SYNTAXES nothing else but SOPClassUID is read.
    ``pixels`` is PixelData, ``inflated`` the bytes that a deflated file inflates to each time it is read, else 0.
    """

    tags: Header
    transfer_syntax: str
    little_endian: bool
    pixels: Place | None
    inflated: int


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


def read_texts(file: StoredFile, keywords: Sequence[str]) -> dict[str, str]:
    """The values of ``keywords`` as text, those that are there and can be read as such: what else the file says has
    been read before. Raises what reading a member of an archive raises.
    """
    return _parsed(file, partial(_texts, keywords))


def opened(file: StoredFile, transfer_syntax: str) -> BinaryIO:
    """The bytes among which ``Place.offset`` counts. Raises HeaderError when the file is deflated and too large."""
    content = file.opened()
    if transfer_syntax != uid.DeflatedExplicitVRLittleEndian:
        return content
    with content:
        _meta(content)
        return BytesIO(_inflated(content, file.allowance))


def _parsed(stored: StoredFile, read: Callable[[Counted], T]) -> T:
    with stored.head() as file:
        try:
            return read(file)
        except (HeaderError, NotDicom, OutOfTime, ScanError):
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


def _file_header(file: Counted) -> FileHeader:
    meta = _meta(file)
    syntax = meta.text("TransferSyntaxUID")
    if syntax and syntax not in TRANSFER_SYNTAXES:
        return FileHeader(meta, syntax, True, None, 0)
    syntax = syntax or _guessed(file)
    content, inflated = _content(file, syntax)
    dataset, stop = _read_until(content, syntax, PIXEL_DATA)
    tags = _header(dataset)
    if not meta and not uid.UID(tags.text("SOPClassUID")).is_valid:
        raise NotDicom
    return FileHeader(tags, syntax, syntax != uid.ExplicitVRBigEndian, stop, inflated)


def _texts(keywords: Sequence[str], file: Counted) -> dict[str, str]:
    syntax = _meta(file).text("TransferSyntaxUID") or _guessed(file)
    content, _ = _content(file, syntax)
    wanted = [Tag(keyword) for keyword in ("SpecificCharacterSet", *keywords)]
    tags = _header(_read_until(content, syntax, PIXEL_DATA, wanted)[0])
    found = {}
    for keyword in keywords:
        with suppress(HeaderError):
            found[keyword] = tags.text(keyword)
    return {keyword: text for keyword, text in found.items() if text}


def _frame_headers(file: Counted) -> list[Header]:
    syntax = _meta(file).text("TransferSyntaxUID") or _guessed(file)
    content, _ = _content(file, syntax)
    main, stop = _read_until(content, syntax, SHARED_GROUPS | FRAME_GROUPS | PIXEL_DATA)
    implicit, little_endian = main.original_encoding
    shared, frames = [], []
    while stop is not None and stop.tag not in PIXEL_DATA:
        content.seek(stop.offset)
        length = UNDEFINED if stop.length is None else stop.length
        groups = read_sequence(content, implicit, little_endian, length, main.original_character_set)
        (frames if stop.tag in FRAME_GROUPS else shared).extend(_grouped(each, content) for each in groups)
        _, stop = _read_until(content, syntax, SHARED_GROUPS | FRAME_GROUPS | PIXEL_DATA)
    common = dict(main.items())
    for each in shared:
        common |= each
    return [Header(common | each, main.original_character_set) for each in frames]


def _grouped(groups: Dataset, file: Counted) -> Elements:
    """The attributes inside one frame's functional groups, without the sequences around them."""
    found = {}
    for tag, element in groups.items():
        sequence = () if tag.is_private else _sequence(element, file)
        if len(sequence) == 1:
            found.update(sequence[0].items())
    return found


def _sequence(element: RawDataElement | DataElement, file: Counted) -> Sequence[Dataset]:
    """The items of a sequence; none of anything else."""
    tag, vr, value = element.tag, element.VR, element.value
    if vr in (None, "UN") and dictionary_has_tag(tag):
        vr = dictionary_VR(tag)
    if vr != "SQ" or not value:
        return ()
    if not isinstance(value, bytes):
        return value
    implicit = element.is_implicit_VR or element.VR == "UN"  # DICOM PS3.5 section 6.2.2
    return read_sequence(file.beside(value), implicit, element.is_little_endian, len(value), DEFAULT_CHARACTER_SET)


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


def _content(file: Counted, syntax: str) -> tuple[Counted, int]:
    """The dataset, at whose beginning ``file`` stands, and how many bytes were inflated for it."""
    if syntax != uid.DeflatedExplicitVRLittleEndian:
        return file, 0
    inflated = _inflated(file, file.allowance)
    return file.beside(inflated), len(inflated)


def _read_until(
    file: BinaryIO, syntax: str, tags: Container[BaseTag], wanted: Sequence[BaseTag] = HEADER_TAGS
) -> tuple[Dataset, Place | None]:
    """The elements with ``wanted`` tags before the first of ``tags``, unconverted, and where that lies.

    ``file`` stands there. Values of more than LONGEST_VALUE bytes stay in the file.
    """
    found: list[tuple[BaseTag, str | None, int]] = []

    def reached(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag in tags:
            found.append((tag, vr, length))
        return bool(found)

    dataset = read_dataset(
        file,
        syntax == uid.ImplicitVRLittleEndian,
        syntax != uid.ExplicitVRBigEndian,
        stop_when=reached,
        defer_size=LONGEST_VALUE,
        specific_tags=list(wanted),
    )
    if not found:
        return dataset, None
    ((tag, vr, length),) = found
    offset = file.tell() + (12 if vr in EXPLICIT_VR_LENGTH_32 else 8)  # DICOM PS3.5 section 7.1
    return dataset, Place(offset, None if length == UNDEFINED else length, vr == "OW", tag)


def _header(dataset: Dataset) -> Header:
    return Header(dict(dataset.items()), dataset.original_character_set)


def _inflated(file: BinaryIO, allowance: Allowance) -> bytes:
    """The dataset of a deflated file (DICOM PS3.5 A.5), at whose beginning ``file`` stands."""
    inflate = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
    content = inflate.decompress(file.read(), LARGEST_INFLATED)
    allowance.inflate(len(content))
    if not inflate.eof:
        raise HeaderError(f"is deflated, and broken off or larger than {LARGEST_INFLATED} bytes")
    return content
