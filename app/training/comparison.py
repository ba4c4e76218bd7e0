"""Two pairs of networks on the same exams, slice by slice: what would change if one took the other's place."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.bootstrap import auc, figure
from training.evaluate import NETWORK_READERS
from training.figures import Cases, Cohort, Opinion
from training.labelled_exams import LabelledExam

Pair = dict[str, Opinion]


def compare(one: Pair, other: Pair, cohort: Cohort) -> dict:
    """How far the two agree on every slice and exam, and by how much the AUC of ``other`` is higher, with a paired
    interval: both are judged on the same draws of patients."""
    return {
        "probabilities": {role: _apart(one[role], other[role]) for role in ("single", "scantype")},
        "decisions_that_differ": {name: _differ(one[name], other[name]) for name in NETWORK_READERS},
        "exams_with_another_answer": {
            "other_slices": int(cohort.any_slice(one["fused"].decisions != other["fused"].decisions).sum()),
            "tumour_or_none": _differ(cohort.by_exam(one["fused"]), cohort.by_exam(other["fused"])),
        },
        "auc_difference": {name: _auc_differences(one[name], other[name], cohort) for name in NETWORK_READERS},
    }


def _apart(one: Opinion, other: Opinion) -> dict:
    apart = np.abs(one.scores - other.scores)
    return {"largest_difference": round(float(apart.max()), 4), "mean_difference": round(float(apart.mean()), 4)}


def _differ(one: Opinion, other: Opinion) -> int:
    return int((one.decisions != other.decisions).sum())


def _auc_differences(one: Opinion, other: Opinion, cohort: Cohort) -> dict:
    slices, exams = cohort.judged, cohort.judged_exams
    by_exam = [cohort.by_exam(opinion).scores[exams] for opinion in (one, other)]
    return {
        "slices": auc_difference(one.scores[slices], other.scores[slices], cohort.slice_cases),
        "exams": auc_difference(*by_exam, cohort.exam_cases),
    }


def auc_difference(one: np.ndarray, other: np.ndarray, cases: Cases) -> dict:
    """AUC of ``other`` less that of ``one``, with its interval."""
    first, second = (auc(scores, cases.labels, cases.patients, cases.count) for scores in (one, other))
    return figure(lambda counts: second(counts) - first(counts), cases.count)


def write_differences(file: Path, exams: Sequence[LabelledExam], one: Pair, other: Pair, cohort: Cohort) -> None:
    """A row a slice: exam, number from 1, label, and what A and B say."""
    columns = [
        (f"{name}_{what}_{which}", getattr(pair[name], attribute))
        for name in NETWORK_READERS
        for what, attribute in (("probability", "scores"), ("decision", "decisions"))
        for which, pair in (("a", one), ("b", other))
        if (name, what) != ("fused", "probability")
    ]
    with file.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["exam", "slice", "label", *(title for title, _ in columns)])
        for row, (exam, number) in enumerate(slice_numbers(cohort)):
            rows.writerow([exams[exam].name, number, cohort.labels[row], *(_cell(of[row]) for _, of in columns)])


def slice_numbers(cohort: Cohort) -> list[tuple[int, int]]:
    """For each slice the index of its exam, from 0, and its number in it, from 1."""
    firsts = np.searchsorted(cohort.exams, cohort.exams)
    return [
        (int(exam), row - int(first) + 1) for row, (exam, first) in enumerate(zip(cohort.exams, firsts, strict=True))
    ]


def _cell(value: float | bool) -> float | int:
    return int(value) if isinstance(value, np.bool_) else round(float(value), 6)
