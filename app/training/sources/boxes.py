"""Boxes around tumours as Duke-Breast-Cancer-MRI has them: rows and columns from 1, both ends inclusive."""

from dataclasses import dataclass

import numpy as np

from imaging.exam import Exam
from training.exam_set import PLACES
from training.sources.source import TruthError
from training.sources.tables import Row

COLUMNS = ("Start Row", "End Row", "Start Column", "End Column")
SLICE_COLUMNS = ("Start Slice", "End Slice")


@dataclass(frozen=True)
class Box:
    """Rows, columns and slices from 1, first and last, both inclusive."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    slices: tuple[int, int]

    def check(self, name: str, exam: Exam) -> None:
        """Raises TruthError, naming the exam ``name``, when the box does not lie within ``exam``."""
        first = exam.pre.slices[0]
        for what, (_, last), count in (
            ("row", self.rows, first.rows),
            ("column", self.columns, first.columns),
            ("slice", self.slices, len(exam.pre)),
        ):
            if last > count:
                raise TruthError(f"{name}: the box ends at {what} {last}; the exam has {count}")

    def places(self, exam: Exam) -> np.ndarray:
        """(32, 32) uint8: the share of box in each place of a slice, 255 for all of it."""
        first = exam.pre.slices[0]
        share = np.outer(_covered(*self.rows, first.rows), _covered(*self.columns, first.columns))
        return np.ceil(255 * share).astype(np.uint8)

    def largest_side(self, exam: Exam) -> float:
        """mm; NaN where ``exam`` does not say how far its rows, columns or slices lie apart."""
        spacings = (*(exam.pre.slices[0].pixel_spacing or (np.nan, np.nan)), exam.pre.spacing or np.nan)
        spans = (self.rows, self.columns, self.slices)
        # np.max, unlike max, is NaN as soon as one of them is
        return float(np.max([(last - first + 1) * mm for (first, last), mm in zip(spans, spacings, strict=True)]))


def _covered(first: int, last: int, count: int) -> np.ndarray:
    """(32,) which share of each place lies within rows ``first`` to ``last`` of ``count``."""
    edges = np.linspace(0, count, PLACES + 1)
    inside = np.minimum(edges[1:], last) - np.maximum(edges[:-1], first - 1)
    return np.clip(inside * PLACES / count, 0, 1)


def span(row: Row, start: str, end: str) -> tuple[int, int]:
    """The numbers under two columns. Raises TableError when they are none, or the wrong way round."""
    first, last = row.whole(start), row.whole(end)
    if last < first:
        raise row.error(f"{end!r} is {last}, before {start!r}, {first}")
    return first, last


def in_plane(row: Row) -> tuple[tuple[int, int], tuple[int, int]]:
    """The rows and the columns of the box in ``row``. Raises TableError as ``span`` does."""
    return span(row, *COLUMNS[:2]), span(row, *COLUMNS[2:])
