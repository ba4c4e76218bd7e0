"""A folder of zips, each an exam, and a table of who has tumour in which slices."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from imaging.exam import Exam
from imaging.reading import Reading
from training.exam_set import NEGATIVE, PLACES, POSITIVE
from training.sources import boxes
from training.sources.boxes import Box
from training.sources.source import Item, LeftOut, Source, Truth, TruthError, read_zip
from training.sources.tables import Row, TableError, fingerprint, read_table

LABELS = "labels.csv"
EXAM, PATIENT, SLICES, SIZE = "exam", "patient", "slices", "size_mm"


@dataclass(frozen=True)
class LabelledZip(Item):
    """``slices`` hold tumour, numbers from 1 in reading order; ``box``, where it is known, holds all of it; ``size``
    in mm, NaN where the table does not tell."""

    path: Path
    name: str
    patient: str
    slices: tuple[int, ...]
    box: Box | None
    size: float

    def read(self, workspace: Path) -> Reading:
        return read_zip(self.path, workspace)

    def truth(self, exam: Exam) -> Truth:
        count = len(exam.pre)
        if self.slices and self.slices[-1] > count:
            raise TruthError(f"{self.name}: slice {self.slices[-1]} is said to hold tumour; the exam has {count}")
        positive = [number - 1 for number in self.slices]
        labels = np.full(count, NEGATIVE, np.int8)
        places, sizes = np.zeros((count, PLACES, PLACES), np.uint8), np.zeros(count, np.float32)
        labels[positive] = POSITIVE
        if self.box:
            self.box.check(self.name, exam)
            places[positive] = self.box.places(exam)
        sizes[positive] = self._size(exam)
        return Truth(labels, places, sizes, placed=self.box is not None or not self.slices)

    def _size(self, exam: Exam) -> float:
        return self.box.largest_side(exam) if self.box and math.isnan(self.size) else self.size


def labelled_zips(folder: Path, labels: Path | None = None) -> Source:
    """The zips at any depth of ``folder`` that have a row in ``labels`` (default: ``labels.csv`` in it).

    Columns: ``exam``, the zip's path below the folder; ``patient``, whom the split goes by; ``slices`` that hold
    tumour, ``10-12 15``; perhaps those of a box, and ``size_mm``. Raises TableError, before any zip is read, when the
    table is damaged.
    """
    labels = labels or folder / LABELS
    rows = _by_exam(read_table(labels, (EXAM, PATIENT, SLICES)))
    zips = {path.relative_to(folder).as_posix(): path for path in _zips(folder)}
    items = [_item(row, name, zips.get(name, folder / name)) for name, row in rows.items()]
    missing = [LeftOut(item.name, item.patient, f"is not in {folder}") for item in items if item.name not in zips]
    unnamed = [LeftOut(name, "", f"has no row in {labels}") for name in zips if name not in rows]
    there = tuple(item for item in items if item.name in zips)
    return Source("zips", there, (*missing, *unnamed), {"labels": fingerprint(labels)})


def _zips(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.casefold() == ".zip" and path.is_file())


def _by_exam(rows: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        name = PurePosixPath(row.text(EXAM).replace("\\", "/")).as_posix()
        earlier = found.setdefault(name, row)
        if earlier is not row:
            one, two = earlier.text(PATIENT), row.text(PATIENT)
            whose = "" if one == two else f", of patient {one} and of patient {two}"
            raise row.error(f"{name} is in line {earlier.line} already{whose}")
    return found


def _item(row: Row, name: str, path: Path) -> LabelledZip:
    slices = _slices(row)
    return LabelledZip(path, name, row.text(PATIENT), slices, _box(row, slices), _size(row))


def _slices(row: Row) -> tuple[int, ...]:
    """The numbers under SLICES, rising: single ones and spans, parted by spaces or commas."""
    found = set()
    for part in re.split(r"[\s,]+", row.cells[SLICES]) if row.cells[SLICES] else ():
        ends = re.fullmatch(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?", part)
        if not ends:
            raise row.error(f"{part!r} under {SLICES!r} is no slice number from 1 on, nor a span such as 10-12")
        first, last = int(ends[1]), int(ends[2] or ends[1])
        if last < first:
            raise row.error(f"{part!r} under {SLICES!r} ends before it begins")
        found.update(range(first, last + 1))
    return tuple(sorted(found))


def _box(row: Row, slices: tuple[int, ...]) -> Box | None:
    if not any(row.cells.get(column) for column in boxes.COLUMNS):
        return None
    missing = [column for column in boxes.COLUMNS if column not in row.cells]
    if missing:
        raise TableError(f"{row.file}: has no column {', '.join(map(repr, missing))}, which a box needs")
    if not slices:
        raise row.error("has a box and no slices that hold tumour")
    return Box(*boxes.in_plane(row), (slices[0], slices[-1]))


def _size(row: Row) -> float:
    text = row.cells.get(SIZE)
    if not text:
        return math.nan
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 < size < math.inf:
        raise row.error(f"{text!r} under {SIZE!r} is no size in mm")
    return size
