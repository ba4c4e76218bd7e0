import struct
from unittest import mock

import imagecodecs
import numpy as np
from django.test import SimpleTestCase

from imaging import jpeg_2000
from imaging.jpeg_2000 import CodestreamError, check_codestream

COD, SOT = b"\xff\x52", b"\xff\x90"
MANY = "holds a JPEG 2000 frame in more parts than an image needs"
BROKEN = "holds a JPEG 2000 frame whose header is broken"


def codestream(side: int = 512, **options) -> bytes:
    options = {"level": 0, "codecformat": "j2k", "bitspersample": 16, "reversible": True} | options
    return imagecodecs.jpeg2k_encode(np.arange(side * side, dtype=np.uint16).reshape(side, side), **options)


def changed(content: bytes, layers: int = 1, block: int = 4, precinct: int | None = None, levels: int = 5) -> bytes:
    """``content`` with another coding style: code-blocks of 2 to the power of ``block`` + 2, precincts of that of
    ``precinct``, wide and high."""
    at = content.index(COD)
    (length,) = struct.unpack_from(">H", content, at + 2)
    told = b"" if precinct is None else bytes([precinct << 4 | precinct] * (levels + 1))
    style = struct.pack(">BBHBBBBBB", int(bool(told)), 0, layers, 0, levels, block, block, 0, 1) + told
    return content[:at] + COD + struct.pack(">H", len(style) + 2) + style + content[at + 2 + length :]


def tiled(content: bytes, side: int) -> bytes:
    return content[:24] + struct.pack(">2L", side, side) + content[32:]


class CodestreamTests(SimpleTestCase):
    def refused(self, content: bytes) -> str:
        with self.assertRaises(CodestreamError) as caught:
            check_codestream(content)
        return str(caught.exception)

    def test_size_is_told(self):
        found = check_codestream(codestream())
        self.assertEqual((found.rows, found.columns, found.tiles, found.depth, found.signed), (512, 512, 1, 16, False))

    def test_what_encoders_write_is_read(self):
        whole = codestream(2048)
        self.assertEqual(check_codestream(tiled(whole, 64)).tiles, 1024)
        for style in ({}, {"block": 2}, {"precinct": 7}, {"layers": 20, "precinct": 8}):
            self.assertEqual(check_codestream(changed(whole, **style)).rows, 2048)
        self.assertEqual(check_codestream(imagecodecs.htj2k_encode(np.zeros((64, 64), np.uint16))).rows, 64)

    def test_more_tiles_than_an_image_needs_are_refused(self):
        self.assertEqual(
            self.refused(tiled(codestream(), 4)), "holds a JPEG 2000 frame of 16384 tiles; 4096 are the most"
        )

    def test_smallest_precincts_and_code_blocks_are_refused(self):
        for style in ({"precinct": 1}, {"block": 0}, {"layers": 65535, "precinct": 5}):
            self.assertEqual(self.refused(changed(codestream(2048), **style)), MANY)

    def test_coding_style_of_a_tile_counts_too(self):
        content = changed(codestream(2048))
        at = content.index(SOT) + 12
        style = changed(content, precinct=1)
        inner = style[style.index(COD) : style.index(b"\xff\x5c")]
        (length,) = struct.unpack_from(">L", content, at - 6)
        longer = (
            content[: at - 6] + struct.pack(">L", length + len(inner)) + content[at - 2 : at] + inner + content[at:]
        )
        self.assertEqual(self.refused(longer), MANY)

    def test_markers_behind_which_a_decoder_would_search_are_refused(self):
        content = codestream()
        at = content.index(COD)
        for marker in (0xFF30, 0xFF62, 0x0000):
            odd = struct.pack(">HH", marker, 4) + b"\xff\x52"
            self.assertEqual(self.refused(content[:at] + odd + content[at:]), BROKEN)

    def test_other_orders_and_codings_are_refused(self):
        content = codestream()
        at = content.index(COD)
        for marker in (0xFF53, 0xFF5F):
            told = self.refused(content[:at] + struct.pack(">HH", marker, 4) + b"\0\0" + content[at:])
            self.assertEqual(told, "holds a JPEG 2000 frame that is coded in several ways, which is not read")

    def test_coding_style_that_is_cut_off_is_refused(self):
        content = codestream()
        at = content.index(COD)
        self.assertEqual(self.refused(content[:at] + COD + b"\0\4ab" + content[at:]), BROKEN)
        self.assertEqual(self.refused(changed(content, levels=33)), BROKEN)
        self.assertEqual(self.refused(changed(content, layers=0)), BROKEN)

    def test_every_tile_part_is_looked_at(self):
        content = codestream()
        with mock.patch.object(jpeg_2000, "_coding", wraps=jpeg_2000._coding) as coding:
            check_codestream(content)
        self.assertEqual(coding.call_count, 1)
