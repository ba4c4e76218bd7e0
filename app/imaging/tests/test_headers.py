import io
import struct
from unittest import mock

import numpy as np
import pydicom
from pydicom import uid
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

from imaging.header_values import KEYWORDS, HeaderError
from imaging.headers import NotDicom, read_header
from imaging.stored_file import Allowance, DiskFile, gradual
from imaging.tests.encodings import every_syntax, without_meta, without_preamble
from imaging.tests.folders import FolderTestCase
from imaging.tests.slices import slice_bytes, write_files

PIXELS = np.arange(256).reshape(16, 16)


def _padded(content: bytes, keyword: str) -> bytes:
    """The file with 5,000 spaces after the value of ``keyword``, which is shorter than 256 bytes."""
    tag = Tag(keyword)
    at = content.index(struct.pack("<2H", tag.group, tag.element)) + 6
    (length,) = struct.unpack_from("<H", content, at)
    end = at + 2 + length
    return content[:at] + struct.pack("<H", length + 5000) + content[at + 2 : end] + b" " * 5000 + content[end:]


class HeaderTests(FolderTestCase):
    def header(self, content: bytes):
        return read_header(DiskFile(write_files({"1": content}, self.folder) / "1"))

    def told(self, **tags):
        return self.header(slice_bytes(PIXELS, **tags)).tags

    def refused(self, keyword: str, value: str, read: str) -> str:
        """What reading ``keyword`` tells when a file, against the standard, holds ``value`` there."""
        content = slice_bytes(PIXELS, **{keyword: "77777777"}).replace(b"77777777", value.ljust(8).encode())
        with self.assertRaises(HeaderError) as caught:
            getattr(self.header(content).tags, read)(keyword)
        return str(caught.exception)

    def test_values_are_those_that_pydicom_reads(self):
        for syntax, content in every_syntax().items():
            known, found = pydicom.dcmread(io.BytesIO(content)), self.header(content)
            self.assertEqual(found.transfer_syntax, syntax)
            for keyword in KEYWORDS:
                value = known.get(keyword)
                if isinstance(value, int | float):
                    self.assertEqual(found.tags.number(keyword), value)
                elif isinstance(value, str | PersonName):
                    self.assertEqual(found.tags.text(keyword), str(value))
                elif value is not None:
                    self.assertEqual(found.tags.numbers(keyword), tuple(value))

    def test_pixel_data_lie_where_they_are_told_to(self):
        content = slice_bytes(PIXELS)
        for part in (content, without_preamble(content), without_meta(content)):
            place = self.header(part).pixels
            self.assertEqual(part[place.offset : place.offset + place.length], PIXELS.astype("<u2").tobytes())

    def test_way_of_writing_is_found_where_the_file_does_not_say(self):
        for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian):
            self.assertEqual(self.header(without_meta(every_syntax()[syntax])).transfer_syntax, syntax)

    def test_way_of_writing_is_found_in_a_packed_file_too(self):
        content = without_meta(every_syntax()[uid.ImplicitVRLittleEndian])
        packed = mock.Mock(head=lambda: gradual(iter([content[:1000], content[1000:]]), Allowance()))
        self.assertEqual(read_header(packed).transfer_syntax, uid.ImplicitVRLittleEndian)

    def test_text_is_told_in_its_character_set(self):
        for character_set, word in (("ISO_IR 192", "Brüste"), ("ISO_IR 100", "Brüste"), ("ISO_IR 144", "грудь")):
            tags = self.told(SpecificCharacterSet=character_set, SeriesDescription=word)
            self.assertEqual(tags.text("SeriesDescription"), word)
        japanese = self.told(SpecificCharacterSet=["", "ISO 2022 IR 87"], SeriesDescription="乳房 dyn")
        self.assertEqual(japanese.text("SeriesDescription"), "乳房 dyn")

    def test_silence_is_empty(self):
        tags = self.told(SeriesNumber="", ImageType=None)
        self.assertEqual((tags.whole("SeriesNumber"), tags.texts("ImageType"), tags.text("ImageType")), (None, (), ""))

    def test_value_that_is_no_number_is_refused_by_its_keyword(self):
        self.assertEqual(self.refused("InstanceNumber", "5 a", "whole"), "holds no number in InstanceNumber")
        self.assertEqual(self.refused("EchoTime", "1\\2", "number"), "holds 2 values in EchoTime, not one")
        for value in ("1.5", "inf", "nan"):
            self.assertEqual(self.refused("TriggerTime", value, "whole"), "holds no whole number in TriggerTime")

    def test_value_too_long_to_be_one_is_refused(self):
        tags = self.told(SeriesDescription="a" * 5000)
        with self.assertRaisesMessage(HeaderError, "holds more than 4096 bytes in SeriesDescription"):
            tags.text("SeriesDescription")

        for keyword in ("ImagePositionPatient", "RescaleSlope", "SeriesNumber"):
            value = f"holds more than 4096 bytes in {keyword}"
            content = slice_bytes(PIXELS, **{keyword: ["1", "2", "3"] if keyword.startswith("Image") else "1"})
            with self.assertRaisesMessage(HeaderError, value):
                self.header(_padded(content, keyword)).tags.numbers(keyword)

    def test_value_with_an_empty_part_is_no_vector(self):
        for value in ("1\\\\2\\3", "\\1\\2\\3", "1\\2\\3\\", "\\"):
            self.assertEqual(self.refused("EchoTime", value, "numbers"), "holds no number in EchoTime")

    def test_binary_number_of_another_kind_is_not_read_as_text(self):
        content = slice_bytes(PIXELS, SeriesNumber="49")
        for vr in (b"UV", b"SV", b"AT", b"OB", b"ZZ"):
            changed = content.replace(b"IS\2\0" + b"49", vr + b"\2\0" + b"49")
            self.assertNotEqual(changed, content)
            with self.assertRaises(HeaderError):
                self.header(changed).tags.whole("SeriesNumber")

    def test_escape_without_a_character_set_is_text(self):
        content = slice_bytes(PIXELS, SeriesDescription="ax dyn 12345").replace(b"ax dyn 12345", b"ax dyn \x1b(B12")
        self.assertTrue(self.header(content).tags.text("SeriesDescription").startswith("ax dyn"))

    def test_text_in_a_character_set_that_is_none_is_refused(self):
        content = slice_bytes(PIXELS, SpecificCharacterSet="ISO_IR 100", SeriesDescription="Brüste")
        for name in (b"punycode  ", b"idna      "):
            tags = self.header(content.replace(b"ISO_IR 100", name)).tags
            with self.assertRaisesMessage(HeaderError, "holds text in SeriesDescription that is not in its character"):
                tags.text("SeriesDescription")

    def test_file_that_is_nothing_of_the_kind_is_no_dicom(self):
        for content in (b"", b"hello", b"\0" * 200, b"\xff" * 300):
            with self.assertRaises(NotDicom):
                self.header(content)

    def test_sequences_in_sequences_without_end_are_refused(self):
        content = slice_bytes(PIXELS)
        at = content.index(b"\x08\x00\x60\x00CS")  # Modality
        deep = 5000 * (b"\x08\x00\x40\x11SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4)
        with self.assertRaisesMessage(HeaderError, "cannot be read as DICOM (RecursionError)"):
            self.header(content[:at] + deep + content[at:])

    def test_disk_that_fails_is_no_damaged_file(self):
        file = DiskFile(write_files({"1": slice_bytes(PIXELS)}, self.folder) / "1")
        with (
            mock.patch("imaging.headers.read_dataset", side_effect=OSError(5, "Input/output error")),
            self.assertRaises(OSError),
        ):
            read_header(file)
