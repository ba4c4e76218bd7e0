"""The straight line from an uploaded zip to the slices in which the networks see a tumour."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from detection.analysis import analyse_scantype, analyse_single
from detection.fusion import average_results
from imaging.archive import Limits, extract
from imaging.exam import read_exam
from imaging.plausibility import check_plausible
from imaging.preprocessing import Normalisation, process_scantype, process_single
from nets.bundle import BundleError, Card
from nets.runtime import Networks


@dataclass(frozen=True)
class SliceResult:
    """One slice: ``number`` counts from 1 in reading order; probabilities are of tumour; decisions are 0 or 1."""

    number: int
    single_probability: float
    single_decision: int
    scantype_probability: float
    scantype_decision: int
    fused: int


@dataclass(frozen=True)
class ScanResult:
    """What an exam's slices hold, what was odd about it, and which networks said so."""

    slices: tuple[SliceResult, ...]
    warnings: tuple[str, ...]
    networks: tuple[Card, Card]

    @property
    def positive_slices(self) -> list[int]:
        """Numbers, from 1, of the slices in which a tumour is seen."""
        return [each.number for each in self.slices if each.fused]


def scan(archive: BinaryIO, workspace: Path, networks: Networks, limits: Limits) -> ScanResult:
    """Reads the exam in the zip ``archive``, unpacking it into the empty folder ``workspace``.

    Raises a child of ``imaging.errors.ScanError`` when the exam cannot be read, ArithmeticError when a network answers
    with a value that is not a number.
    """
    planned = extract(archive, workspace, limits)
    exam = read_exam(workspace)
    warnings = exam.warnings + check_plausible(exam) + _ignored(planned.ignored)
    single = analyse_single(process_single(exam.pre, normalisation(networks.single.card)), networks.single)
    scantype = analyse_scantype(
        process_scantype(*exam.passes, normalisation=normalisation(networks.scantype.card)), networks.scantype
    )
    fused = average_results(single.decisions, scantype.decisions)
    columns = (single.probabilities, single.decisions, scantype.probabilities, scantype.decisions, fused)
    slices = tuple(
        SliceResult(number, float(p1), int(d1), float(p3), int(d3), both)
        for number, (p1, d1, p3, d3, both) in enumerate(zip(*columns, strict=True), start=1)
    )
    return ScanResult(slices, warnings, networks.cards())


def normalisation(card: Card) -> Normalisation:
    """How the card's network wants its input scaled. Raises BundleError when the card says nothing that is known."""
    try:
        return Normalisation(**card.normalisation)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{card.name}: normalisation: {error}") from error


def _ignored(members: tuple[str, ...]) -> tuple[str, ...]:
    # a count and no names: names may hold a patient's name, and warnings are kept with the result
    return (f"Files outside the four folders, ignored: {len(members)}.",) if members else ()
