"""What is left out of an exam is none of its phases: one that is would let the later ones move up into its place."""

import math
from collections.abc import Sequence

import numpy as np

from imaging.clocks import OF_A_DAY, TIMES, Span
from imaging.descriptions import BARE_T1, UNSATURATED
from imaging.errors import AmbiguousPasses
from imaging.geometry import same_orientation
from imaging.pass_words import claims_a_role, names_pre
from imaging.phases import Phase, place_tolerance, same_echo, same_settings, similar
from imaging.slice_file import SliceFile
from imaging.wanted import HOW, listed

SILENT = (BARE_T1, UNSATURATED)


def check_left_out(others: Sequence[Phase], chosen: Sequence[Phase]) -> None:
    """None of ``others`` may be one of the four phases ``chosen``. Raises AmbiguousPasses with the reason for doubt."""
    for each in others:
        if not (_may_fit(each, chosen) or _stands_among(each, chosen)):
            continue
        why = (
            each.aside or f"{len(each)} slices, not {len(chosen[0])} at the same places of the same frame of reference"
        )
        told = f"{each.label} may be one of the phases, but does not fit: {why}."
        raise AmbiguousPasses(f"{told} {listed(chosen)} {HOW}")


def _stands_among(phase: Phase, chosen: Sequence[Phase]) -> bool:
    """It shows the slices of ``chosen``, half of them or more, whatever it is called, at a time at which no derived and
    no other series is taken: between pre and the last pass, or before pre although derived or in the passes' settings.

    A copy or a subtraction has the times of one of ``chosen``, or comes after all.
    """
    kind = _common_clock(phase, chosen)
    if kind is None:
        return False
    spans = [each.span(kind) for each in chosen]
    early = phase.final or (_same_sequence(phase, chosen[0]) and not names_pre(chosen[0]))
    begin = -math.inf if early else spans[0][0]
    times = [getattr(each, TIMES[kind]) for each in _at_places_of(chosen[0], phase)]
    among = [
        time
        for time in times
        if time is not None and begin < time <= spans[-1][1] and not any(start <= time <= end for start, end in spans)
    ]
    return 2 * len(among) >= len(chosen[0])


def _common_clock(phase: Phase, chosen: Sequence[Phase]) -> str | None:
    """The first kind of TIMES that ``phase`` has and that tells ``chosen`` apart."""
    for kind in TIMES:
        if kind not in OF_A_DAY and not same_settings(phase, chosen[0]):
            continue  # it counts from the beginning of each series
        spans = [each.span(kind) for each in chosen]
        silent = all(getattr(each, TIMES[kind]) is None for each in phase.slices)
        if not silent and None not in spans and len(set(spans)) == len(spans):
            return kind
    return None


def _in_common_time(phase: Phase, chosen: Sequence[Phase]) -> tuple[Span | None, list[Span]]:
    """When ``phase`` and ``chosen`` were taken; None for a phase that does not say."""
    kind = _common_clock(phase, chosen)
    return (phase.span(kind), [each.span(kind) for each in chosen]) if kind else (None, [])


def _at_places_of(pre: Phase, phase: Phase) -> list[SliceFile]:
    """The slices of ``phase`` that lie where one of ``pre`` lies, to POSITION_TOLERANCE, in pixels of any size."""
    direction = pre.first.image_orientation
    alike = [
        each
        for each in phase.slices
        if each.position is not None and same_orientation(each.image_orientation, direction)
    ]
    if not alike:
        return []
    heights = np.array([each.position for each in pre.slices])
    nearest = [pre.slices[int(np.abs(heights - each.position).argmin())] for each in alike]
    tolerance = place_tolerance(pre.slices)
    return [
        each
        for each, other in zip(alike, nearest, strict=True)
        if math.dist(each.image_position, other.image_position) <= tolerance
    ]


def _same_sequence(one: Phase, other: Phase) -> bool:
    echoes = one.first.echo_time, other.first.echo_time
    return None not in echoes and same_settings(one, other) and similar(one, other)


def _may_fit(phase: Phase, chosen: Sequence[Phase]) -> bool:
    sure = phase.aside and not phase.doubtful
    return not sure and _may_belong(phase, chosen) and not _comes_outside(phase, chosen)


def _may_belong(phase: Phase, chosen: Sequence[Phase]) -> bool:
    """It comes from the series of one of ``chosen`` or between the passes, is named as one of them, or has a slice that
    looks like theirs."""
    if not phase.aside and (any(phase.same_series(each) for each in chosen) or _comes_between(phase, chosen)):
        return True
    if _apart(phase, chosen[0]):
        return False
    named = claims_a_role(phase)
    return any(_looks_like(Phase((each,)), chosen[0], named) for each in phase.slices)


def _comes_between(phase: Phase, chosen: Sequence[Phase]) -> bool:
    """It was acquired between the first and the last pass, when nothing else is, and is no copy of one of them."""
    span, spans = _in_common_time(phase, chosen)
    return bool(span) and span not in spans and spans[1][0] < span[0] < spans[-1][0]


def _looks_like(one: Phase, pre: Phase, named: bool) -> bool:
    """A slice, as a phase of its own, may lie beside those of ``pre``; of one that is ``named`` only its direction."""
    a, b = one.first, pre.first
    if named:
        return not a.image_orientation or same_orientation(a.image_orientation, b.image_orientation)
    silent = not (a.scan_options and b.scan_options)
    settings = same_echo(one, pre) if silent else same_settings(one, pre)
    return settings and similar(one, pre)


def _apart(one: Phase, other: Phase) -> bool:
    """They lie in one frame of reference and share no place: the other breast, say."""
    ends = [(min(places), max(places)) for phase in (one, other) if None not in (places := _heights(phase))]
    same_frame = one.first.frame_of_reference_uid == other.first.frame_of_reference_uid
    return same_frame and len(ends) == 2 and (ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0])


def _heights(phase: Phase) -> list[float | None]:
    return [each.position for each in phase.slices]


def _comes_outside(phase: Phase, chosen: Sequence[Phase]) -> bool:
    """It was acquired after the last pass, or before a phase that is named pre-contrast and is no rival of it."""
    span, spans = _in_common_time(phase, chosen)
    if span and span[0] > spans[-1][1]:
        return True
    if not names_pre(chosen[0]) or (claims_a_role(phase) and phase.aside not in SILENT):
        return False
    return span[1] < spans[0][0] if span else phase.aside in SILENT
