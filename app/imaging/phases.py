"""The slices of an upload in any layout -> phases: the slices of one time point of one series."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from imaging.descriptions import BARE_T1, UNSATURATED, Told, derived, is_saturated, no_pass, told
from imaging.exam import POSITION_TOLERANCE
from imaging.geometry import natural_key, same_orientation
from imaging.slice_file import SliceFile

ACQUIRED, TRIGGER, TEMPORAL, CONTENT = "AcquisitionTime", "TriggerTime", "TemporalPositionIdentifier", "ContentTime"
# How the times of DICOM are called in a SliceFile, the most trustworthy about the order of passes first.
TIMES = {ACQUIRED: "acquired", TRIGGER: "trigger_time", TEMPORAL: "temporal_position", CONTENT: "content"}
SPLITTERS = (TEMPORAL, TRIGGER, ACQUIRED, CONTENT)
SAME_PLACE = 0.01  # mm between slices of one series that lie at the same place
FEWEST_SLICES = 3
# Slices of a phase may come later than others, but by the same in each phase, to this share of the time between phases.
DRIFT = 0.25
SAME_ECHO = 0.1  # ms


@dataclass(frozen=True)
class Phase:
    """One time point of one series, its slices in rising position along the normal where every one has a position.

    ``number`` is its place from 1 among the ``of`` phases of its series. ``aside`` says in words why it is no pass of
    the exam, ``doubtful`` that it might be one all the same, ``final`` that its ImageType leaves no choice even to a
    person who names it. ``unsplit`` says that it holds several phases which nothing tells apart. ``own_folder``: no
    other phase has files in its folder.
    """

    slices: tuple[SliceFile, ...]
    number: int = 1
    of: int = 1
    aside: str = ""
    doubtful: bool = False
    unsplit: str = ""
    final: bool = False
    own_folder: bool = False

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def first(self) -> SliceFile:
        return self.slices[0]

    @property
    def label(self) -> str:
        """How its sender tells it from others. It can hold a folder's name: never for a log, never kept."""
        number, description = self.first.series_number, self.first.series_description
        named = ["series" if number is None else f"series {number}"]
        named[0] += f" '{description}'" if description else ""
        if self.of > 1:
            named.append(f"phase {self.number} of {self.of}")
        if folder := common_folder(self.slices):
            named.append(f"folder {folder}")
        return ", ".join(named)

    name = label

    @property
    def time(self) -> float | None:
        """When its acquisition began, in seconds since 1970 by the scanner's clock; None when a slice does not say."""
        span = self.span(ACQUIRED)
        return None if span is None else span[0]

    @property
    def told(self) -> Told:
        """What its description says; a number in the description of a series of several phases is none of a phase."""
        words = told(self.first.series_description)
        if self.of == 1:
            return words
        return replace(words, ordinal=None, pass_number=0 if words.pass_number == 0 else None)

    def span(self, kind: str) -> tuple[float, float] | None:
        """Smallest and largest value of the time ``kind``, a key of TIMES; None when a slice has none."""
        return span(self.slices, kind)

    def same_series(self, other: "Phase") -> bool:
        return _series_key(self.first) == _series_key(other.first)


def span(slices: Sequence[SliceFile], kind: str) -> tuple[float, float] | None:
    """Smallest and largest value of the time ``kind`` among ``slices``; None when a slice has none."""
    values = [getattr(each, TIMES[kind]) for each in slices]
    return None if None in values else (min(values), max(values))


def folder_of(image: SliceFile) -> str:
    parent = str(PurePosixPath(image.name).parent)
    return "" if parent == "." else parent


def common_folder(slices: Iterable[SliceFile]) -> str:
    """The folder in which all ``slices`` lie, as the sender names it; empty when there are several or none."""
    folders = {folder_of(each) for each in slices}
    return folders.pop() if len(folders) == 1 else ""


def same_geometry(one: Phase, other: Phase) -> bool:
    """Both show the same slices: size, spacing and frame of reference, and positions to POSITION_TOLERANCE."""
    if len(one) != len(other) or not similar(one, other):
        return False
    if one.first.frame_of_reference_uid != other.first.frame_of_reference_uid:
        return False
    places, others = ([each.image_position for each in phase.slices] for phase in (one, other))
    tolerance = POSITION_TOLERANCE * float(np.median(np.abs(np.diff([each.position for each in one.slices]))))
    return bool((np.linalg.norm(np.subtract(places, others), axis=1) <= tolerance).all())


def similar(one: Phase, other: Phase) -> bool:
    """Same rows, columns and pixel spacing, and parallel, as far as the headers say."""
    a, b = one.first, other.first
    if (a.rows, a.columns) != (b.rows, b.columns):
        return False
    if a.pixel_spacing and b.pixel_spacing and not np.allclose(a.pixel_spacing, b.pixel_spacing, rtol=1e-3):
        return False
    return not (a.image_orientation and b.image_orientation) or same_orientation(
        a.image_orientation, b.image_orientation
    )


def same_settings(one: Phase, other: Phase) -> bool:
    """Same ScanOptions, and EchoTime to SAME_ECHO where both say one."""
    return same_echo(one, other) and set(one.first.scan_options) == set(other.first.scan_options)


def same_echo(one: Phase, other: Phase) -> bool:
    """Same EchoTime to SAME_ECHO where both say one."""
    echoes = one.first.echo_time, other.first.echo_time
    return None in echoes or abs(echoes[0] - echoes[1]) <= SAME_ECHO


def read_phases(slices: Iterable[SliceFile]) -> list[Phase]:
    """The phases of all series among ``slices``, in an order that does not depend on theirs.

    A series is a SeriesInstanceUID, else a folder. One in which several slices lie at each place is split by the first
    of SPLITTERS, else by folder, that leaves every place once in each part. Nothing is raised: what is no pass carries
    the reason in ``aside``, what cannot be split in ``unsplit``.
    """
    slices = sorted(slices, key=_stable)
    groups = defaultdict(list)
    for each in slices:
        groups[_series_key(each), derived(each)].append(each)
    saturated = any(is_saturated(each) for (_, reason), group in groups.items() if not reason for each in group)
    phases = [
        phase
        for (_, reason), group in groups.items()
        for phase in _phases(group, reason or no_pass(group, saturated), bool(reason))
    ]
    return _with_folders(phases)


def _stable(image: SliceFile) -> tuple:
    return natural_key(image.name), image.frame or 0, image.sop_instance_uid, str(image.path)


def _series_key(image: SliceFile) -> tuple:
    if image.series_instance_uid:
        return (image.series_instance_uid,)
    return folder_of(image), image.series_number, image.series_description


def _with_folders(phases: list[Phase]) -> list[Phase]:
    users = defaultdict(int)
    for phase in phases:
        for folder in {folder_of(each) for each in phase.slices}:
            users[folder] += 1
    return [replace(each, own_folder=users.get(common_folder(each.slices)) == 1) for each in phases]


def _phases(series: list[SliceFile], aside: str, final: bool) -> list[Phase]:
    """The phases of one series."""
    whole = Phase(tuple(series), aside=aside, final=final)
    if any(each.position is None for each in series):
        return [whole if aside else replace(whole, aside="slices do not say where they lie", doubtful=True)]
    if not _parallel(series):
        return [whole if aside else replace(whole, aside="slices of different size or direction", doubtful=True)]
    places = _places(series)
    parts, unsplit = _split(places)
    if unsplit:
        return [replace(whole, unsplit=unsplit)]
    whole = _with_doubt(whole, places, len(parts))
    return [replace(whole, slices=tuple(part), number=k, of=len(parts)) for k, part in enumerate(parts, start=1)]


def _with_doubt(whole: Phase, places: list[list[SliceFile]], parts: int) -> Phase:
    """Silence alone makes no series certain to be no pass, and a series of several phases is dynamic."""
    if whole.aside == BARE_T1:
        return replace(whole, aside="" if parts > 1 else BARE_T1, doubtful=parts == 1)
    if whole.aside == UNSATURATED and not whole.first.scan_options:
        return replace(whole, doubtful=True)
    if not whole.aside and len(places) < FEWEST_SLICES:
        return replace(whole, aside=f"fewer than {FEWEST_SLICES} slices", doubtful=True)
    return whole


def _parallel(series: list[SliceFile]) -> bool:
    first = Phase((series[0],))
    return all(
        similar(first, Phase((each,))) and each.frame_of_reference_uid == series[0].frame_of_reference_uid
        for each in series
    )


def _places(series: list[SliceFile]) -> list[list[SliceFile]]:
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
    for place in reversed(places):
        if image.position - place[0].position > SAME_PLACE:
            return None
        if math.dist(image.image_position, place[0].image_position) <= SAME_PLACE:
            return place
    return None


def _split(places: list[list[SliceFile]]) -> tuple[list[list[SliceFile]], str]:
    """The parts that hold each place once, in the order of what tells them apart, and why there are none."""
    counts = sorted({len(place) for place in places})
    if counts == [1]:
        return [[place[0] for place in places]], ""
    if len(counts) > 1:
        return [], f"holds {counts[0]} slices at one place and {counts[-1]} at another"
    splits = [parts for kind in SPLITTERS if (parts := _split_by_time(places, kind))]
    splits = splits or [parts for parts in [_split_by_folder(places)] if parts]
    if not splits:
        return [], f"holds {counts[0]} slices at each place, and no time tells them apart"
    if any(_as_sets(parts) != _as_sets(splits[0]) for parts in splits):
        return [], f"holds {counts[0]} slices at each place, and its times part them in different ways"
    return splits[0], ""


def _split_by_time(places: list[list[SliceFile]], kind: str) -> list[list[SliceFile]]:
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


def _split_by_folder(places: list[list[SliceFile]]) -> list[list[SliceFile]]:
    folders = sorted({folder_of(each) for place in places for each in place}, key=natural_key)
    if any(sorted((folder_of(each) for each in place), key=natural_key) != folders for place in places):
        return []
    return [[each for place in places for each in place if folder_of(each) == folder] for folder in folders]


def _as_sets(parts: list[list[SliceFile]]) -> set[frozenset[int]]:
    return {frozenset(id(each) for each in part) for part in parts}
