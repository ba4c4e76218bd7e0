"""One small phantom, written in any way of ``breastcancer_api.tests.ways``: the same pixels at the same places."""

import functools
import io
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
from pydicom import uid
from pydicom.encaps import encapsulate

from breastcancer_api.tests.ways import GREYS, LAYOUTS, NAMINGS, SLICES, STACKS, Grey, Way
from imaging.pixels import NATIVE
from imaging.tests.encodings import frame, header, native, without_meta, without_preamble
from imaging.tests.enhanced import enhanced_bytes
from imaging.tests.slices import slice_bytes, zip_bytes
from imaging.tests.zips import Raw, raw_zip, wide_zip
from phantom.exam import Exam, Protocol

PROTOCOL = Protocol(47, 45, SLICES)  # odd in rows, columns and bytes
BITS = 7  # of the phantom's values, so that every depth holds them
TIMES = ("090000", "090230", "090400", "090530")
DESCRIPTIONS = ("ax dyn pre", "ax dyn 1st pass", "ax dyn 2nd pass", "ax dyn 3rd pass")
DYNAMIC = {"ScanOptions": "FS", "EchoTime": "1.4", "ImageType": ["ORIGINAL", "PRIMARY", "M"]}
OTHERS = {
    "later": DYNAMIC | {"SeriesDescription": "ax dyn 4th pass", "AcquisitionTime": "090700"},
    "t2": {"SeriesDescription": "ax t2 tirm", "EchoTime": "70", "AcquisitionTime": "085000"},
    "subtraction": {"SeriesDescription": "sub 1", "ImageType": ["DERIVED", "PRIMARY", "SUBTRACTION"]},
    "localizer": {"SeriesDescription": "localizer", "ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
}
CLUTTER = ("__MACOSX/pre/._001.dcm", "pre/.DS_Store", "2nd_pass/Thumbs.db", "DICOMDIR", "desktop.ini")
UTF8 = 0x0800


@functools.cache
def phantom() -> np.ndarray:
    """(4, SLICES, rows, columns) uint16 of BITS: pre and the passes, slices in the order of InstanceNumber."""
    # its brightest pixel before contrast is over half of that after: signed values stay above 0 in every series
    exam = Exam(34, PROTOCOL)
    pixels = np.stack([exam.slice(index) for index in range(SLICES)], axis=1).astype(np.int64)
    return (pixels * (2**BITS - 1) // pixels.max()).astype(np.uint16)


def archive(way: Way) -> bytes:
    """The phantom as a zip written in this way."""
    return PACKINGS[way.packing](files(way) | BESIDE[LAYOUTS[way.layout].beside]())


def files(way: Way) -> dict[str, bytes]:
    """The DICOM files of the phantom, by their names in the zip."""
    written = _enhanced(way) if LAYOUTS[way.layout].frames else _single(way)
    return {name: HEADS[way.head](content) for name, content in written}


def stored(way: Way) -> np.ndarray:
    """The integers that the files of the phantom hold, (4, SLICES, rows, columns)."""
    return _stored(way.depth, GREYS[way.grey])[0]


@functools.cache
def _stored(depth: tuple[int, bool], grey: Grey) -> tuple[np.ndarray, int]:
    """The integers of all files, and the one that stands for no pixel."""
    bits, signed = depth
    low = -(1 << bits - 1) if signed else 0
    high = low + (1 << bits) - 1
    values = phantom().astype(np.int64)
    if grey.rescaled:
        values = low + (values << _shifts(bits)[:, None, None])
    if grey.mirrored:
        values = low + high - values
    padding = high if low in values else low
    if grey.padded:
        values = np.where(_air(), padding, values)
    return values.astype(f"{'i' if signed else 'u'}{1 if bits == 8 else 2}"), padding


def _shifts(bits: int) -> np.ndarray:
    """By which slices fill the whole depth and half of it by turns."""
    return bits - BITS - np.arange(SLICES) % 2


def _air() -> np.ndarray:
    """Where a slice is darkest, but for one of these pixels, which tells how dark."""
    pixels = phantom().reshape(4, SLICES, -1)
    darkest = pixels == pixels.min(axis=2, keepdims=True)
    np.put_along_axis(darkest, darkest.argmax(axis=2)[..., None], False, axis=2)
    return darkest.reshape(phantom().shape)


def _single(way: Way) -> Iterator[tuple[str, bytes]]:
    """A file for each slice."""
    for k in range(4):
        for index, place in enumerate(NAMINGS[way.naming].places):
            yield _name(way, k, place), _slice(way, k, index)


def _enhanced(way: Way) -> Iterator[tuple[str, bytes]]:
    """A file for each series, its frames in the order in which files would be named."""
    layout, places = LAYOUTS[way.layout], NAMINGS[way.naming].places
    for series in sorted(set(layout.series)):
        slices = [(k, index) for k in range(4) if layout.series[k] == series for index in range(SLICES)]
        slices.sort(key=lambda each: layout.number(each[0], places[each[1]]))
        alone = way._replace(syntax=uid.ExplicitVRLittleEndian)
        frames = [(_slice(alone, k, index), k + 1) for k, index in slices]
        tags = (
            DYNAMIC
            | _described(layout.series, slices[0][0])
            | _photometry(way)
            | {"PixelData": _pixel_data(way, slices)}
        )
        yield _name(way, slices[0][0], 0), enhanced_bytes(frames, way.syntax, **tags)


def _name(way: Way, k: int, place: int) -> str:
    layout = LAYOUTS[way.layout]
    return f"{layout.folders[k]}/{NAMINGS[way.naming].name(k, layout.number(k, place))}".removeprefix("/")


def _slice(way: Way, k: int, index: int) -> bytes:
    layout = LAYOUTS[way.layout]
    number = layout.number(k, index) if NAMINGS[way.naming].numbered else None
    return _dicom(way.syntax, way.depth, way.grey, way.stack, layout.series, k, index, number)


@functools.cache
def _dicom(syntax, depth, grey, stack, series, k, index, number) -> bytes:
    """What a slice is like, whatever its file and its zip are called."""
    way, values = Way(syntax, depth, grey, stack=stack), _stored(depth, GREYS[grey])[0][k, index]
    tags = DYNAMIC | _series(series[k]) | _described(series, k) | {"AcquisitionTime": TIMES[k]}
    tags |= _place(way, index) | _photometry(way) | _scale(way, index) | header(values, depth[0])
    return slice_bytes(values, number, None, syntax, **tags, PixelData=_pixel_data(way, [(k, index)]))


def _series(number: int) -> dict[str, object]:
    uids = {"SeriesInstanceUID": f"1.2.826.0.1.{number}", "FrameOfReferenceUID": "1.2.826.0.2"}
    return uids | {"SeriesNumber": number, "AcquisitionDate": "20200101"}


def _described(series: tuple[int, ...], k: int) -> dict[str, str]:
    return {"SeriesDescription": DESCRIPTIONS[k] if series.count(series[k]) == 1 else "ax dyn"}


def _place(way: Way, index: int) -> dict[str, object]:
    stack = STACKS[way.stack]
    row, column = np.reshape(stack.orientation, (2, 3))
    along = index * PROTOCOL.slice_spacing * (1 if stack.rises else -1)
    position = along * np.cross(row, column) - 170 * row - 120 * column
    return {
        "ImageOrientationPatient": list(stack.orientation),
        "ImagePositionPatient": [f"{each:.4f}" for each in position],
        "PixelSpacing": [f"{PROTOCOL.pixel_spacing:.6f}"] * 2,
    }


def _photometry(way: Way) -> dict[str, object]:
    grey = GREYS[way.grey]
    tags = {"PhotometricInterpretation": "MONOCHROME1" if grey.mirrored else "MONOCHROME2"}
    return tags | ({"PixelPaddingValue": _stored(way.depth, grey)[1]} if grey.padded else {})


def _scale(way: Way, index: int) -> dict[str, float]:
    if not GREYS[way.grey].rescaled:
        return {}
    bits, signed = way.depth
    slope = 2.0 ** -_shifts(bits)[index]
    return {"RescaleSlope": slope, "RescaleIntercept": slope * 2 ** (bits - 1) if signed else 0.0}


def _pixel_data(way: Way, slices: list[tuple[int, int]]) -> bytes:
    if way.syntax in NATIVE:
        return native(np.stack([stored(way)[each] for each in slices]), way.syntax)
    return encapsulate([_frame(way.syntax, way.depth, way.grey, *each) for each in slices])


@functools.cache
def _frame(syntax: str, depth: tuple[int, bool], grey: str, k: int, index: int) -> bytes:
    return frame(_stored(depth, GREYS[grey])[0][k, index], syntax, depth[0])


def _clutter() -> dict[str, bytes]:
    return dict.fromkeys(CLUTTER, b"clutter")


@functools.cache
def _other_series() -> dict[str, bytes]:
    """What a whole study holds beside the four passes, and a text."""
    files = {"export/readme.txt": b"hello"}
    for number, (name, tags) in enumerate(OTHERS.items(), start=11):
        for index in range(SLICES):
            place = _series(number) | _place(Way(), index)
            files[f"export/{name} {index}"] = slice_bytes(phantom()[0, index], index + 1, None, **(place | tags))
    return files


class Pipe(io.BytesIO):
    """A file in which nothing can be written afterwards."""

    def seekable(self) -> bool:
        return False


def _streamed(files: dict[str, bytes]) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return pipe.getvalue()


def _raw(files: dict[str, bytes], encoding: str = "utf-8", flags: int = UTF8, compression: int = 8) -> list[Raw]:
    return [Raw(name.encode(encoding), content, compression, flags) for name, content in files.items()]


def _parted_by_backslashes(files: dict[str, bytes]) -> bytes:
    return raw_zip(*_raw({name.replace("/", "\\"): content for name, content in files.items()}))


HEADS: dict[str, Callable[[bytes], bytes]] = {
    "whole": bytes,
    "no preamble": without_preamble,
    "no meta header": without_meta,
}
BESIDE: dict[str, Callable[[], dict[str, bytes]]] = {
    "nothing": dict,
    "clutter": _clutter,
    "other series": _other_series,
}
PACKINGS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "deflated": zip_bytes,
    "stored": lambda files: raw_zip(*_raw(files, compression=0)),
    "data descriptors": _streamed,
    "zip64": lambda files: wide_zip(*_raw(files)),
    "cp437": lambda files: raw_zip(*_raw(files, "cp437", flags=0)),
    "backslashes": _parted_by_backslashes,
    "self-extracting": lambda files: raw_zip(*_raw(files), before=b"MZ" * 99),
}
