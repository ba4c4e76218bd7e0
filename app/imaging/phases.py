"""The slices of an upload in any layout -> phases: the slices of one time point of one series."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from imaging.clocks import Span, span
from imaging.descriptions import BARE_T1, UNSATURATED, Told, derived, is_saturated, no_pass, told
from imaging.exam import POSITION_TOLERANCE
from imaging.geometry import natural_key, same_orientation, same_spacing
from imaging.slice_file import SliceFile
from imaging.splitting import at_places, folder_of, split

FEWEST_SLICES = 3
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
    def reason(self) -> str:
        """Why it is no pass, or none that can be used; empty when it may be one."""
        return self.aside or self.unsplit

    @property
    def told(self) -> Told:
        """What its description says; a number in the description of a series of several phases is none of a phase."""
        words = told(self.first.series_description)
        if self.of == 1:
            return words
        return replace(words, ordinal=None, pass_number=0 if words.pass_number == 0 else None)

    def span(self, kind: str) -> Span | None:
        """Smallest and largest value of the time ``kind``, a key of TIMES; None when a slice has none."""
        return span(self.slices, kind)

    def same_series(self, other: "Phase") -> bool:
        return _series_key(self.first) == _series_key(other.first)


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
    return bool((np.linalg.norm(np.subtract(places, others), axis=1) <= place_tolerance(one.slices)).all())


def place_tolerance(slices: Sequence[SliceFile]) -> float:
    """mm by which two slices may lie apart that show the same: POSITION_TOLERANCE of the distance of ``slices``."""
    return POSITION_TOLERANCE * float(np.median(np.abs(np.diff([each.position for each in slices]))))


def similar(one: Phase, other: Phase) -> bool:
    """Same rows, columns and pixel spacing, and parallel, as far as the headers say."""
    a, b = one.first, other.first
    if (a.rows, a.columns) != (b.rows, b.columns):
        return False
    if a.pixel_spacing and b.pixel_spacing and not same_spacing(a.pixel_spacing, b.pixel_spacing):
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

    A series is a SeriesInstanceUID, else a folder, of one number and description. One in which several slices lie at
    each place is split by the first of SPLITTERS, else by folder, that leaves every place once in each part. Nothing is
    raised: what is no pass carries the reason in ``aside``, what cannot be split in ``unsplit``.
    """
    slices = sorted(slices, key=_stable)
    groups = defaultdict(list)
    for each in slices:
        groups[_series_key(each), derived(each)].append(each)
    saturated = any(
        is_saturated(each)
        for (_, kind), group in groups.items()
        if not kind and not no_pass(group, saturated=False)
        for each in group
    )
    phases = [
        phase
        for (_, kind), group in groups.items()
        for phase in _phases(group, kind or no_pass(group, saturated), final=bool(kind))
    ]
    return _with_folders(phases)


def _stable(image: SliceFile) -> tuple:
    return natural_key(image.name), image.frame or 0, image.sop_instance_uid


def _series_key(image: SliceFile) -> tuple:
    """What all images of a series share (DICOM PS3.3 C.7.3.1); one that says something else is not among them."""
    return image.series_instance_uid or folder_of(image), image.series_number, image.series_description


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
    places = at_places(series)
    parts, unsplit = split(places)
    if unsplit:
        return [replace(whole, unsplit=unsplit)]
    whole = _with_doubt(whole, places, len(parts))
    return [replace(whole, slices=tuple(part), number=k, of=len(parts)) for k, part in enumerate(parts, start=1)]


def _with_doubt(whole: Phase, places: list[list[SliceFile]], parts: int) -> Phase:
    """Silence alone makes no series certain to be no pass, and a series of several phases is dynamic."""
    if whole.aside == BARE_T1:
        return replace(whole, aside="" if parts > 1 else BARE_T1, doubtful=parts == 1)
    if whole.aside == UNSATURATED:
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
