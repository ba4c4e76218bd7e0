"""Four series of one patient -> an exam whose passes show the same slices."""

from dataclasses import dataclass, replace

import numpy as np

from imaging.errors import NamesDiffer, PositionsDiffer, SizesDiffer, UnequalCounts
from imaging.geometry import same_orientation, same_spacing
from imaging.identity import check_identity
from imaging.series import Series
from imaging.slice_file import SliceFile

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
        """Those of the series, each once, with the names of all series that it is about."""
        names: dict[str, list[str]] = {}
        for series in (self.pre, *self.passes):
            for text in series.warnings:
                names.setdefault(text, []).append(series.name)
        return tuple(f"{', '.join(those)}: {text}" for text, those in names.items())


def match(pre: Series, *passes: Series, named_alike: bool = True) -> Exam:
    """The exam of a pre-contrast series and three passes, once they are seen to show the same slices.

    Files match by name and must lie at the same position. Where names differ and every file says where it lies,
    positions decide, with a warning. Not ``named_alike``: names say nothing, as in an export of any layout, and
    positions alone decide. Raises UnequalCounts, NamesDiffer, PositionsDiffer, SizesDiffer, MixedExams or
    DuplicateSlice.
    """
    matched = tuple(_matched(pre, other, named_alike) for other in passes)
    slices = [each for series in (pre, *matched) for each in series.slices]
    check_identity(slices)
    _check_frames(slices)
    return Exam(pre, matched)


def _matched(pre: Series, other: Series, named_alike: bool) -> Series:
    """``other`` with its slices in the order of those of ``pre`` which they match."""
    if len(other) != len(pre):
        raise UnequalCounts(f"{pre.name} holds {len(pre)} slices, {other.name} holds {len(other)}.")
    keys = {each.key for each in other.slices}
    stranger = next((each for each in pre.slices if each.key not in keys or not named_alike), None)
    if stranger is not None:
        other = _by_position(pre, other, stranger)
        if named_alike:
            told = f"file names differ from those of {pre.name}; positions match the slices."
            other = replace(other, warnings=(*other.warnings, told))
    tolerance = POSITION_TOLERANCE * (pre.spacing or 1.0)
    for one, two in zip(pre.slices, other.slices, strict=True):
        if stranger is None and one.key != two.key:
            told = f"{one.label} and {two.label} come at the same place in their folders."
            raise PositionsDiffer(told, (one.label, two.label))
        _check_pair(one, two, tolerance)
    return other


def _by_position(pre: Series, other: Series, stranger: SliceFile) -> Series:
    """``other``, whose names do not match, running in the direction of ``pre``."""
    if any(each.position is None for each in (*pre.slices, *other.slices)):
        told = f"{stranger.label} has no file of the same name in {other.name}, and not every file has a position."
        raise NamesDiffer(told, (stranger.label,))
    slices = other.slices
    if (slices[-1].position > slices[0].position) != (pre.slices[-1].position > pre.slices[0].position):
        slices = slices[::-1]
    return replace(other, slices=slices)


def _check_pair(one: SliceFile, two: SliceFile, tolerance: float) -> None:
    files = (one.label, two.label)
    if (one.rows, one.columns) != (two.rows, two.columns):
        raise SizesDiffer(f"{one.label} is {one.rows} x {one.columns}, {two.label} {two.rows} x {two.columns}.", files)
    if one.pixel_spacing and two.pixel_spacing and not same_spacing(one.pixel_spacing, two.pixel_spacing):
        raise PositionsDiffer(f"{one.label} and {two.label} have different PixelSpacing.", files)
    if one.position is None or two.position is None:
        return
    if not same_orientation(one.image_orientation, two.image_orientation):
        raise PositionsDiffer(f"{one.label} is turned against {two.label}.", files)
    apart = np.linalg.norm(np.subtract(one.image_position, two.image_position))
    if not apart <= tolerance:
        raise PositionsDiffer(f"{one.label} and {two.label} lie {apart:.2f} mm apart.", files)


def _check_frames(slices: list[SliceFile]) -> None:
    first = slices[0]
    for each in slices:
        if each.frame_of_reference_uid != first.frame_of_reference_uid:
            told = f"{each.label} and {first.label} have different frames of reference."
            raise PositionsDiffer(told, (each.label, first.label))
