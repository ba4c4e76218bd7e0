"""What a DICOM header says: values by keyword, converted when they are asked for.

pydicom finds the elements; their values are converted here, those asked for and no others, because converting all of
them costs more than everything else that is done to a slice.
"""

import struct
from collections.abc import Mapping

from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import Tag

from imaging.errors import FileProblem

KEYWORDS = (
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "ImageType", "FrameType", "Modality"),
    *("PatientID", "PatientName", "PatientBirthDate"),
    *("StudyInstanceUID", "StudyDate", "SeriesInstanceUID", "FrameOfReferenceUID", "SeriesNumber"),
    *(
        "SeriesDescription",
        "BodyPartExamined",
        "InstanceNumber",
        "InStackPositionNumber",
        "ScanOptions",
        "EchoTime",
        "EffectiveEchoTime",
    ),
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "FrameAcquisitionDateTime"),
    *("ContentDate", "ContentTime", "TriggerTime", "TemporalPositionIdentifier", "TemporalPositionIndex"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "RescaleSlope", "RescaleIntercept"),
)
# Of patient, study and scan: what the forms of a result repeat.
REPEATED_KEYWORDS = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge"),
    *("PatientSize", "PatientWeight", "PatientIdentityRemoved", "DeidentificationMethod"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber"),
    *("ReferringPhysicianName", "FrameOfReferenceUID", "PositionReferenceIndicator", "PatientPosition"),
    *("BodyPartExamined", "Laterality", "ImageLaterality", "Manufacturer", "ManufacturerModelName"),
    *("MagneticFieldStrength", "RepetitionTime", "EchoTime", "FlipAngle", "SliceThickness", "ContrastBolusAgent"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
META_KEYWORDS = ("MediaStorageSOPClassUID", "TransferSyntaxUID")
TAGS = {keyword: Tag(keyword) for keyword in (*KEYWORDS, *REPEATED_KEYWORDS, *META_KEYWORDS)}
LONGEST_VALUE = 4096  # bytes
# Value representations that are binary numbers (DICOM PS3.5 table 6.2-1), for struct, and those that are text.
BINARY = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "US or SS": "H"}
TEXTS = ("DS", "IS", "SH", "LO", "CS", "ST", "LT", "UT", "UC")
ESCAPE = b"\x1b"  # begins a change of character set in a text that else looks like ASCII

Elements = Mapping[int, RawDataElement | DataElement]


class HeaderError(FileProblem):
    """The header does not say what it should, or nothing that can be understood."""


class Header:
    """Values by DICOM keyword, one of TAGS. What the header is silent about is empty, or None.

    Every method raises HeaderError, with the keyword, for a value that is not of the kind asked for.
    """

    def __init__(self, elements: Elements, encodings: str | list[str]):
        self._elements = elements
        self._encodings = [encodings] if isinstance(encodings, str) else encodings

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
        if not self._value(element, keyword):
            return ()
        vr = element.VR if element.VR not in (None, "UN") else dictionary_VR(element.tag)
        code = BINARY.get(vr)
        if code is None and vr not in TEXTS:
            raise HeaderError(f"holds no number in {keyword}")
        try:
            if code is None:
                text = self._text(element, keyword)
                return tuple(float(part) for part in text.split("\\")) if text else ()
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
        value = self._value(element, keyword)
        if value.isascii() and ESCAPE not in value:
            return value.decode("ascii").strip(" \0")
        try:
            return decode_bytes(value, self._encodings, set(b"\\")).strip(" \0")
        except (LookupError, ValueError) as error:  # a SpecificCharacterSet can name whatever codec there is
            raise HeaderError(f"holds text in {keyword} that is not in its character set") from error

    def _value(self, element: RawDataElement | DataElement | None, keyword: str) -> bytes:
        """What stands in the file; nothing when the header is silent."""
        if element is None:
            return b""
        if element.value is None and getattr(element, "length", 0):
            raise HeaderError(f"holds more than {LONGEST_VALUE} bytes in {keyword}")
        if element.value and not isinstance(element.value, bytes):
            raise HeaderError(f"holds neither text nor number in {keyword}")
        return element.value or b""
