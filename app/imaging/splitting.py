"""A series with several slices at each place -> its time points."""

import itertools
import math
import statistics
from pathlib import PurePosixPath

import numpy as np

from imaging.clocks import ACQUIRED, CONTENT, TEMPORAL, TIMES, TRIGGER
from imaging.geometry import natural_key
from imaging.slice_file import SliceFile

SPLITTERS = (TEMPORAL, TRIGGER, ACQUIRED)  # and CONTENT where none of these varies
SAME_PLACE = 0.01  # mm between slices of one series that lie at the same place
# Slices of a phase may come later than others, but by the same in each phase, to this share of the time between phases.
DRIFT = 0.25
FIRST_NAMES = 4  # of places and of files in the text of a refusal
BY_FOLDER = "with each phase in a series or a folder of its own it can be read"
MOST_AT_ONE_HEIGHT = 64  # stacks beside each other; bounds the time that an absurd upload takes


def folder_of(image: SliceFile) -> str:
    """The folder in which the sender has the file; empty at the top."""
    parent = str(PurePosixPath(image.name).parent)
    return "" if parent == "." else parent


def at_places(series: list[SliceFile]) -> list[list[SliceFile]]:
    """The slices at each place, places in rising position along the normal."""
    places: list[list[SliceFile]] = []
    for each in sorted(series, key=lambda each: each.position):
        place = _near(each, places)
        if place is None:
            places.append([each])
        else:
            place.append(each)
    return places


def _near(image: SliceFile, places: list[list[SliceFile]]) -> list[SliceFile] | None:
    """The place at which ``image`` lies, of ``places`` in rising position; None when it is another."""
    for place in itertools.islice(reversed(places), MOST_AT_ONE_HEIGHT):
        if image.position - place[0].position > SAME_PLACE:
            return None
        if math.dist(image.image_position, place[0].image_position) <= SAME_PLACE:
            return place
    return None


def split(places: list[list[SliceFile]]) -> tuple[list[list[SliceFile]], str]:
    """The parts that hold each place once, in the order of what tells them apart, and why there are none."""
    counts = sorted({len(place) for place in places})
    if counts == [1]:
        return [[place[0] for place in places]], ""
    if len(counts) > 1:
        return [], _uneven(places)
    splits = [parts for kind in SPLITTERS if (parts := _by_time(places, kind))]
    # copies have their originals' times and a ContentTime of their own: alone it counts only where no other time varies
    if splits or not any(_varies(places, kind) for kind in SPLITTERS):
        splits += [parts for parts in [_by_time(places, CONTENT)] if parts]
    splits = splits or [parts for parts in [_by_folder(places)] if parts]
    if not splits:
        return [], f"holds {counts[0]} slices at each place, and no time tells them apart; {BY_FOLDER}"
    if any(_as_sets(parts) != _as_sets(splits[0]) for parts in splits):
        return [], f"holds {counts[0]} slices at each place, and its times part them in different ways; {BY_FOLDER}"
    return splits[0], ""


def _uneven(places: list[list[SliceFile]]) -> str:
    """At which places files are missing or too many, beside the usual number."""
    usual = statistics.mode(len(place) for place in places)
    odd = [place for place in places if len(place) != usual]
    told = [
        f"{len(place)} at {place[0].position:.1f} mm ({', '.join(each.label for each in place[:FIRST_NAMES])})"
        for place in odd[:FIRST_NAMES]
    ]
    more = f" and {len(odd) - len(told)} places more" if len(odd) > len(told) else ""
    return f"holds {usual} slices at {len(places) - len(odd)} of {len(places)} places, but {', '.join(told)}{more}"


def _varies(places: list[list[SliceFile]], kind: str) -> bool:
    return any(len({getattr(each, TIMES[kind]) for each in place}) > 1 for place in places)


def _by_time(places: list[list[SliceFile]], kind: str) -> list[list[SliceFile]]:
    """Part k holds the k-th slice in time of each place. Empty when the times do not part the slices cleanly."""
    if any(getattr(each, TIMES[kind]) is None for place in places for each in place):
        return []
    ranked = [sorted(place, key=lambda each: getattr(each, TIMES[kind])) for place in places]
    times = np.array([[getattr(each, TIMES[kind]) for each in place] for place in ranked], float)
    if not (times[:, :-1].max(axis=0) < times[:, 1:].min(axis=0)).all():
        return []
    # Where a place lacks a phase that another has, ranks would mix two phases: then the steps in time differ.
    steps = np.diff(times, axis=1)
    if np.ptp(steps, axis=0).max() > DRIFT * steps.min():
        return []
    return [list(part) for part in zip(*ranked, strict=True)]


def _by_folder(places: list[list[SliceFile]]) -> list[list[SliceFile]]:
    folders = sorted({folder_of(each) for place in places for each in place}, key=natural_key)
    if any(sorted((folder_of(each) for each in place), key=natural_key) != folders for place in places):
        return []
    return [[each for place in places for each in place if folder_of(each) == folder] for folder in folders]


def _as_sets(parts: list[list[SliceFile]]) -> set[frozenset[int]]:
    return {frozenset(id(each) for each in part) for part in parts}
