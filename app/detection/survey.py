"""What is in an upload and whether it would be accepted: every step of reading it, and no network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from detection.pipeline import normalisations, prepared
from imaging.archive import Limits
from imaging.errors import DamagedArchive, NotADicomImage, ScanError
from imaging.passes import Ignored
from imaging.phases import Phase, read_phases
from imaging.reading import Reading, any_layout, arranged, contents, judged, undecodable
from nets.bundle import Card


@dataclass(frozen=True)
class Survey:
    """``problems`` are the reasons for which the exam would be refused, one for each file to blame; none, and it would
    be accepted. ``reading`` is the exam as far as it was found, None where the passes are not clear. ``phases`` is
    every series there is, ``ignored`` what is no part of the exam; both are empty when the archive is refused.
    """

    problems: tuple[ScanError, ...]
    reading: Reading | None = None
    phases: tuple[Phase, ...] = ()
    ignored: tuple[Ignored, ...] = ()


def survey(
    archive: BinaryIO,
    workspace: Path,
    cards: tuple[Card, Card],
    limits: Limits,
    wanted: Mapping[str, str] | None = None,
) -> Survey:
    """Reads the zip ``archive`` as ``scan`` does with ``read_any_layout``; ``workspace`` is an empty folder for what
    cannot stay packed. The ``cards`` of the two networks say how slices are prepared.
    """
    try:
        found = contents(archive, workspace, limits, any_layout(wanted))
    except ScanError as error:
        return Survey((error,))
    base = Survey(found.refused, None, tuple(read_phases(found.every_slice())), found.ignored)
    if found.refused:
        return base
    try:
        reading = arranged(found, wanted)
    except ScanError as error:
        return replace(base, problems=(error,))
    return _judged(replace(base, reading=reading, ignored=reading.ignored), cards)


def _judged(found: Survey, cards: tuple[Card, Card]) -> Survey:
    try:
        reading = judged(found.reading)
        images = prepared(reading.exam, *normalisations(cards))
    except (NotADicomImage, DamagedArchive) as error:
        return replace(found, problems=tuple(undecodable(found.reading.exam)) or (error,))
    except ScanError as error:
        return replace(found, problems=(error,))
    return replace(found, reading=replace(reading, warnings=(*reading.warnings, *images.warnings)))
