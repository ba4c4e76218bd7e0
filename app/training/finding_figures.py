"""Whether a finding is of one breast, lies in its tumour and tells the tumour's curve: on phantom exams, whose truth is
known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detection.findings import Finding, positive_runs
from detection.kinetics import CurveType
from detection.results import SliceResult
from phantom.exam import Exam
from phantom.protocol import drawn_protocol
from phantom.tumours import Tumour
from training.bootstrap import figure, ratio

BREASTS = {1: "one breast", 2: "both breasts"}
KINDS = tuple(each.words for each in CurveType)


@dataclass(frozen=True)
class Run:
    """Positive slices side by side that hold tumour in so many ``breasts``, and so many ``findings`` made of them;
    ``right``: of each tumour's breast there is one whose peak lies in the tumour. ``exam`` counts from 0."""

    exam: int
    breasts: int
    findings: int
    right: bool


@dataclass(frozen=True)
class Curve:
    """The curve type of the ``tumour`` in which a finding's peak lies, and the one that was ``told``."""

    exam: int
    tumour: str
    told: str


# Whether the peak of a finding lies in tumour, or near enough.
Hits = Callable[[Finding], bool]


def exam_of_both_breasts(seed: int) -> Exam | None:
    """The exam of ``seed`` drawn with two tumours, where they lie in both breasts and share slices."""
    exam = Exam(seed, drawn_protocol(seed), tumours=2)
    one, other = exam.patient.tumours
    shared = set(slices_of(exam, one)) & set(slices_of(exam, other))
    return exam if in_left(one) != in_left(other) and shared else None


def in_left(tumour: Tumour) -> bool:
    return bool(tumour.foci[0].centre[0] > 0)  # x rises to the patient's left


def slices_of(exam: Exam, tumour: Tumour) -> list[int]:
    """From 1."""
    return [number for focus in tumour.foci for number in exam.lesion_slices(focus)]


def runs(place: int, exam: Exam, slices: Sequence[SliceResult], found: Sequence[Finding], hits: Hits) -> Iterator[Run]:
    """Those of ``slices``, the answer, that hold tumour; ``found`` are the findings made of it."""
    for run in positive_runs(slices):
        numbers = {each.number for each in run}
        breasts = {in_left(each) for each in exam.patient.tumours if numbers & set(slices_of(exam, each))}
        those = [each for each in found if each.first_slice in numbers]
        pointed = {each.peak.patient_position[0] > 0 for each in those if each.peak and hits(each)}
        if breasts:
            yield Run(place, len(breasts), len(those), breasts == pointed)


def curves(place: int, exam: Exam, found: Sequence[Finding], hits: Hits) -> Iterator[Curve]:
    for each in found:
        if each.peak and each.peak.curve_type and hits(each):
            yield Curve(place, _nearest(exam, each).kinetics, each.peak.curve_type)


def _nearest(exam: Exam, finding: Finding):
    """The tissue of the tumour whose nearest focus, from its edge, is nearest to the peak."""
    place = np.array(finding.peak.patient_position)

    def far(tumour: Tumour) -> float:
        return min(float(np.linalg.norm(place - each.centre)) - each.diameter / 2 for each in tumour.foci)

    tumours = exam.patient.tumours
    return exam.curves[min(range(len(tumours)), key=lambda index: far(tumours[index]))]


def separation(rows: Sequence[Run], count: int) -> dict:
    """By how many breasts hold tumour: how many runs there are, and the shares of them that are two findings and that
    are ``right``, with 95 % intervals by bootstrap over ``count`` exams."""
    told = {}
    for breasts, words in BREASTS.items():
        those = [row for row in rows if row.breasts == breasts]
        exams, all_of_them = np.array([row.exam for row in those], int), np.ones(len(those), bool)

        def share(part: list[bool], exams=exams, whole=all_of_them) -> dict:
            return figure(ratio(np.array(part, bool), whole, exams, count), count)

        told[words] = {
            "runs": len(those),
            "two_findings": share([row.findings == 2 for row in those]),
            "right": share([row.right for row in those]),
        }
    return told


def confusion(rows: Sequence[Curve]) -> dict[str, dict[str, int]]:
    """By the type of the tumour's curve: how often each type was told."""
    return {
        tumour: {told: sum((row.tumour, row.told) == (tumour, told) for row in rows) for told in KINDS}
        for tumour in KINDS[1:]
    }
