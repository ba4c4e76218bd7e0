"""Positive slices side by side, as one finding: where it is, how long, and how its tissue takes up contrast."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detection.agreement import Agreement, agreement
from detection.body import Body, body_of, middle
from detection.kinetics import CurveType, curve, curve_types, floor_of, initial_rise, smoothed
from detection.results import SliceResult
from imaging.kept_exam import KeptExam
from imaging.stack import Stack

# So near to the middle between the breasts, in mm, geometry does not tell the side; nor so near to the scanner's.
MIDDLE, SCANNERS_MIDDLE = 10.0, 30.0
# Peaks of one finding that lie further apart within their slices, in mm, may be of two tumours.
APART = 40.0
SIDES = {"L": "left", "R": "right"}  # as Laterality and ImageLaterality have them (DICOM PS3.3 C.7.3.1, C.10.1)
# Asked for the heat of slices by their numbers, (N, rows, columns) float32 of the scantype network in the geometry of
# the slices.
Heat = Callable[[Sequence[int]], np.ndarray]


@dataclass(frozen=True)
class Peak:
    """The place in the best slice where the scantype network looked most.

    ``row`` and ``column`` count from 0 at the centre of the first pixel. ``patient_position`` is in mm (left, back,
    head), ``side`` is ``left`` or ``right`` or ``middle``; both None where headers do not say where slices lie.
    ``curve`` is the brightness before and in each pass, relative to that before, or to the floor of ``kinetics`` where
    that is darker; ``initial_rise`` in percent, ``curve_type`` a ``kinetics.CurveType`` in words, both None where it is
    too dark to tell.
    """

    row: int
    column: int
    patient_position: tuple[float, float, float] | None
    side: str | None
    curve: tuple[float, float, float, float]
    initial_rise: float | None
    curve_type: str | None


@dataclass(frozen=True)
class Finding:
    """A run of positive slices, counted from 1.

    ``best_slice`` is the one with the highest probability by the scantype network. ``extent`` is in mm along the stack,
    its slices times their distance; None where headers do not tell the distance of slices.
    ``warnings`` say why its place is not to be trusted. No ``peak`` where the heat of that slice is 0 throughout.
    """

    number: int
    first_slice: int
    last_slice: int
    best_slice: int
    extent: float | None
    peak: Peak | None
    agreement: Agreement
    warnings: tuple[str, ...]


def findings(slices: Sequence[SliceResult], exam: KeptExam, heat: Heat) -> tuple[Finding, ...]:
    """What positive ``slices`` of ``exam`` show. ``heat`` is asked once: for the best slice of each finding, and for
    its first and its last one, in which it may lie elsewhere."""
    runs = list(positive_runs(slices))
    if not runs:
        return ()
    looked_at = [_looked_at(run) for run in runs]
    asked = sorted({number for numbers in looked_at for number in numbers})
    heats = dict(zip(asked, heat(asked), strict=True))
    floor = floor_of(exam)
    body = body_of(exam, floor)
    return tuple(
        _finding(number, run, exam, {each: heats[each] for each in numbers}, floor, body)
        for number, (run, numbers) in enumerate(zip(runs, looked_at, strict=True), start=1)
    )


def _looked_at(run: Sequence[SliceResult]) -> list[int]:
    """The best slice of ``run``, then its ends."""
    best = max(run, key=lambda each: each.scantype_probability)
    return list(dict.fromkeys((best.number, run[0].number, run[-1].number)))


def positive_runs(slices: Sequence[SliceResult]) -> Iterator[list[SliceResult]]:
    """Positive slices without a negative one between them, in reading order."""
    for fused, run in itertools.groupby(slices, key=lambda each: each.fused):
        if fused:
            yield list(run)


def _finding(
    number: int,
    run: list[SliceResult],
    exam: KeptExam,
    heats: Mapping[int, np.ndarray],
    floor: float,
    body: Body,
) -> Finding:
    """``heats`` (rows, columns) by slices, the best one first."""
    best = next(iter(heats))
    passes, spacing = exam.passes(best), exam.stack.slice_spacing
    peak = _peak(exam.stack, best, heats[best], passes, floor)
    found = agreement(heats[best], smoothed(passes), floor, body.places(best))
    return Finding(
        number=number,
        first_slice=run[0].number,
        last_slice=run[-1].number,
        best_slice=best,
        extent=None if spacing is None else round(len(run) * spacing, 1),
        peak=peak,
        agreement=found,
        warnings=(*found.warnings, *_apart(exam.stack, heats), *_contradicted(exam, peak)),
    )


def _apart(stack: Stack, heats: Mapping[int, np.ndarray]) -> Iterator[str]:
    """Warns where heat lies elsewhere in other slices of a finding: positive slices side by side may show two tumours,
    one in each breast."""
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
    if not heat.any():
        return None
    row, column = _hottest(heat)
    position = stack.patient_position(number, row, column) if stack.placed else None
    values = curve(passes, row, column)
    there = values.reshape(-1, 1, 1)
    rise = initial_rise(there, floor).item()
    return Peak(
        row=row,
        column=column,
        patient_position=None if position is None else tuple(round(float(each), 1) for each in position),
        side=None if position is None else side(stack, position),
        curve=tuple(round(float(each), 3) for each in values / max(values[0], floor)),
        initial_rise=None if np.isnan(rise) else round(float(rise), 1),
        curve_type=None if np.isnan(rise) else CurveType(curve_types(there, floor).item()).words,
    )


def side(stack: Stack, position: Sequence[float]) -> str:
    """``left`` or ``right`` of the patient, or ``middle``, by where ``position`` (left, back, head in mm) lies.

    The middle is that of the field of view where that holds both breasts, else that of the scanner, in which a patient
    lies straight. The picture decides nothing.
    """
    between = middle(stack)
    off = position[0] - (between or 0.0)
    if abs(off) < (SCANNERS_MIDDLE if between is None else MIDDLE):
        return "middle"
    return "left" if off > 0 else "right"  # x rises to the patient's left (DICOM PS3.3 C.7.6.2.1.1)


def finding(told: Mapping[str, object]) -> Finding:
    """The finding of which ``dataclasses.asdict`` told, maybe by way of JSON."""
    peak, agreement = told["peak"], Agreement(**_frozen(told["agreement"]))
    return Finding(**_frozen(told) | {"peak": peak and Peak(**_frozen(peak)), "agreement": agreement})


def _frozen(told: Mapping[str, object]) -> dict[str, object]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
