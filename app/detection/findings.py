"""Positive slices side by side, as findings: where each is, how long, and how its tissue takes up contrast.

Slices side by side that show something in both breasts are two findings, which may share slices (``breasts``).
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from detection.agreement import Agreement, agreement
from detection.body import Body, body_of, middle
from detection.breasts import Part, by_breast, separable, whole
from detection.kinetics import CurveType, curve_types, floor_of, initial_rise, most_suspicious, smoothed
from detection.results import SliceResult
from detection.second_look import LEFT, RIGHT, Look, Sight
from imaging.kept_exam import KeptExam
from imaging.stack import Stack

# So near to the middle between the breasts, in mm, geometry does not tell the side; nor so near to the scanner's.
MIDDLE, SCANNERS_MIDDLE = 10.0, 30.0
# Peaks of one finding that lie further apart within their slices, in mm, may be of two tumours.
APART = 40.0
# Tissue is hot where heat around its peak is at least so strong, as a share of it.
HOT = 0.3
SIDES = {"L": LEFT, "R": RIGHT}  # as Laterality and ImageLaterality have them (DICOM PS3.3 C.7.3.1, C.10.1)


@dataclass(frozen=True)
class Peak:
    """The place in the best slice where the scantype network looked most, and the most suspicious curve around it.

    ``row`` and ``column`` count from 0 at the centre of the first pixel. ``patient_position`` is in mm (left, back,
    head), ``side`` is ``left`` or ``right`` or ``middle``; both None where headers do not say where slices lie, and no
    side where slices of the finding show most heat in either breast and could not be parted.
    ``curve`` is that of ``curve_row`` and ``curve_column``, as ``kinetics.most_suspicious`` finds it in the hot tissue,
    or of the peak where nothing there enhances: the brightness before and in each pass, relative to that before, or to
    the floor of ``kinetics`` where that is darker; ``initial_rise`` in percent, ``curve_type`` a ``kinetics.CurveType``
    in words, both None where it is too dark to tell.
    """

    row: int
    column: int
    patient_position: tuple[float, float, float] | None
    side: str | None
    curve_row: int
    curve_column: int
    curve: tuple[float, float, float, float]
    initial_rise: float | None
    curve_type: str | None


@dataclass(frozen=True)
class Finding:
    """Positive slices side by side, counted from 1.

    ``best_slice`` is the one with the highest probability by the scantype network. ``extent`` is in mm along the stack,
    its slices times their distance; None where headers do not tell the distance of slices. ``breast`` is ``left`` or
    ``right`` where slices side by side show something in both: probabilities and heat are then of that breast alone.
    ``warnings`` say why its place is not to be trusted. No ``peak`` where the heat of that slice is 0 throughout.
    """

    number: int
    first_slice: int
    last_slice: int
    best_slice: int
    extent: float | None
    breast: str | None
    peak: Peak | None
    agreement: Agreement
    warnings: tuple[str, ...]


def findings(slices: Sequence[SliceResult], exam: KeptExam, look: Look) -> tuple[Finding, ...]:
    """What positive ``slices`` of ``exam`` show. ``look`` is asked for the heat of the best slice of each finding, and
    of one far from it, in which it may lie elsewhere."""
    runs = [whole(run) for run in positive_runs(slices)]
    if not runs:
        return ()
    heats = _heats(runs, look)
    parts = by_breast({run: _breasts(exam.stack, run, heats) for run in runs}, look)
    heats |= _heats([part for part in parts if part not in runs], look)
    floor = floor_of(exam)
    body = body_of(exam, floor)
    return tuple(_finding(number, part, exam, heats, floor, body) for number, part in enumerate(parts, start=1))


def _heats(parts: Sequence[Part], look: Look) -> dict[Sight, np.ndarray]:
    sights = [sight for part in parts for sight in part.looked_at]
    return dict(zip(sights, look.heat(sights), strict=True)) if sights else {}


def _breasts(stack: Stack, run: Part, heats: Mapping[Sight, np.ndarray]) -> list[str]:
    """In which breast there is most heat in each of the slices that were looked at, the best one first."""
    if not separable(stack):
        return []
    seen = [(sight.number, heats[sight]) for sight in run.looked_at if heats[sight].any()]
    places = [stack.patient_position(number, *_hottest(heat)) for number, heat in seen]
    return [LEFT if place[0] > middle(stack) else RIGHT for place in places]


def positive_runs(slices: Sequence[SliceResult]) -> Iterator[list[SliceResult]]:
    """Positive slices without a negative one between them, in reading order."""
    for fused, run in itertools.groupby(slices, key=lambda each: each.fused):
        if fused:
            yield list(run)


def _finding(
    number: int,
    part: Part,
    exam: KeptExam,
    heats: Mapping[Sight, np.ndarray],
    floor: float,
    body: Body,
) -> Finding:
    """``heats`` (rows, columns) of what was looked at."""
    seen = {sight.number: heats[sight] for sight in part.looked_at}
    heat, passes, spacing = seen[part.best], smoothed(exam.passes(part.best)), exam.stack.slice_spacing
    peak = _peak(exam.stack, part.best, heat, passes, floor)
    if peak and {LEFT, RIGHT} <= set(_breasts(exam.stack, part, heats)):
        peak = replace(peak, side=None)
    found = agreement(heat, passes, floor, body.places(part.best))
    return Finding(
        number=number,
        first_slice=part.numbers[0],
        last_slice=part.numbers[-1],
        best_slice=part.best,
        extent=None if spacing is None else round(len(part.numbers) * spacing, 1),
        breast=part.breast,
        peak=peak,
        agreement=found,
        warnings=(*found.warnings, *_apart(exam.stack, seen), *_contradicted(exam, peak)),
    )


def _apart(stack: Stack, heats: Mapping[int, np.ndarray]) -> Iterator[str]:
    """Warns where heat lies elsewhere in other slices of a finding: positive slices side by side may show two tumours,
    of one breast or where geometry does not tell the breasts."""
    places = [(number, _hottest(heat)) for number, heat in heats.items() if heat.any()]
    if stack.pixel_spacing is None or not places:
        return
    (best, first), *others = places
    for number, place in others:
        millimetres = float(np.linalg.norm(np.subtract(place, first) * stack.pixel_spacing))
        if millimetres > APART:
            yield (
                f"in slice {number} the scantype network looked most {millimetres:.0f} mm away from where it did in "
                f"slice {best}: this may be more than one finding"
            )


def _contradicted(exam: KeptExam, peak: Peak | None) -> Iterator[str]:
    header = exam.description.header
    told = SIDES.get(header.get("ImageLaterality") or header.get("Laterality", ""))
    if told and peak and peak.side in SIDES.values() and peak.side != told:
        yield f"headers say that this is the {told} breast, and the place lies on the {peak.side} side"


def _hottest(heat: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(np.argmax(heat), heat.shape)
    return int(row), int(column)


def _peak(stack: Stack, number: int, heat: np.ndarray, passes: np.ndarray, floor: float) -> Peak | None:
    """``passes`` (4, rows, columns), smoothed."""
    if not heat.any():
        return None
    row, column = _hottest(heat)
    position = stack.patient_position(number, row, column) if stack.placed else None
    place = most_suspicious(passes, floor, hot(heat)) or (row, column)
    values = passes[:, *place]
    there = values.reshape(-1, 1, 1)
    rise = initial_rise(there, floor).item()
    return Peak(
        row=row,
        column=column,
        patient_position=None if position is None else tuple(round(float(each), 1) for each in position),
        side=None if position is None else side(stack, position),
        curve_row=place[0],
        curve_column=place[1],
        curve=tuple(round(float(each), 3) for each in values / max(values[0], floor)),
        initial_rise=None if np.isnan(rise) else round(float(rise), 1),
        curve_type=None if np.isnan(rise) else CurveType(curve_types(there, floor).item()).words,
    )


def hot(heat: np.ndarray) -> np.ndarray:
    """(rows, columns) bool: where ``heat`` is hot without a gap from its peak, which is above 0."""
    _, places = cv2.connectedComponents((heat >= HOT * heat.max()).astype(np.uint8), connectivity=4)
    return places == places[_hottest(heat)]


def side(stack: Stack, position: Sequence[float]) -> str:
    """``left`` or ``right`` of the patient, or ``middle``, by where ``position`` (left, back, head in mm) lies.

    The middle is that of the field of view where that holds both breasts, else that of the scanner, in which a patient
    lies straight. The picture decides nothing.
    """
    between = middle(stack)
    off = position[0] - (between or 0.0)
    if abs(off) < (SCANNERS_MIDDLE if between is None else MIDDLE):
        return "middle"
    return LEFT if off > 0 else RIGHT  # x rises to the patient's left (DICOM PS3.3 C.7.6.2.1.1)


def finding(told: Mapping[str, object]) -> Finding:
    """The finding of which ``dataclasses.asdict`` told, maybe by way of JSON."""
    peak, agreement = told["peak"], Agreement(**_frozen(told["agreement"]))
    return Finding(**_frozen(told) | {"peak": peak and Peak(**_frozen(peak)), "agreement": agreement})


def _frozen(told: Mapping[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
