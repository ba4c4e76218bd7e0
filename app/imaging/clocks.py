"""The clocks of a header: which there are, and when slices were taken by one of them."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from imaging.slice_file import SliceFile

ACQUIRED, TRIGGER, TEMPORAL, CONTENT = "AcquisitionTime", "TriggerTime", "TemporalPositionIdentifier", "ContentTime"
# How the times of DICOM are called in a SliceFile, the most trustworthy about the order of passes first.
TIMES = {ACQUIRED: "acquired", TRIGGER: "trigger_time", TEMPORAL: "temporal_position", CONTENT: "content"}
OF_A_DAY = (ACQUIRED, CONTENT)
DAY = 86_400.0  # seconds; a time from 0 to here has no date, one below 0 has a date before 1970

Span = tuple[float, float]


def span(slices: Sequence[SliceFile], kind: str) -> Span | None:
    """Smallest and largest value of the time ``kind``, a key of TIMES, among ``slices``; None when a slice has none."""
    values = [getattr(each, TIMES[kind]) for each in slices]
    return None if None in values else (min(values), max(values))


def on_one_clock(slices: Iterable[SliceFile]) -> list[SliceFile]:
    """``slices`` of one upload with times that can be compared.

    AcquisitionTime and ContentTime without a date (DICOM PS3.3 C.7.6.1, type 3) are silent beside others with one.
    Where none has a date and all lie in less than half a day across midnight, those after midnight are of the next day.
    """
    slices = list(slices)
    for kind in OF_A_DAY:
        slices = _comparable(slices, TIMES[kind])
    return slices


def _comparable(slices: list[SliceFile], field: str) -> list[SliceFile]:
    times = sorted({value for each in slices if (value := getattr(each, field)) is not None})
    if not any(0 <= time < DAY for time in times):
        return slices
    if times[0] < 0 or times[-1] >= DAY:
        return [replace(each, **{field: None}) if _is_dateless(each, field) else each for each in slices]
    midnight = next((later for one, later in itertools.pairwise(times) if later - one > DAY / 2), 0.0)
    return [
        replace(each, **{field: getattr(each, field) + DAY}) if _before(each, field, midnight) else each
        for each in slices
    ]


def _is_dateless(image: SliceFile, field: str) -> bool:
    return _before(image, field, DAY) and getattr(image, field) >= 0


def _before(image: SliceFile, field: str, moment: float) -> bool:
    value = getattr(image, field)
    return value is not None and value < moment
