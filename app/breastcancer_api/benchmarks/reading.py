"""How long reading takes, beside the least that plain code needs for the same, and how much memory.

Plain code inflates every member with isal, decodes every file with pydicom and prepares every slice for the networks,
one after the other, in memory and without any of the checks. An even share of that for each core is what reading is
compared with, in the same run: seconds of another machine or another hour say little.
"""

import ctypes
import gc
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
import pydicom
from isal import isal_zlib

from detection.pipeline import prepared
from imaging.archive import Limits
from imaging.exam import FOLDERS
from imaging.parallel import cores
from imaging.preprocessing import Normalisation, prepare
from imaging.reading import Reading, read_any_layout, undecodable
from imaging.zip_entries import Source, data_range, read_entries
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

T = TypeVar("T")
BY_EXAM = Normalisation("exam")  # as the shipped networks ask for
LIMITS = Limits(files=100_000, unpacked_bytes=100_000_000_000, compression_ratio=600)
CORES = cores()


class ReadDifferently(Exception):
    """Plain code and the service do not read the same."""


@dataclass(frozen=True)
class Seconds:
    """One round. Plain code on one core: ``inflate``, ``decode``, ``prepare``. The service: ``exam``, from the zip to
    an exam that can be judged, every pixel decoded; ``inputs``, from the zip to what the networks take.
    """

    inflate: float
    decode: float
    prepare: float
    exam: float
    inputs: float

    @property
    def exam_ratio(self) -> float:
        """Time to the exam, in even shares for each core of what plain code needs to inflate and decode."""
        return self.exam / ((self.inflate + self.decode) / CORES)

    @property
    def inputs_ratio(self) -> float:
        """Time to the networks' inputs, in even shares for each core of what plain code needs for them."""
        return self.inputs / ((self.inflate + self.decode + self.prepare) / CORES)


@dataclass(frozen=True)
class Memory:
    """Bytes. ``peak`` is what reading held at most above the idle process; ``inputs`` what the networks take,
    ``one_pass`` the pixels of one pass.
    """

    peak: int
    inputs: int
    one_pass: int

    @property
    def allowed(self) -> int:
        return round(2.5 * self.inputs) + self.one_pass


def median(rounds: list[Seconds], name: str) -> float:
    return statistics.median(getattr(each, name) for each in rounds)


def one_round(archive: Path) -> Seconds:
    """Seconds of each part for the exam in the four folders of ``archive``, which both must read alike.

    Raises a child of ``imaging.errors.ScanError`` when the exam is refused, ReadDifferently when the two disagree.
    """
    members = list(packed(archive))
    contents, inflate = _timed(lambda: [(name, inflated(content, deflated)) for name, content, deflated in members])
    pixels, decode = _timed(lambda: {name: pydicom.dcmread(BytesIO(each)).pixel_array for name, each in contents})
    plain, scale = _timed(lambda: _plain_inputs(pixels))
    _, exam = _timed(lambda: _read(archive, lambda reading: undecodable(reading.exam)))
    found, inputs = _timed(lambda: _read(archive, _inputs))
    if not np.array_equal(plain, found):
        raise ReadDifferently("plain code and the service read different pixels")
    return Seconds(inflate, decode, scale, exam, inputs)


def memory(archive: Path) -> Memory:
    """What reading holds, measured in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_memory, archive).result()


def _memory(archive: Path) -> Memory:
    with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as folder:
        small = Path(folder) / "small.zip"
        write_zip(Exam(7, Protocol(48, 48, 4)), small)
        _read(small, _inputs)  # what is loaded at first use belongs to the idle process
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed does not (Linux, malloc_trim(3))
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark falls to what is held now (Linux, proc(5))
    idle = _status("VmRSS")
    sizes: list[int] = []

    def measured(reading: Reading) -> None:
        first = reading.exam.pre.slices[0].stored()
        sizes.extend([_inputs(reading).nbytes, first.nbytes * len(reading.exam.pre)])

    _read(archive, measured)
    return Memory(_status("VmHWM") - idle, *sizes)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def packed(archive: Path) -> Iterator[tuple[str, bytes, bool]]:
    """Name, bytes as they are packed, and whether they are deflated, of each member."""
    with archive.open("rb") as file:
        source = Source(file)
        for entry in read_entries(source, LIMITS.files):
            start, stop = data_range(source, entry)
            yield entry.name, source.read(start, stop - start), entry.compression == zipfile.ZIP_DEFLATED


def inflated(content: bytes, deflated: bool) -> bytes:
    return isal_zlib.decompress(content, -isal_zlib.MAX_WBITS) if deflated else content


def _plain_inputs(pixels: dict[str, np.ndarray]) -> np.ndarray:
    """(4, N, 128, 128), pre and the passes; slices in the order of their names."""
    passes = [[pixels[name] for name in sorted(pixels) if name.startswith(f"{folder}/")] for folder in FOLDERS]
    scales = [BY_EXAM.scale(passes[k]) for k in (0, 1, 1, 1)]
    return np.array([[prepare(each, scale) for each in one] for one, scale in zip(passes, scales, strict=True)])


def _inputs(reading: Reading) -> np.ndarray:
    """The same from the service."""
    images = prepared(reading.exam, BY_EXAM, BY_EXAM)
    return np.concatenate([images.single, images.scantype], axis=1).swapaxes(0, 1)


def _read(archive: Path, use: Callable[[Reading], T]) -> T:
    with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as folder, archive.open("rb") as file:
        return use(read_any_layout(file, Path(folder), LIMITS))
