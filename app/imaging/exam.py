"""Four series of one patient -> an exam whose passes show the same slices."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imaging.errors import MixedExams, NamesDiffer, PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.geometry import same_orientation
from imaging.series import Series, SliceFile, read_series

PRE, PASSES = "pre", ("1st_pass", "2nd_pass", "3rd_pass")
FOLDERS = (PRE, *PASSES)
# Two passes show the same slice when they lie closer than this share of the distance between slices.
POSITION_TOLERANCE = 0.1


@dataclass(frozen=True)
class Exam:
    """Four series of the same slices: ``pre`` and the three ``passes``, slice for slice at the same place."""

    pre: Series
    passes: tuple[Series, Series, Series]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(text for series in (self.pre, *self.passes) for text in series.warnings)


def read_exam(root: Path) -> Exam:
    """The exam in the folders ``pre``, ``1st_pass``, ``2nd_pass`` and ``3rd_pass`` of ``root``, matched.

    Raises any of ``read_series``' errors, UnequalCounts, NamesDiffer, PositionsDiffer, SizesDiffer or MixedExams.
    """
    pre, *passes = (read_series(root / name) for name in FOLDERS)
    for other in passes:
        _check_match(pre, other)
    _check_one_patient([each for series in (pre, *passes) for each in series.slices])
    return Exam(pre, tuple(passes))


def _check_match(pre: Series, other: Series) -> None:
    """``other`` shows the same slices as ``pre``, in the same order."""
    if len(other) != len(pre):
        raise UnequalCounts(f"{pre.name} holds {len(pre)} slices, {other.name} holds {len(other)}.")
    for missing, there in ((other, pre), (pre, other)):
        keys = {each.key for each in missing.slices}
        for each in there.slices:
            if each.key not in keys:
                raise NamesDiffer(f"{each.label} has no file of the same name in {missing.name}.", (each.label,))
    tolerance = POSITION_TOLERANCE * _spacing(pre)
    for one, two in zip(pre.slices, other.slices, strict=True):
        _check_pair(one, two, tolerance)


def _check_pair(one: SliceFile, two: SliceFile, tolerance: float) -> None:
    files = (one.label, two.label)
    if one.key != two.key:
        raise PositionsDiffer(f"{one.label} and {two.label} come at the same place in their folders.", files)
    if (one.rows, one.columns) != (two.rows, two.columns):
        raise SizesDiffer(f"{one.label} is {one.rows} x {one.columns}, {two.label} {two.rows} x {two.columns}.", files)
    if one.position is None or two.position is None:
        return
    if not same_orientation(one.image_orientation, two.image_orientation):
        raise PositionsDiffer(f"{one.label} is turned against {two.label}.", files)
    apart = np.linalg.norm(np.subtract(one.image_position, two.image_position))
    if apart > tolerance:
        raise PositionsDiffer(f"{one.label} and {two.label} lie {apart:.2f} mm apart.", files)


def _spacing(series: Series) -> float:
    """Distance between neighbouring slices in mm; 1 where there is none to measure."""
    positions = [each.position for each in series.slices]
    if len(positions) < 2 or None in positions:
        return 1.0
    return float(np.median(np.abs(np.diff(positions))))


def _check_one_patient(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if each.patient_id != first.patient_id:
            raise MixedExams(f"{each.label} and {first.label} belong to different patients.", (each.label, first.label))
        if each.study_instance_uid != first.study_instance_uid:
            raise MixedExams(f"{each.label} and {first.label} belong to different studies.", (each.label, first.label))
