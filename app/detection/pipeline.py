"""The straight line from an uploaded zip to the slices in which the networks see a tumour."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from detection.analysis import Analysis, analyse_scantype, analyse_single
from detection.findings import Finding, findings
from detection.fusion import average_results
from detection.meanwhile import meanwhile
from detection.results import SliceResult
from detection.second_look import SecondLook
from detection.sources import SliceSource, sources
from detection.watch import UNWATCHED, Watch
from imaging.archive import Limits
from imaging.exam import Exam
from imaging.kept_exam import KeptExam, exam_writer
from imaging.plausibility import check_dark
from imaging.preprocessing import Normalisation, Seen, process_scantype, process_single
from imaging.reading import Reading, read_four_folders
from nets.bundle import BundleError, Card
from nets.runtime import Networks

PICTURES = "pictures.zip"  # in the workspace: the pictures from which forms of the result are made


@dataclass(frozen=True)
class ScanResult:
    """What an exam's slices hold and where they come from, slice for slice; what the positive ones show; what was odd
    about the exam; and which networks said so."""

    slices: tuple[SliceResult, ...]
    sources: tuple[SliceSource, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    networks: tuple[Card, Card]

    @property
    def positive_slices(self) -> list[int]:
        """Numbers, from 1, of the slices in which a tumour is seen."""
        return [each.number for each in self.slices if each.fused]


@dataclass(frozen=True)
class Prepared:
    """What the networks take: ``single`` (N, 1, 128, 128) and ``scantype`` (N, 3, 128, 128), float32, 0..255."""

    single: np.ndarray
    scantype: np.ndarray
    warnings: tuple[str, ...]


Reader = Callable[[BinaryIO, Path, Limits], Reading]


def scan(
    archive: BinaryIO,
    workspace: Path,
    networks: Networks,
    limits: Limits,
    read: Reader = read_four_folders,
    watch: Watch = UNWATCHED,
) -> ScanResult:
    """Reads the exam in the zip ``archive``; ``workspace`` is an empty folder for what cannot stay packed. It holds the
    exam's pictures as PICTURES (``imaging.kept_exam``) afterwards.

    The single network computes while the passes are read. ``read`` says in which layouts exams are read
    (``imaging.reading``); ``watch`` is told how far the scan is and may end it. Raises a child of
    ``imaging.errors.ScanError`` when the exam cannot be read or judged, ArithmeticError when a network answers with a
    value that is not a number.
    """
    with watch.stage("reading"):
        reading = read(archive, workspace, limits)
    watch.check()
    watch.read(reading)
    by_single, by_scantype = normalisations(networks.cards())
    with exam_writer(workspace / PICTURES, reading.exam) as kept:
        with watch.stage("preparing"):
            pre, odd = _prepared_pre(reading.exam, by_single, kept.picture)
        with meanwhile(partial(analyse_single, pre, networks.single), watch) as single:
            with watch.stage("preparing"):
                passes, odd_too = _prepared_passes(reading.exam, by_scantype, kept.picture)
                kept.inputs(np.concatenate([pre, passes], axis=1))
            with watch.stage("networks"):
                scantype = analyse_scantype(passes, networks.scantype, watch)
                slices = _fused(single.result(), scantype)
    with watch.stage("findings"), KeptExam(workspace / PICTURES) as exam:
        found = findings(slices, exam, SecondLook(exam, networks))
    warnings = (*reading.warnings, *odd, *odd_too)
    return ScanResult(slices, sources(reading.exam), found, warnings, networks.cards())


def answered(images: Prepared, networks: Networks) -> tuple[SliceResult, ...]:
    """What ``scan`` says about each slice of the exam whose images were prepared before.

    Raises ArithmeticError when a network answers with a value that is not a number.
    """
    single = analyse_single(images.single, networks.single)
    return _fused(single, analyse_scantype(images.scantype, networks.scantype))


def _fused(single: Analysis, scantype: Analysis) -> tuple[SliceResult, ...]:
    fused = average_results(single.decisions, scantype.decisions)
    columns = (single.probabilities, single.decisions, scantype.probabilities, scantype.decisions, fused)
    return tuple(
        SliceResult(number, float(p1), int(d1), float(p3), int(d3), both)
        for number, (p1, d1, p3, d3, both) in enumerate(zip(*columns, strict=True), start=1)
    )


def prepared(exam: Exam, by_single: Normalisation, by_scantype: Normalisation) -> Prepared:
    """What the networks take of ``exam``, each scaled in its way, and warnings.

    Raises NotADicomImage when a slice cannot be decoded, DamagedArchive when its file turns out not to be whole,
    NoSignal when a series or a slice inside it is dark.
    """
    single, odd = _prepared_pre(exam, by_single)
    scantype, odd_too = _prepared_passes(exam, by_scantype)
    return Prepared(single, scantype, (*odd, *odd_too))


def _prepared_pre(
    exam: Exam, normalisation: Normalisation, seen: Seen | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    images = process_single(exam.pre, normalisation, seen)
    return images, check_dark([exam.pre], images)


def _prepared_passes(
    exam: Exam, normalisation: Normalisation, seen: Seen | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    images = process_scantype(*exam.passes, normalisation=normalisation, seen=seen)
    return images, check_dark(exam.passes, images)


def normalisations(cards: tuple[Card, Card]) -> tuple[Normalisation, Normalisation]:
    """How the two networks want their input scaled. Raises BundleError when a card says nothing that is known."""
    single, scantype = cards
    return normalisation(single), normalisation(scantype)


def normalisation(card: Card) -> Normalisation:
    """How the card's network wants its input scaled. Raises BundleError when the card says nothing that is known."""
    try:
        return Normalisation(**card.normalisation)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{card.name}: normalisation: {error}") from error
