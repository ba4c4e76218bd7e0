"""The order of phases in time, and whether times agree with an order."""

import itertools
from collections.abc import Sequence

from imaging.clocks import ACQUIRED, CONTENT, TEMPORAL, TIMES, TRIGGER, Span, span
from imaging.errors import AmbiguousPasses, MissingPasses, MixedExams, PassesOutOfOrder
from imaging.phases import Phase
from imaging.series import Series
from imaging.wanted import HOW

# So far apart are phases at least by a clock that counts from the beginning of the exam: ms, numbers.
APART = {TRIGGER: 10_000, TEMPORAL: 1}
# An examination takes less than an hour; in one of the Duke cohort 23 minutes lie between pre and the first pass.
# Beyond the first of these steps curves mean something else, beyond the second passes are of two examinations.
LONG_STEP, LONGEST_STEP = 60 * 60, 4 * 60 * 60  # seconds
UNITS = {ACQUIRED: 1.0, TRIGGER: 1e-3, CONTENT: 1.0}  # seconds


def in_time(phases: Sequence[Phase], kinds: Sequence[str] = tuple(TIMES)) -> list[Phase] | None:
    """``phases`` in the order of their times; None when their times do not tell it.

    The first kind of TIMES in which phases differ orders them; those it leaves at one time are ordered by the next,
    but never by ContentTime.
    Raises AmbiguousPasses when the slices of two phases lie between each other in time, so that they may be mixed.
    """
    if len(phases) == 1:
        return list(phases)
    for place, kind in enumerate(kinds):
        spans = [each.span(kind) for each in phases]
        if None in spans:
            continue
        if any(_mixed(one, other, kind) for one, other in itertools.combinations(phases, 2)):
            _refuse_mixed(phases, kind)
            continue
        moments = sorted(set(spans))
        if len(moments) > 1:
            tied = [[each for each in phases if each.span(kind) == moment] for moment in moments]
            # a copy or a derived image has its original's times and a ContentTime of its own
            rest = [each for each in kinds[place + 1 :] if each != CONTENT]
            ordered = [in_time(each, rest) for each in tied]
            return None if None in ordered else list(itertools.chain(*ordered))
    return None


def _refuse_mixed(phases: Sequence[Phase], kind: str) -> None:
    if kind == TRIGGER:  # under gating it varies from slice to slice
        return
    for one, other in itertools.combinations(phases, 2):
        if _mixed(one, other, kind):
            told = f"{kind} of slices of {one.label} lies between that of slices of {other.label}"
            raise AmbiguousPasses(f"{told}: they may be mixed. {HOW}")


def _mixed(one: Phase | Series, other: Phase | Series, kind: str) -> bool:
    """Their times overlap, and are not the same from slice to slice as where one time stands for a whole series."""
    first, second = ([getattr(each, TIMES[kind]) for each in part.slices] for part in (one, other))
    overlap = min(first) <= max(second) and min(second) <= max(first)
    return overlap and second not in (first, first[::-1])


def check_agreement(ordered: Sequence[Phase]) -> list[str]:
    """Warnings about phases in an order that their ContentTime alone contradicts.

    Raises AmbiguousPasses when another time contradicts the order, MissingPasses when TemporalPositionIdentifier tells
    that a phase between them is not there.
    """
    odd, common = False, [kind for kind in APART if _counts_through(ordered, kind)]
    for one, other in itertools.combinations(ordered, 2):
        known = _rises(one, other, ACQUIRED)
        relative = [_rises(one, other, kind) for kind in APART if kind in common or one.same_series(other)]
        content = _rises(one, other, CONTENT)
        if known is False or False in relative or (known is None and content is False):
            raise AmbiguousPasses(
                f"The times of {one.label} and {other.label} contradict each other about their order."
            )
        odd |= content is False
    _check_gaps(ordered[:4])
    return ["ContentTime tells another order of the passes than AcquisitionTime, which decided."] if odd else []


def _counts_through(phases: Sequence[Phase], kind: str) -> bool:
    """``kind`` counts from one beginning for all, each a series of its own, and not from the beginning of each."""
    spans = [each.span(kind) for each in phases]
    if None in spans or any(each.of > 1 for each in phases):
        return False
    return all(later[0] - one[0] >= APART[kind] for one, later in itertools.pairwise(sorted(spans)))


def _rises(one: Phase, other: Phase, kind: str) -> bool | None:
    """``other`` comes after ``one``; None where this time does not tell."""
    first, second = one.span(kind), other.span(kind)
    if first is None or second is None or first == second or _mixed(one, other, kind):
        return None
    return first < second


def _check_gaps(passes: Sequence[Phase]) -> None:
    numbers = [each.span(TEMPORAL) for each in passes]
    whole = None not in numbers and len(set(numbers)) == len(numbers)
    for one, other in itertools.pairwise(passes):
        first, second = one.span(TEMPORAL), other.span(TEMPORAL)
        if (whole or one.same_series(other)) and first and second and second[0] > first[1] + 1:
            told = f"{TEMPORAL} goes from {first[1]:g} to {second[0]:g} between {one.label} and {other.label}"
            raise MissingPasses(f"{told}: a phase between them is not there.")
    if (whole or passes[0].same_series(passes[1])) and numbers[0] and numbers[0][0] > 1:
        told = f"{passes[0].label} begins with {TEMPORAL} {numbers[0][0]:g}"
        raise MissingPasses(f"{told}: the phases before it, and with them the pre-contrast series, are not there.")


def seconds_after_first(
    parts: Sequence[Phase | Series], kinds: Sequence[str] = tuple(UNITS)
) -> tuple[float, ...] | None:
    """When each of ``parts`` began, in seconds after the first; None when no clock of ``kinds`` tells all of them
    apart."""
    for kind in kinds:
        spans = [span(each.slices, kind) for each in parts]
        if None not in spans and len({each[0] for each in spans}) == len(spans):
            return tuple((each[0] - spans[0][0]) * UNITS[kind] for each in spans)
    return None


def check_times(*parts: Phase | Series) -> None:
    """``parts``, the pre-contrast series and the passes in order, do not contradict their times.

    The first kind of TIMES that all have and in which all differ is the last one looked at; equal times say nothing.
    Raises PassesOutOfOrder, naming times relative to the first (no dates: a date can identify a patient), when a time
    falls from one to the next or when slices of two parts were acquired between each other.
    """
    for kind in TIMES:
        spans = [span(each.slices, kind) for each in parts]
        if None in spans:
            continue
        if any(other[0] < one[0] for one, other in itertools.pairwise(spans)):
            raise PassesOutOfOrder(f"{kind} does not rise from pass to pass: {_named(parts, spans, kind)}.")
        # under gating TriggerTime varies from slice to slice
        if kind != TRIGGER and any(_mixed(one, other, kind) for one, other in itertools.combinations(parts, 2)):
            raise PassesOutOfOrder(
                f"Slices of two passes lie between each other by {kind}, so that they may be mixed: "
                f"{_named(parts, spans, kind)}."
            )
        if len({each[0] for each in spans}) == len(spans):
            return


def check_steps(*parts: Series) -> list[str]:
    """Warnings about ``parts``, the pre-contrast series and the passes in order, that follow each other late.

    Raises MixedExams where by their AcquisitionTime so much time lies between two that they are of two examinations;
    other times may be of a copy that was made later, and are told alone. Neither tells a date.
    """
    told = []
    for one, other in itertools.pairwise(parts):
        seconds = seconds_after_first((one, other))
        if seconds is None or seconds[1] <= LONG_STEP:
            continue
        late = f"{other.name} begins {seconds[1] / 60:.0f} minutes after {one.name}"
        if seconds[1] > LONGEST_STEP and seconds == seconds_after_first((one, other), (ACQUIRED,)):
            raise MixedExams(f"{late}: they are of two examinations.")
        told.append(f"{late}: enhancement and its curves are not those of a usual exam.")
    return told


def _named(parts: Sequence[Phase | Series], spans: Sequence[Span], kind: str) -> str:
    unit, start = UNITS.get(kind), spans[0][0]
    if unit is None:
        return "; ".join(f"{each.name} {first:g}" for each, (first, _) in zip(parts, spans, strict=True))
    return "; ".join(
        f"{each.name} {(first - start) * unit:+.0f} s" for each, (first, _) in zip(parts, spans, strict=True)
    )
