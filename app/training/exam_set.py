"""A set of labelled exams on disk: what networks learn from and are judged on, prepared once and mapped, not loaded.

A folder with ``manifest.json`` and one raw file for each of ARRAYS, a row a slice. Exams of one split stand together,
slices of one exam stand together, in reading order. A slice takes BYTES_A_SLICE, nearly all of it the four images.
"""

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from imaging.preprocessing import SIZE, Normalisation

MANIFEST, FORMAT = "manifest.json", 1
TRAINING, VALIDATION, TEST = SPLITS = ("training", "validation", "test")
NEGATIVE, POSITIVE, LEFT_OUT = 0, 1, -1
SERIES = 4
# Places of tumour are kept on a grid of 4 x 4 pixels of a prepared slice.
PLACES = SIZE // 4
#: name -> dtype and shape of a row
ARRAYS = {
    "images": (np.uint8, (SERIES, SIZE, SIZE)),
    "labels": (np.int8, ()),
    "places": (np.uint8, (PLACES, PLACES)),
    "sizes": (np.float32, ()),
    "scales": (np.float32, (SERIES,)),
}
BYTES_A_SLICE = sum(np.dtype(dtype).itemsize * math.prod(shape) for dtype, shape in ARRAYS.values())


class SetError(Exception):
    """A folder is no prepared set, or not the one that is needed; the text names the folder and the reason."""


@dataclass(frozen=True)
class Labelled:
    """Slices with their truth, a row a slice.

    ``images`` (N, 4, 128, 128) uint8: pre and the three passes, prepared as an upload would be and rounded;
    ``labels`` (N,) int8: POSITIVE, NEGATIVE, or LEFT_OUT where nobody can say; ``places`` (N, 32, 32) uint8: the share
    of tumour in each square of 4 x 4 pixels, 255 for all of it; ``sizes`` (N,) float32: mm, the longest diameter of the
    largest lesion that the slice cuts, 0 without and NaN where it is not known; ``scales`` (N, 4) float32: the
    brightness that became 255 in each series.
    """

    images: np.ndarray
    labels: np.ndarray
    places: np.ndarray
    sizes: np.ndarray
    scales: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def judged(self) -> np.ndarray:
        """(N,) bool: slices that are positive or negative."""
        return np.asarray(self.labels) != LEFT_OUT

    def channels(self, role: str) -> np.ndarray:
        """The images the network of ``role`` takes, (N, 1 or 3, 128, 128) uint8."""
        return self.images[:, :1] if role == "single" else self.images[:, 1:]

    def rows(self, which: slice) -> "Labelled":
        return Labelled(**{field.name: getattr(self, field.name)[which] for field in fields(Labelled)})


def cuts_of(labels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(N,) float32: pixels of each prepared slice that are tumour, or lie in the box around it where only that is
    known; NaN for positive slices whose ``places`` are not known."""
    pixels = np.asarray(places, np.float32).sum(axis=(1, 2)) / 255 * (SIZE // PLACES) ** 2
    return np.where((np.asarray(labels) == POSITIVE) & (pixels == 0), np.float32(np.nan), pixels)


@dataclass(frozen=True)
class ExamRecord:
    """An exam of a set: its rows are ``first`` to ``first + slices``, counted from 0 over the whole set.

    Not ``placed``: nobody said where in its positive slices the tumour is, and their ``places`` are 0.
    """

    name: str
    patient: str
    split: str
    first: int
    slices: int
    placed: bool = True

    @property
    def at(self) -> slice:
        return slice(self.first, self.first + self.slices)


@dataclass(frozen=True)
class ExamSet:
    """A prepared set, or some of its exams. ``manifest`` is what MANIFEST holds, see ``training.prepare``."""

    manifest: dict
    exams: tuple[ExamRecord, ...]
    arrays: Labelled

    @property
    def normalisation(self) -> Normalisation:
        return Normalisation(**self.manifest["normalisation"])

    @property
    def summary(self) -> dict:
        """What the set is made of, for a network's card: no exam and no patient is named."""
        kept = ("source", "command", "commit", "seed", "shares")
        counts = {name: sum(exam.split == name for exam in self.exams) for name in SPLITS}
        told = {name: self.manifest[name] for name in kept if name in self.manifest}
        return told | {"exams": counts, "slices": self.manifest["slices"], "left_out": len(self.manifest["left_out"])}

    def labelled(self, exam: ExamRecord) -> Labelled:
        return self.arrays.rows(exam.at)

    def split(self, name: str) -> "ExamSet":
        """The exams of one of SPLITS. Raises SetError when there is none."""
        found = tuple(exam for exam in self.exams if exam.split == name)
        if not found:
            raise SetError(f"{self.manifest['name']}: the set holds no exam for {name}")
        return ExamSet(self.manifest, found, self.arrays)

    @property
    def slices(self) -> Labelled:
        """All slices of these exams, which must stand together in the set."""
        return self.arrays.rows(slice(self.exams[0].first, self.exams[-1].at.stop))


def open_set(folder: Path) -> ExamSet:
    """The set in ``folder``, its arrays mapped. Raises SetError when there is none or it is damaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise SetError(f"{folder}: no prepared set (see manage.py prepare): {error}") from error
    if manifest.get("format") != FORMAT:
        raise SetError(f"{folder}: prepared by another version; prepare it again")
    exams = tuple(ExamRecord(**{f.name: record[f.name] for f in fields(ExamRecord)}) for record in manifest["exams"])
    count = sum(exam.slices for exam in exams)
    arrays = Labelled(**{name: _mapped(folder, name, count) for name in ARRAYS})
    return ExamSet(manifest | {"name": str(folder)}, exams, arrays)


def _mapped(folder: Path, name: str, count: int) -> np.ndarray:
    dtype, shape = ARRAYS[name]
    file, size = folder / name, count * np.dtype(dtype).itemsize * math.prod(shape)
    if not file.is_file() or file.stat().st_size != size:
        raise SetError(f"{file}: not the {size} bytes that its manifest tells")
    return np.memmap(file, dtype, "r", shape=(count, *shape))


class SetWriter:
    """Writes a set exam by exam; what is interrupted leaves nothing in ``folder``.

    Exams come in the order of SPLITS. Raises SetError when ``folder`` is there already.
    """

    def __init__(self, folder: Path):
        if folder.exists():
            raise SetError(f"{folder}: is there already; a set is written to a new folder")
        self.folder, self.partial = folder, folder.with_name(f"{folder.name}.partial")
        self.exams: list[dict] = []
        self.count = 0

    def __enter__(self) -> "SetWriter":
        shutil.rmtree(self.partial, ignore_errors=True)
        self.partial.mkdir(parents=True)
        self.files = {name: (self.partial / name).open("wb") for name in ARRAYS}
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        for file in self.files.values():
            file.close()
        if kind is not None:
            shutil.rmtree(self.partial, ignore_errors=True)

    def add(self, name: str, patient: str, split: str, labelled: Labelled, **told: object) -> None:
        """Appends an exam; ``told`` is kept with it in the manifest. Raises SetError for a split out of order."""
        if self.exams and SPLITS.index(split) < SPLITS.index(self.exams[-1]["split"]):
            raise SetError(f"{name}: exams for {split} come before those for {self.exams[-1]['split']}")
        for field, (dtype, shape) in ARRAYS.items():
            rows = np.ascontiguousarray(getattr(labelled, field), dtype)
            if rows.shape != (len(labelled), *shape):
                raise ValueError(f"{name}: {field} is {rows.shape}, not {(len(labelled), *shape)}")
            self.files[field].write(rows.data)
        record = ExamRecord(name, patient, split, self.count, len(labelled))
        self.exams.append(asdict(record) | told)
        self.count += len(labelled)

    def finish(self, normalisation: Normalisation, left_out: Sequence[dict], **told: object) -> None:
        """Writes the manifest, and the set is there."""
        manifest = {
            "format": FORMAT,
            **told,
            "normalisation": asdict(normalisation),
            "slices": self.count,
            "left_out": list(left_out),
            "exams": self.exams,
        }
        for file in self.files.values():
            file.close()
        (self.partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        self.partial.rename(self.folder)
