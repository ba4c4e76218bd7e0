"""What a pair of networks is worth on labelled exams, through the same functions as an upload."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from detection.analysis import Analysis, analyse_scantype, analyse_single
from detection.fusion import fused_scores
from detection.pipeline import SliceResult, answered, normalisation, normalisations
from imaging.errors import ScanError
from imaging.preprocessing import Normalisation
from nets.runtime import Network, Networks
from training.exam_set import Labelled
from training.figures import Cohort, Opinion, calibration, cohort_of, figures, overlaps
from training.kinetic_baseline import baseline
from training.labelled_exams import LabelledExam, OpenedExam
from training.sources.source import TruthError

ANALYSE = {"single": analyse_single, "scantype": analyse_scantype}
NETWORK_READERS = ("single", "scantype", "fused")
BASELINE = "kinetic baseline"
CHUNK = 64
Looked = TypeVar("Looked")


class NothingRead(Exception):
    """No exam could be read; the text says why."""


@dataclass(frozen=True)
class Evaluation:
    """What was read: ``exams`` in the order of ``cohort``; ``pairs`` has for each pair of networks what it says,
    ``single``, ``scantype`` and ``fused``; ``kinetic`` is the baseline's word; ``left_out`` counts the exams that could
    not be read by the code of their error."""

    exams: Sequence[LabelledExam]
    cohort: Cohort
    pairs: Sequence[dict[str, Opinion]]
    kinetic: Opinion
    left_out: dict[str, int]


def evaluate(exams: Sequence[LabelledExam], pairs: Sequence[Networks]) -> Evaluation:
    """Shows each exam to each pair of networks and to the baseline.

    Raises SetError when a network takes another normalisation than a set is prepared in, NothingRead.
    """

    def look(opened: OpenedExam) -> tuple:
        answers = [answered(opened.prepared(*normalisations(pair.cards())), pair) for pair in pairs]
        return opened.labels, opened.sizes, opened.cuts, answers, baseline(opened.brightness())

    left_out = Counter()
    read = list(looked_at(exams, look, left_out))
    if not read:
        raise NothingRead(f"none of {len(exams)} exams could be read: {dict(left_out)}")
    found, looks = zip(*read, strict=True)
    labels, sizes, cuts, answers, kinetic = zip(*looks, strict=True)
    cohort = cohort_of(labels, sizes, [exam.patient for exam in found], cuts)
    opinions = [_opinions(each, cohort) for each in zip(*answers, strict=True)]
    return Evaluation(found, cohort, opinions, _joined(kinetic), dict(left_out))


def looked_at(
    exams: Sequence[LabelledExam], look: Callable[[OpenedExam], Looked], left_out: Counter
) -> Iterator[tuple[LabelledExam, Looked]]:
    """Each exam that can be read, with what ``look`` sees in it; ``left_out`` counts the others by the code of their
    error, ``labels`` where the truth is wrong and ``file`` where a file cannot be read: names stay out of logs."""
    for exam in tqdm(exams, desc="exams", unit="exam"):
        try:
            with exam.open() as opened:
                seen = look(opened)
        except (ScanError, TruthError, OSError) as error:
            left_out[getattr(error, "code", "labels" if isinstance(error, TruthError) else "file")] += 1
        else:
            yield exam, seen


def _opinions(answers: Sequence[Sequence[SliceResult]], cohort: Cohort) -> dict[str, Opinion]:
    """The fused score is the highest threshold of the scantype network at which the rule says positive, the single
    network's word as it is; minus infinity where none is."""
    rows = [each for exam in answers for each in exam]

    def column(name: str) -> np.ndarray:
        return np.array([getattr(each, name) for each in rows])

    found = {
        role: Opinion(column(f"{role}_probability"), column(f"{role}_decision").astype(bool))
        for role in ("single", "scantype")
    }
    held = np.where(found["single"].decisions, np.inf, -np.inf)
    scores = fused_scores(held, found["scantype"].scores, cohort.exams)
    found["fused"] = Opinion(scores, column("fused").astype(bool))
    return found


def _joined(opinions: Sequence[Opinion]) -> Opinion:
    return Opinion(*(np.concatenate([getattr(each, name) for each in opinions]) for name in ("scores", "decisions")))


def report(evaluation: Evaluation, pair: dict[str, Opinion]) -> dict:
    """The figures of each reader: both networks, the fused answer and the baseline."""
    cohort = evaluation.cohort
    found = {name: figures(opinion, cohort) for name, opinion in (pair | {BASELINE: evaluation.kinetic}).items()}
    for role in ("single", "scantype"):
        found[role]["calibration"] = calibration(pair[role].scores[cohort.judged], cohort.slice_cases.labels)
    shared = overlaps(pair["fused"].decisions, cohort)
    found["fused"]["overlap"] = {"median": round(float(np.median(shared)), 2), "exams": shared}
    return found


def read(network: Network, slices: Labelled, prepared_by: Normalisation) -> Analysis:
    """The answer of one network to prepared slices, through the same functions as an upload; ``slices`` has
    ``channels`` as ``exam_set.Labelled`` has.

    Raises ValueError when the network wants its input scaled in another way than ``prepared_by``.
    """
    role = network.card.role
    if normalisation(network.card) != prepared_by:
        raise ValueError(f"{network.card.name} wants another normalisation than these slices have: {prepared_by}")
    images = slices.channels(role)
    chunks = [
        ANALYSE[role](images[start : start + CHUNK].astype(np.float32), network)
        for start in tqdm(range(0, len(images), CHUNK), desc=f"{network.card.name} reads", unit="batch")
    ]
    return Analysis(*(np.concatenate([getattr(each, name) for each in chunks]) for name in Analysis.__annotations__))
