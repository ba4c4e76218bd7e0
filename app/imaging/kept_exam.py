"""An exam's pictures and whose they are, kept in one file for a while: what the forms of a result are made from.

A zip of stored members: ``pictures/<folder>/<number>.npy.b2`` and ``inputs/<number>.npy.b2``, NumPy's files packed by
Blosc2, which is quick because every exam waits for it (docs/decisions/0012), and last ``exam.json``, beside the zip's
directory. It names a patient.
"""

import io
import json
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import imagecodecs
import numpy as np

from imaging.exam import FOLDERS, PASSES, Exam
from imaging.header_values import REPEATED_KEYWORDS
from imaging.headers import read_texts
from imaging.pass_times import seconds_after_first
from imaging.slice_file import SliceFile
from imaging.stack import Stack

# LZ4 after the bits of all values were put together by their weight: those of noise do not pack, the others to nothing
PACKING = {"compressor": "lz4", "level": 3, "shuffle": "bitshuffle", "numthreads": 1}
DESCRIPTION, END = "exam.json", ".npy.b2"
# Brightness is measured on every so manyth slice, row and column, or on more of them where there would be fewer than so
# many slices, and rows or columns.
LOOKED_AT = 8
FEWEST_SLICES, FEWEST_LINES = 8, 32
BRIGHT = 99.9  # percent


@dataclass(frozen=True)
class Source:
    """The image that a slice of one pass was read from. Texts are empty where its header is silent; ``frame`` counts
    from 0, None in a file of one slice."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    frame: int | None


@dataclass(frozen=True)
class ExamDescription:
    """All but the pictures. ``sources`` has a row a slice: pre and the three passes; ``seconds`` are those of the
    passes after pre, pre's own 0 first, None where headers do not tell; ``header`` holds texts by DICOM keyword, those
    of REPEATED_KEYWORDS that are there; ``bright`` is KeptExam's, None before the pictures are seen."""

    stack: Stack
    sources: tuple[tuple[Source, ...], ...]
    seconds: tuple[float, ...] | None
    header: dict[str, str]
    bright: float | None = None


def described(exam: Exam) -> ExamDescription:
    """Raises what reading a header of the exam raises."""
    first = exam.pre.slices[0]
    stack = Stack(
        first.rows,
        first.columns,
        first.pixel_spacing,
        first.image_orientation,
        tuple(each.image_position for each in exam.pre.slices),
    )
    series = (exam.pre, *exam.passes)
    together = zip(*(each.slices for each in series), strict=True)
    sources = tuple(tuple(_source(each) for each in slices) for slices in together)
    return ExamDescription(stack, sources, seconds_after_first(series), read_texts(first.file, REPEATED_KEYWORDS))


def _source(image: SliceFile) -> Source:
    return Source(image.sop_class_uid, image.sop_instance_uid, image.series_instance_uid, image.frame)


class ExamWriter:
    """Writes the pictures of ``exam`` while they are decoded, from any thread."""

    def __init__(self, archive: zipfile.ZipFile, exam: Exam):
        self._archive, self._lock = archive, threading.Lock()
        series = zip(FOLDERS, (exam.pre, *exam.passes), strict=True)
        self._names = {
            id(image): _picture(folder, number)
            for folder, each in series
            for number, image in enumerate(each.slices, start=1)
        }
        self._thinned = dict.fromkeys(_picture(PASSES[0], number) for number in _looked_at(len(exam.pre)))

    @property
    def bright(self) -> float:
        """As ``KeptExam.bright``, once all pictures are written."""
        return _bright(self._thinned.values())

    def picture(self, image: SliceFile, brightness: np.ndarray) -> None:
        """``brightness`` is what ``image.brightness()`` gives."""
        small, name = _small(brightness), self._names[id(image)]
        if name in self._thinned:
            self._thinned[name] = _thinned(small)
        self._write(f"{name}{END}", small)

    def inputs(self, images: np.ndarray) -> None:
        """What the networks took, (N, 4, 128, 128) with values 0..255, pre and the three passes; rounded to bytes."""
        for number, each in enumerate(images, start=1):
            self._write(f"{_inputs(number)}{END}", np.rint(each).astype(np.uint8))

    def _write(self, name: str, array: np.ndarray) -> None:
        packed = imagecodecs.blosc2_encode(_npy(array), typesize=array.itemsize, **PACKING)
        with self._lock:
            self._archive.writestr(name, packed)


@contextmanager
def exam_writer(file: Path, exam: Exam) -> Iterator[ExamWriter]:
    """Writes a new ``file`` of an exam whose pictures the body writes; it is no use when that fails.

    Raises OSError, and what ``described`` raises.
    """
    description = described(exam)
    with zipfile.ZipFile(file, "x", zipfile.ZIP_STORED) as archive:
        yield (writer := ExamWriter(archive, exam))
        archive.writestr(DESCRIPTION, json.dumps(asdict(replace(description, bright=writer.bright))))


class KeptExam:
    """Reads such a file. Slices are counted from 1; a folder is one of FOLDERS."""

    def __init__(self, file: BinaryIO | Path):
        self._archive, self._lock = zipfile.ZipFile(file), threading.Lock()
        self.description = _description(json.loads(self._read(DESCRIPTION)))

    def __enter__(self) -> "KeptExam":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def __len__(self) -> int:
        return len(self.stack)

    @property
    def stack(self) -> Stack:
        return self.description.stack

    @cached_property
    def bright(self) -> float:
        """The brightness that all but a thousandth of the first pass stay below."""
        if self.description.bright is not None:
            return self.description.bright
        # files of an earlier version do not tell
        return _bright(_thinned(self.picture(PASSES[0], number)) for number in _looked_at(len(self)))

    def picture(self, folder: str, number: int) -> np.ndarray:
        """Brightness of a slice, (rows, columns), of whatever real type the sender's values have."""
        return _unpacked(self._read(f"{_picture(folder, number)}{END}"))

    def passes(self, number: int) -> np.ndarray:
        """Brightness of a slice before and in each pass, (4, rows, columns) float32."""
        return np.stack([self.picture(folder, number) for folder in FOLDERS]).astype(np.float32)

    def inputs(self, number: int) -> np.ndarray:
        """What the networks took of a slice, (4, 128, 128) uint8: pre and the three passes."""
        return _unpacked(self._read(f"{_inputs(number)}{END}"))

    def _read(self, name: str) -> bytes:
        with self._lock:
            return self._archive.read(name)


def _picture(folder: str, number: int) -> str:
    return f"pictures/{folder}/{number:04d}"


def _inputs(number: int) -> str:
    return f"inputs/{number:04d}"


def _looked_at(slices: int) -> range:
    return range(1, slices + 1, _step(slices, FEWEST_SLICES))


def _step(count: int, fewest: int) -> int:
    return max(1, min(LOOKED_AT, count // fewest))


def _thinned(brightness: np.ndarray) -> np.ndarray:
    """A few of the values, copied."""
    rows, columns = (_step(lines, FEWEST_LINES) for lines in brightness.shape)
    return brightness[::rows, ::columns].flatten()


def _bright(thinned: Iterable[np.ndarray]) -> float:
    return float(np.percentile(np.concatenate(list(thinned)), BRIGHT))


def _small(brightness: np.ndarray) -> np.ndarray:
    """The same values in at most four bytes each, little-endian."""
    whole = np.issubdtype(brightness.dtype, np.integer) and brightness.dtype.itemsize <= 2
    kind = brightness.dtype.newbyteorder("<") if whole else np.dtype("<f4")
    return np.ascontiguousarray(brightness, dtype=kind)


def _npy(array: np.ndarray) -> bytes:
    """What ``numpy.save`` writes of ``array``, rows first; it would copy it three times."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    return b"".join((head.getvalue(), array))


def _unpacked(packed: bytes) -> np.ndarray:
    return np.load(io.BytesIO(imagecodecs.blosc2_decode(packed, numthreads=1)), allow_pickle=False)


def _description(told: dict) -> ExamDescription:
    stack, seconds = told["stack"], told["seconds"]
    positions = tuple(_vector(each) for each in stack["image_positions"])
    vectors = {name: _vector(stack[name]) for name in ("pixel_spacing", "image_orientation")}
    return ExamDescription(
        Stack(**stack | vectors | {"image_positions": positions}),
        tuple(tuple(Source(**each) for each in row) for row in told["sources"]),
        _vector(seconds),
        told["header"],
        told.get("bright"),
    )


def _vector(values: list[float] | None) -> tuple[float, ...] | None:
    return None if values is None else tuple(values)
