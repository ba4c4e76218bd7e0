"""What is in an exam, for whoever sent it: passes with their times, geometry, what is odd and what is left out."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np

from imaging.exam import FOLDERS, Exam
from imaging.pass_times import seconds_after_first
from imaging.passes import Ignored
from imaging.phases import Phase
from imaging.reading import Reading
from imaging.series import Series
from imaging.stack import CUTS, cut, nearest_axis

MOST_ALIKE = 100  # of what is listed for one reason
Thing = TypeVar("Thing")


def passport(reading: Reading | None, phases: Sequence[Phase], ignored: Sequence[Ignored]) -> dict:
    """An upload in words and numbers, ready for JSON: millimetres, seconds, no patient, no date.

    ``reading`` is its exam, None where none was found; ``phases`` everything that is in it.
    """
    return {
        "slice_count": None if reading is None else len(reading.exam.pre),
        "passes": [] if reading is None else _passes(reading.exam),
        "geometry": None if reading is None else _geometry(reading.exam.pre),
        "warnings": [] if reading is None else list(reading.warnings),
        "series": _series(phases),
        "ignored": _ignored(ignored),
        "ignored_count": len(ignored),
    }


def first_of_each(
    things: Sequence[Thing], reason: Callable[[Thing], Hashable]
) -> tuple[list[Thing], dict[Hashable, list[Thing]]]:
    """The first MOST_ALIKE of ``things`` for each ``reason``, in their order; and the others by reason."""
    alike = defaultdict(list)
    for each in things:
        alike[reason(each)].append(each)
    listed = {id(each) for those in alike.values() for each in those[:MOST_ALIKE]}
    others = {key: those[MOST_ALIKE:] for key, those in alike.items() if len(those) > MOST_ALIKE}
    return [each for each in things if id(each) in listed], others


def _series(phases: Sequence[Phase]) -> list[dict]:
    listed, others = first_of_each(phases, lambda each: each.reason)
    told = [{"label": each.label, "slice_count": len(each), "reason": each.reason} for each in listed]
    return told + [
        {"label": f"{len(those)} more", "slice_count": sum(map(len, those)), "reason": reason}
        for reason, those in others.items()
    ]


def _ignored(ignored: Sequence[Ignored]) -> list[dict]:
    listed, others = first_of_each(ignored, lambda each: each.reason.removeprefix(each.label).strip())
    told = [{"label": each.label, "reason": each.reason} for each in listed]
    return told + [{"label": f"{len(those)} more", "reason": reason} for reason, those in others.items()]


def _passes(exam: Exam) -> list[dict]:
    series = (exam.pre, *exam.passes)
    seconds = seconds_after_first(series) or (None,) * len(series)
    return [_pass(*each) for each in zip(FOLDERS, series, seconds, strict=True)]


def _pass(role: str, series: Series, seconds: float | None) -> dict:
    first, last = series.slices[0], series.slices[-1]
    return {
        "role": role,
        "series_number": first.series_number,
        "series_description": first.series_description,
        "seconds_after_pre": None if seconds is None else round(seconds, 1),
        "first_slice": first.label,
        "last_slice": last.label,
    }


def _geometry(series: Series) -> dict:
    first = series.slices[0]
    return {
        "rows": first.rows,
        "columns": first.columns,
        "pixel_spacing_mm": list(first.pixel_spacing) if first.pixel_spacing else None,
        "slice_spacing_mm": None if series.spacing is None else round(series.spacing, 3),
    } | _stack(series)


def _stack(series: Series) -> dict:
    """How the stack lies in the patient and in which direction its slices are numbered, where headers say."""
    first, last = series.slices[0], series.slices[-1]
    if None in (first.position, last.position):
        return {"orientation": None, "numbered_from": None}
    axis = nearest_axis(first.image_orientation)
    _, rising, falling = CUTS[axis]
    along = np.subtract(last.image_position, first.image_position)[axis]
    return {
        "orientation": cut(first.image_orientation),
        "numbered_from": None if along == 0 else rising if along > 0 else falling,
    }
