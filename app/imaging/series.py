"""A folder of DICOM slices -> a series in spatial order."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from imaging.errors import PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.geometry import natural_key, order_by_position, same_orientation
from imaging.slice_file import SliceFile
from imaging.slice_reading import read_slices

# Neighbouring slices further apart than this many times the usual distance leave a gap.
GAP = 1.5


@dataclass(frozen=True)
class Series:
    """The slices of one folder in reading order, at least one; ``warnings`` do not name it."""

    name: str
    slices: tuple[SliceFile, ...]
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def spacing(self) -> float | None:
        """Usual distance of neighbouring slices in mm; None when there is none to measure."""
        positions = [each.position for each in self.slices]
        if len(positions) < 2 or None in positions:
            return None
        return float(np.median(np.abs(np.diff(positions))))


def read_series(folder: Path | Series) -> Series:
    """The DICOM files in ``folder`` as a series in spatial order; a series that is read already passes through.

    Order: by position along the normal, in the direction in which file names rise, or InstanceNumber where the names
    tell none, when every file says where it lies; else by InstanceNumber; else by name. Only headers are read here.

    Raises NotADicomImage, SizesDiffer, PositionsDiffer (two slices at one place, or turned against each other), or
    UnequalCounts when the folder is empty.
    """
    if isinstance(folder, Series):
        return folder
    return in_order(folder.name, [each for path in folder.iterdir() for each in read_slices(path)])


def in_order(name: str, slices: Sequence[SliceFile], numbered: bool = True) -> Series:
    """``slices`` of one pass as a series called ``name``, ordered and checked as ``read_series`` says.

    Not ``numbered``: names say nothing of the order, as in an export of any layout, and that they disagree is not told.
    """
    if not slices:
        raise UnequalCounts(f"{name} is empty.")
    slices = sorted(slices, key=lambda each: natural_key(each.key))
    _check_sizes(slices)
    ordered, known, warnings = _in_order(slices)
    if numbered and ordered != slices:
        warnings.append(f"file names and {known} disagree about the order; {known} decide.")
    series = Series(name, tuple(ordered), tuple(warnings))
    return replace(series, warnings=(*warnings, *_odd(series)))


def _check_sizes(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if (each.rows, each.columns) != (first.rows, first.columns):
            raise SizesDiffer(
                f"{each.label} is {each.rows} x {each.columns}, {first.label} is {first.rows} x {first.columns}.",
                (each.label, first.label),
            )


def _in_order(slices: list[SliceFile]) -> tuple[list[SliceFile], str, list[str]]:
    """The slices, given in the natural order of their names, in reading order; what tells it; warnings."""
    if all(each.position is not None for each in slices):
        _check_orientation(slices)
        order = order_by_position(
            [each.key for each in slices],
            [each.position for each in slices],
            [each.instance_number for each in slices],
        )
        ordered = [slices[i] for i in order]
        _check_places(ordered)
        return ordered, "positions", []
    if len({each.instance_number for each in slices} - {None}) == len(slices):
        ordered = sorted(slices, key=lambda each: each.instance_number)
        told = "not every file says where its slice lies; ordered by InstanceNumber."
        return ordered, "InstanceNumber", [told]
    return slices, "", ["neither positions nor InstanceNumber order the slices; ordered by file name."]


def _check_orientation(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if not same_orientation(each.image_orientation, first.image_orientation):
            raise PositionsDiffer(f"{each.label} is turned against {first.label}.", (each.label, first.label))


def _check_places(ordered: list[SliceFile]) -> None:
    for one, other in itertools.pairwise(ordered):
        if abs(one.position - other.position) < 1e-3:
            raise PositionsDiffer(f"{one.label} and {other.label} lie at the same place.", (one.label, other.label))


def _odd(series: Series) -> list[str]:
    """What a reader should know. Slices are named by number: a file's name can hold a patient's."""
    told, spacing = [], series.spacing
    for number, (one, other) in enumerate(itertools.pairwise(series.slices) if spacing else (), start=1):
        step = abs(other.position - one.position)
        if step > GAP * spacing:
            told.append(f"slices {number} and {number + 1} lie {step:.1f} mm apart, others {spacing:.1f}.")
    kinds = {each.series_instance_uid for each in series.slices}
    if len(kinds) > 1:
        told.append(f"the files belong to {len(kinds)} DICOM series.")
    return told
