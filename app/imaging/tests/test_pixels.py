"""Every transfer syntax, each compared with what was encoded and with a decoder that shares no code with ours."""

import struct
from collections.abc import Callable
from pathlib import Path
from unittest import mock, skipUnless

import imagecodecs
import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from imaging import headers, pixels
from imaging.errors import NotADicomImage
from imaging.parallel import for_each
from imaging.pixels import NATIVE, TRANSFER_SYNTAXES
from imaging.slice_file import SliceFile
from imaging.slice_reading import read_slices
from imaging.tests import encodings, second_decoders
from imaging.tests.encodings import depths, dicom, every_syntax, frame, picture
from imaging.tests.folders import FolderTestCase
from imaging.tests.second_decoders import by_dcmtk, by_ffmpeg, by_openjph, by_pydicom, needs

FILES = Path(__file__).resolve().parents[4] / "shared" / "dicom"
COMPRESSED = tuple(syntax for syntax in TRANSFER_SYNTAXES if syntax not in NATIVE)


class PixelsTestCase(FolderTestCase):
    def slices(self, content: bytes) -> list[SliceFile]:
        (self.folder / "1.dcm").write_bytes(content)
        return read_slices(self.folder / "1.dcm", "1.dcm")

    def stored(self, content: bytes) -> np.ndarray:
        return self.slices(content)[0].stored()

    def refused(self, content: bytes) -> str:
        with self.assertRaises(NotADicomImage) as caught:
            self.stored(content)
        return caught.exception.reason

    def compare(self, syntaxes, second, off=0, but=()):
        """Our values of every depth and sign lie at most ``off`` grey levels from those of the ``second`` decoder."""
        every = [(syntax, *how) for syntax in syntaxes for how in depths(syntax)]
        cases = [case for case in every if case not in but]
        self.assertTrue(cases)
        contents = [dicom(picture(bits, signed), syntax, bits) for syntax, bits, signed in cases]
        told = for_each(second, contents)  # programs of their own, one a core
        for (syntax, bits, signed), content, values in zip(cases, contents, told, strict=True):
            with self.subTest(uid.UID(syntax).name, bits=bits, signed=signed):
                np.testing.assert_allclose(self.stored(content).astype(int), values, rtol=0, atol=off)


class EverySyntaxTests(PixelsTestCase):
    def test_lossless_syntaxes_give_back_every_depth_and_sign(self):
        for syntax in encodings.LOSSLESS:
            for bits, signed in depths(syntax):
                with self.subTest(uid.UID(syntax).name, bits=bits, signed=signed):
                    values = picture(bits, signed)
                    found = self.stored(dicom(values, syntax, bits))
                    np.testing.assert_array_equal(found, values)
                    self.assertEqual(found.dtype, values.dtype)

    def test_near_lossless_is_off_by_what_was_asked_for(self):
        for bits, signed in depths(uid.JPEGLSNearLossless):
            values = picture(bits, signed)
            found = self.stored(dicom(values, uid.JPEGLSNearLossless, bits)).astype(int)
            self.assertEqual(np.abs(found - values).max(), encodings.NEAR)

    def test_every_syntax_is_compared_with_a_second_decoder(self):
        seconds = {*second_decoders.DCMTK, *second_decoders.FFMPEG, *encodings.HTJ2K}
        self.assertEqual(seconds, set(TRANSFER_SYNTAXES))

    @needs("dcmdjpeg", "dcmdjpls", "dcmdrle", "dcmconv")
    def test_uncompressed_rle_jpeg_and_jpeg_ls_equal_dcmtk(self):
        self.compare(second_decoders.DCMTK, by_dcmtk)

    @needs("ffmpeg")
    def test_jpeg_lossless_jpeg_ls_and_jpeg_2000_equal_ffmpeg(self):
        # FFmpeg does not know the difference of 32768 that only 16 unsigned bits have (ITU-T T.81 table H.2)
        but = [(syntax, 16, False) for syntax in encodings.JPEG_LOSSLESS]
        self.compare((*encodings.JPEG_LOSSLESS, *encodings.JPEG_LS, *encodings.JPEG_2000), by_ffmpeg, but=but)

    @needs("ffmpeg")
    def test_lossy_jpeg_is_one_grey_level_from_ffmpeg_which_rounds_otherwise(self):
        self.compare(encodings.JPEG_DCT, by_ffmpeg, off=1)

    def test_lossless_htj2k_equals_openjph(self):
        self.compare((uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL), by_openjph)

    def test_lossy_htj2k_is_one_grey_level_from_openjph_which_rounds_otherwise(self):
        self.compare([uid.HTJ2K], by_openjph, off=1)

    def test_uncompressed_and_rle_equal_pydicom(self):
        self.compare(second_decoders.PYDICOM, by_pydicom)

    @needs("ojph_compress")
    def test_htj2k_frames_as_deep_as_their_values_are_read(self):
        for bits in encodings.DEPTHS:
            values = picture(bits)
            content = encapsulate([encodings.htj2k_frame(values, bits)])
            written = dicom(values, uid.HTJ2KLossless, bits, PixelData=content)
            np.testing.assert_array_equal(self.stored(written), values)
            np.testing.assert_array_equal(by_openjph(written), values)


class VariantTests(PixelsTestCase):
    def test_values_below_8_bits_are_read(self):
        for bits in (4, 7):
            for signed in (False, True):
                values = picture(bits, signed)
                np.testing.assert_array_equal(self.stored(dicom(values, uid.RLELossless, bits)), values)
                np.testing.assert_array_equal(self.stored(dicom(values, uid.ExplicitVRLittleEndian, bits)), values)

    def test_8_bits_in_16_are_read(self):
        values = picture(8).astype(np.uint16)
        for syntax in (*NATIVE, uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.HTJ2KLossless):
            np.testing.assert_array_equal(self.stored(dicom(values, syntax, 8)), values)

    def test_fill_bytes_before_the_markers_of_a_jpeg_are_passed_over(self):
        for syntax in (*encodings.JPEG_LOSSLESS, *encodings.JPEG_LS, *encodings.JPEG_DCT):
            values = picture(8)
            encoded = frame(values, syntax, 8)
            filled = encoded[:2] + b"\xff\xff\xff" + encoded[2:]
            found = [self.stored(dicom(values, syntax, 8, PixelData=encapsulate([each]))) for each in (encoded, filled)]
            np.testing.assert_array_equal(*found)

    def test_sign_is_read_whether_or_not_it_is_repeated_above_bits_stored(self):
        values = picture(12, signed=True)
        for written in (values, encodings.stored_bits(values, 12)):
            pixels = {"PixelData": encodings.native(written, uid.ExplicitVRLittleEndian)}
            np.testing.assert_array_equal(self.stored(dicom(values, uid.ExplicitVRLittleEndian, 12, **pixels)), values)

    def test_monochrome1_is_mirrored_in_every_lossless_syntax(self):
        for syntax in encodings.LOSSLESS:
            found = self.slices(dicom(picture(12), syntax, 12, PhotometricInterpretation="MONOCHROME1"))[0]
            np.testing.assert_array_equal(found.stored(), picture(12))
            np.testing.assert_array_equal(found.brightness(), 4095 - picture(12).astype(int))

    def test_monochrome1_of_signed_values_is_mirrored_about_its_middle(self):
        content = dicom(picture(12, signed=True), uid.RLELossless, 12, PhotometricInterpretation="MONOCHROME1")
        np.testing.assert_array_equal(self.slices(content)[0].brightness(), -1 - picture(12, signed=True))

    def test_files_without_preamble_are_read_in_every_syntax(self):
        for syntax, content in every_syntax().items():
            with self.subTest(uid.UID(syntax).name):
                found = self.stored(encodings.without_preamble(content))
                np.testing.assert_array_equal(found, self.stored(content))

    def test_files_without_meta_header_are_read(self):
        for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian):
            with self.subTest(uid.UID(syntax).name):
                values = picture(16, signed=True)
                found = self.stored(encodings.without_meta(dicom(values, syntax, 16)))
                np.testing.assert_array_equal(found, values)

    def test_big_endian_8_bits_are_read_in_words_and_in_bytes(self):
        values = picture(8)
        in_words = dicom(values, uid.ExplicitVRBigEndian, 8)
        in_bytes = dicom(values, uid.ExplicitVRBigEndian, 8, PixelData=values.tobytes() + b"\0")
        np.testing.assert_array_equal(self.stored(encodings.with_vr(in_words, b"OW")), values)
        np.testing.assert_array_equal(self.stored(encodings.with_vr(in_bytes, b"OB")), values)

    def test_frames_split_over_several_fragments_are_read_with_and_without_an_offset_table(self):
        for syntax in COMPRESSED:
            values, whole = picture(8), frame(picture(8), syntax, 8)
            for table in (True, False):
                pixels = encapsulate([whole], fragments_per_frame=5, has_bot=table)
                with self.subTest(uid.UID(syntax).name, table=table):
                    np.testing.assert_array_equal(
                        self.stored(dicom(values, syntax, 8, PixelData=pixels)),
                        self.stored(dicom(values, syntax, 8)),
                    )

    def test_padding_gives_way_to_the_smallest_other_value(self):
        values = np.array([[0, 5], [7, 4095]], np.uint16)
        padded = {"PixelPaddingValue": 4095, "PixelPaddingRangeLimit": 4000}
        found = self.slices(dicom(values, uid.RLELossless, 12, **padded))[0]
        np.testing.assert_array_equal(found.values(), [[0, 5], [7, 0]])
        np.testing.assert_array_equal(found.stored(), values)

    def test_padding_of_signed_values_is_read_as_signed(self):
        values = np.array([[-2000, 5], [7, -3]], np.int16)
        found = self.slices(dicom(values, uid.ExplicitVRLittleEndian, 16, PixelPaddingValue=-2000))[0]
        np.testing.assert_array_equal(found.values(), [[-3, 5], [7, -3]])

    def test_padding_of_monochrome1_gives_way_to_the_darkest_other_value(self):
        values = np.array([[0, 5], [7, 4095]], np.uint16)
        tags = {"PixelPaddingValue": 0, "PhotometricInterpretation": "MONOCHROME1"}
        found = self.slices(dicom(values, uid.RLELossless, 12, **tags))[0]
        np.testing.assert_array_equal(found.brightness(), [[0, 4090], [4088, 0]])

    def test_slice_of_padding_alone_is_nothing(self):
        values = np.full((2, 2), 9, np.uint16)
        found = self.slices(dicom(values, uid.RLELossless, 12, PixelPaddingValue=9))[0]
        np.testing.assert_array_equal(found.values(), [[0, 0], [0, 0]])


class FramesTests(PixelsTestCase):
    def enhanced(self, syntax: str, pixels: bytes, **tags) -> bytes:
        kind = {"SOPClassUID": uid.EnhancedMRImageStorage, "NumberOfFrames": 3}
        groups = {"PerFrameFunctionalGroupsSequence": [Dataset() for _ in range(3)]}
        return dicom(picture(8), syntax, 8, PixelData=pixels, **(kind | groups | tags))

    def test_frames_come_in_order_in_every_compressed_syntax(self):
        for syntax in COMPRESSED:
            frames = [frame(picture(8, seed=seed), syntax, 8) for seed in range(3)]
            alone = [self.stored(dicom(picture(8, seed=seed), syntax, 8)) for seed in range(3)]
            for parts, table in ((1, True), (1, False), (4, True)):
                pixels = encapsulate(frames, fragments_per_frame=parts, has_bot=table)
                with self.subTest(uid.UID(syntax).name, parts=parts, table=table):
                    found = [each.stored() for each in self.slices(self.enhanced(syntax, pixels))]
                    np.testing.assert_array_equal(found, alone)

    def test_uncompressed_frames_of_odd_length_come_in_order(self):
        frames = [picture(8, seed=seed) for seed in range(3)]
        pixels = b"".join(each.tobytes() for each in frames) + b"\0"
        for syntax in (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian):
            found = [each.stored() for each in self.slices(self.enhanced(syntax, pixels))]
            np.testing.assert_array_equal(found, frames)

    def test_long_descriptions_of_frames_are_read_in_every_syntax(self):
        groups = [Dataset() for _ in range(3)]
        for number, each in enumerate(groups):
            content = Dataset()
            content.TemporalPositionIndex, content.FrameComments = number, "x" * 5000
            each.FrameContentSequence = [content]
        for syntax in TRANSFER_SYNTAXES:
            pixels = bytes(3 * 13 * 17 + 1) if syntax in NATIVE else encapsulate([b"not decoded"] * 3)
            found = self.slices(self.enhanced(syntax, pixels, PerFrameFunctionalGroupsSequence=groups))
            self.assertEqual([each.temporal_position for each in found], [0, 1, 2])

    def test_odd_frames_in_swapped_bytes_are_refused(self):
        told = self.refused(self.enhanced(uid.ExplicitVRBigEndian, bytes(3 * 13 * 17 + 1)))
        self.assertEqual(told, "1.dcm frame 1 holds frames of odd length in swapped bytes, which are not read.")

    def test_fewer_frames_than_the_header_says_are_refused(self):
        for syntax in COMPRESSED:
            pixels = encapsulate([frame(picture(8), syntax, 8)] * 2)
            with self.assertRaises(NotADicomImage) as caught:
                self.slices(self.enhanced(syntax, pixels))[2].stored()
            self.assertEqual(caught.exception.reason, "1.dcm frame 3 has truncated pixel data.")
        with self.assertRaises(NotADicomImage) as caught:
            self.slices(self.enhanced(uid.ExplicitVRLittleEndian, bytes(2 * 13 * 17)))[2].stored()
        self.assertEqual(caught.exception.reason, "1.dcm frame 3 has truncated pixel data.")

    def test_fewer_descriptions_than_frames_are_refused(self):
        content = self.enhanced(uid.ExplicitVRLittleEndian, b"", PerFrameFunctionalGroupsSequence=[Dataset()])
        self.assertEqual(self.refused(content), "1.dcm holds 3 frames and describes 1.")


@skipUnless(FILES.is_dir(), "the public DICOM files are not here")
class PublicFramesTests(PixelsTestCase):
    """One multi-frame picture in five transfer syntaxes; it says nothing of its frames' places, so some is added."""

    def frames(self, name: str) -> list[np.ndarray]:
        dataset = pydicom.dcmread(FILES / name)
        dataset.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(dataset.NumberOfFrames)]
        dataset.save_as(self.folder / name)
        return [each.stored() for each in read_slices(self.folder / name)]

    def test_ten_frames_are_the_same_in_every_syntax_and_equal_pydicom(self):
        expected = pydicom.dcmread(FILES / "pylibjpeg-data__emri_small.dcm").pixel_array
        self.assertEqual((expected.shape, int(expected.max())), ((10, 64, 64), 467))
        for form in ("", "_RLE", "_jpeg_2k_lossless", "_jpeg_ls_lossless"):
            np.testing.assert_array_equal(self.frames(f"pylibjpeg-data__emri_small{form}.dcm"), expected)
        np.testing.assert_array_equal(self.frames("pydicom-data__emri_small_big_endian.dcm"), expected)

    def off(self, name: str, by: Callable[[bytes], np.ndarray]) -> int:
        """By how many grey levels the values read differ at most from those of a second decoder."""
        (image,) = read_slices(FILES / name)
        return np.abs(image.stored().astype(int) - by((FILES / name).read_bytes())).max()

    @needs("ffmpeg", "dcmdjpeg")
    def test_compressed_slices_equal_decoders_that_share_no_code(self):
        for name in ("pylibjpeg-data__JPEGLossless_1s_1f_u_16_12", "pydicom__MR_small_jpeg_ls_lossless"):
            self.assertEqual([self.off(f"{name}.dcm", by) for by in (by_ffmpeg, by_dcmtk)], [0, 0])
        for name in ("pydicom__MR_small_jp2klossless", "pylibjpeg-data__MR2_J2KR"):
            self.assertEqual(self.off(f"{name}.dcm", by_ffmpeg), 0)
        self.assertEqual(self.off("pydicom__MR_small_RLE.dcm", by_dcmtk), 0)
        self.assertEqual(self.off("pylibjpeg-data__MR2_J2KI.dcm", by_ffmpeg), 1)  # lossy: FFmpeg rounds otherwise

    def test_frames_whose_places_are_not_told_are_refused(self):
        for path in FILES.glob("*emri_small*.dcm"):
            with self.assertRaises(NotADicomImage) as caught:
                read_slices(path, "1.dcm")
            self.assertEqual(caught.exception.reason, "1.dcm holds 10 frames and describes 0.")


class RefusalTests(PixelsTestCase):
    def other(self, syntax: str, encoded: bytes, values: np.ndarray | None = None, bits: int = 12) -> str:
        """Why a file is refused whose header is that of ``values`` and whose frame is ``encoded``."""
        values = picture(12) if values is None else values
        return self.refused(dicom(values, syntax, bits, PixelData=encapsulate([encoded])))

    def test_frame_of_another_size_is_refused(self):
        told = "1.dcm holds a frame of 9 x 17; its header says 13 x 17."
        for syntax in COMPRESSED[1:]:
            bits = depths(syntax)[-1][0]
            encoded = frame(picture(bits, rows=9), syntax, bits)
            self.assertEqual(self.other(syntax, encoded, picture(bits), bits), told)

    def test_rle_of_another_size_is_refused(self):
        for rows in (9, 14):
            encoded = frame(picture(12, rows=rows), uid.RLELossless, 12)
            told = self.other(uid.RLELossless, encoded)
            self.assertEqual(told, "1.dcm does not decode as RLE Lossless.")

    def test_frame_in_colour_is_refused(self):
        colour, grey = np.zeros((13, 17, 3), np.uint8), picture(8)
        frames = {
            uid.JPEGBaseline8Bit: imagecodecs.jpeg8_encode(colour),
            uid.JPEGLSLossless: imagecodecs.jpegls_encode(colour),
            uid.JPEG2000Lossless: imagecodecs.jpeg2k_encode(colour, codecformat="j2k"),
            uid.HTJ2KLossless: imagecodecs.htj2k_encode(colour, rgb=True),
        }
        for syntax, encoded in frames.items():
            self.assertEqual(self.other(syntax, encoded, grey, 8), "1.dcm holds a frame in colour.")

    def test_frame_of_fewer_bits_than_bits_stored_is_refused(self):
        told = "1.dcm holds a frame of 8 bits; its header says 12."
        for syntax in (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLSLossless, uid.JPEG2000, uid.HTJ2K):
            self.assertEqual(self.other(syntax, frame(picture(8), syntax, 8)), told)

    def test_frame_of_more_bits_than_bits_allocated_is_refused(self):
        encoded = frame(picture(12), uid.JPEG2000Lossless, 12)
        told = self.other(uid.JPEG2000Lossless, encoded, picture(8), 8)
        self.assertEqual(told, "1.dcm holds a frame of 12 bits; its header says 8.")

    def test_frame_whose_sign_is_not_the_headers_is_refused(self):
        told = "1.dcm holds a JPEG 2000 frame whose sign is not that of its PixelRepresentation."
        for syntax in (*encodings.JPEG_2000, *encodings.HTJ2K):
            for signed in (False, True):
                encoded = frame(picture(16, signed), syntax, 16)
                self.assertEqual(self.other(syntax, encoded, picture(16, not signed), 16), told)

    def test_frame_on_another_grid_is_refused(self):
        encoded = bytearray(frame(picture(12), uid.JPEG2000Lossless, 12))
        for at, size in ((8, 18), (16, 1)):  # width of the grid and place of the image on it, a column further on each
            struct.pack_into(">I", encoded, at, size)
        told = self.other(uid.JPEG2000Lossless, bytes(encoded))
        self.assertEqual(told, "1.dcm holds a JPEG 2000 frame on another grid than its pixels.")

    def test_frame_of_another_syntax_is_refused(self):
        jpeg, j2k = frame(picture(12), uid.JPEGLossless, 12), frame(picture(12), uid.JPEG2000, 12)
        self.assertEqual(self.other(uid.JPEGLossless, j2k), "1.dcm holds a frame that is no JPEG.")
        self.assertEqual(self.other(uid.JPEG2000, jpeg), "1.dcm holds a frame that is no JPEG 2000 codestream.")
        told = "1.dcm does not decode as JPEG-LS Lossless Image Compression."
        self.assertEqual(self.other(uid.JPEGLSLossless, jpeg), told)

    def test_frame_without_header_of_its_own_is_refused(self):
        told = self.other(uid.JPEGLossless, b"\xff\xd8\xff\xda\x00\x02\xff\xd9")
        self.assertEqual(told, "1.dcm holds a JPEG frame without a header of its own.")

    def test_frame_that_breaks_off_anywhere_is_refused(self):
        for syntax in COMPRESSED:
            bits = depths(syntax)[-1][0]
            whole = frame(picture(bits), syntax, bits)
            # a byte of padding may be missing at the end
            for length in range(len(whole) - 2, 0, -9):
                self.assertRegex(self.other(syntax, whole[:length], picture(bits), bits), "^1.dcm (holds|has|does) ")

    def test_htj2k_frame_that_the_decoder_gives_up_is_refused(self):
        encoded = bytearray(frame(picture(12), uid.HTJ2KLossless, 12))
        encoded[encoded.index(b"\xff\x93") + 2] = 0xFF  # the first byte of the first tile-part
        told = self.other(uid.HTJ2KLossless, bytes(encoded))
        self.assertEqual(told, "1.dcm does not decode as High-Throughput JPEG 2000 Image Compression (Lossless Only).")

    def test_uncompressed_pixels_that_break_off_are_refused(self):
        content = dicom(picture(12), uid.ExplicitVRLittleEndian, 12)
        self.assertEqual(self.refused(content[:-2]), "1.dcm has truncated pixel data.")

    def test_swapped_pixels_of_odd_length_that_break_off_are_refused(self):
        content = dicom(picture(8), uid.ExplicitVRBigEndian, 8)
        self.assertEqual(self.refused(content[:-1]), "1.dcm has truncated pixel data.")

    def test_rle_header_that_does_not_fit_is_refused(self):
        encoded = frame(picture(12), uid.RLELossless, 12)
        for at, value in ((0, 1), (0, 3), (4, 60), (8, 64), (8, 10_000)):
            changed = bytearray(encoded)
            struct.pack_into("<I", changed, at, value)
            told = self.other(uid.RLELossless, bytes(changed))
            self.assertEqual(told, "1.dcm holds an RLE frame whose header does not fit it.")

    def test_values_that_do_not_fit_into_bits_stored_are_refused(self):
        for syntax in (*NATIVE, uid.RLELossless, uid.JPEGLossless, uid.JPEGLSLossless, uid.JPEG2000Lossless):
            for signed in (False, True):
                pixels = dicom(picture(16, signed), syntax, 16, BitsStored=12, HighBit=11)
                told = self.refused(pixels)
                self.assertEqual(told, "1.dcm has values that do not fit into its 12 BitsStored.")

    def test_pixels_of_a_form_that_mr_does_not_have_are_refused(self):
        changes = {
            "has 1 of 16 bits a pixel; 2 to 16 in 8 or 16 are read": {"BitsStored": 1, "HighBit": 0},
            "has 12 of 8 bits a pixel; 2 to 16 in 8 or 16 are read": {"BitsAllocated": 8},
            "has 12 of 32 bits a pixel; 2 to 16 in 8 or 16 are read": {"BitsAllocated": 32},
            "has the HighBit 15 for 12 BitsStored, which is not read": {"HighBit": 15},
            "has the PixelRepresentation 2, which is not read": {"PixelRepresentation": 2},
        }
        for told, tags in changes.items():
            content = dicom(picture(12), uid.ExplicitVRLittleEndian, 12, **tags)
            self.assertEqual(self.refused(content), f"1.dcm {told}.")

    def test_frame_longer_than_any_encoder_makes_it_is_refused(self):
        encoded = frame(picture(12), uid.RLELossless, 12) + bytes(70_000)
        told = "1.dcm holds a frame of 70518 bytes; its pixels take 66420 at the most."
        self.assertEqual(self.other(uid.RLELossless, encoded), told)

    def test_fragments_that_are_looked_for_are_found_once_for_all_frames(self):
        encoded = encapsulate([frame(picture(8), uid.RLELossless, 8)] * 3)
        slices = self.slices(FramesTests.enhanced(self, uid.RLELossless, encoded))
        with mock.patch.object(pixels, "frames_in_fragments", wraps=pixels.frames_in_fragments) as found:
            for each in slices:
                each.stored()
        self.assertEqual(found.call_count, 1)

    def test_fragments_and_one_piece_are_not_mistaken_for_each_other(self):
        native, rle = uid.ExplicitVRLittleEndian, uid.RLELossless
        fragments = encodings.with_syntax(dicom(picture(12), rle, 12), rle, native)
        told = "1.dcm holds pixel data in fragments, though its transfer syntax has none."
        self.assertEqual(self.refused(fragments), told)
        piece = encodings.with_syntax(dicom(picture(12), native, 12), native, rle)
        told = "1.dcm holds pixel data in one piece, though its transfer syntax has fragments."
        self.assertEqual(self.refused(piece), told)

    def test_deflated_file_over_the_limit_is_refused(self):
        content = dicom(picture(12), uid.DeflatedExplicitVRLittleEndian, 12)
        with mock.patch.object(headers, "LARGEST_INFLATED", 600):
            told = self.refused(content)
        self.assertEqual(told, "1.dcm is deflated, and broken off or larger than 600 bytes.")

    def test_deflated_file_that_breaks_off_is_refused(self):
        content = dicom(picture(12), uid.DeflatedExplicitVRLittleEndian, 12)
        told = self.refused(content[:-20])
        self.assertEqual(told, "1.dcm is deflated, and broken off or larger than 32000000 bytes.")
