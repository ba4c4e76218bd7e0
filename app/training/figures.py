"""What answers are worth: figures of slices and of exams, each defined in docs/evaluation.md.

Arrays in, plain numbers out. What has no value, a sensitivity without positives, is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.bootstrap import auc, figure, ratio
from training.exam_set import LEFT_OUT, NEGATIVE, POSITIVE
from training.thresholds import kept_from, passed_from

SENSITIVITIES, SPECIFICITIES = (0.9, 0.95, 0.975), (0.9, 0.95)
#: name -> mm, from and below
LESION_SIZES = {"below 10 mm": (0, 10), "10 to 20 mm": (10, 20), "20 mm and more": (20, np.inf)}
#: name -> pixels of the prepared slice, from and below; at 340 mm for 128 pixels, 3 are a spot of about 5 mm
CUTS = {"below 3 pixels": (0, 3), "3 to 12 pixels": (3, 12), "12 pixels and more": (12, np.inf)}
BINS = 15


@dataclass(frozen=True)
class Opinion:
    """What one reader says: ``scores`` (N,), more of them is more suspicious, and ``decisions`` (N,) bool."""

    scores: np.ndarray
    decisions: np.ndarray

    def rows(self, which: np.ndarray) -> "Opinion":
        return Opinion(self.scores[which], self.decisions[which])


@dataclass(frozen=True)
class Cases:
    """Slices or exams to judge: ``labels`` (N,) bool, ``patients`` (N,) int, whose each is, of ``count`` patients."""

    labels: np.ndarray
    patients: np.ndarray
    count: int

    def rows(self, which: np.ndarray) -> "Cases":
        return Cases(self.labels[which], self.patients[which], self.count)


@dataclass(frozen=True)
class Cohort:
    """The truth of many exams, slices of an exam together and in order.

    ``labels`` (N,) and ``sizes`` (N,) as ``exam_set.Labelled`` has them; ``cuts`` (N,) as ``exam_set.cuts_of`` has
    them; ``exams`` (N,) int, from 0, which exam a slice is of; ``patients`` (exams,) int, from 0, whose an exam is.
    """

    labels: np.ndarray
    sizes: np.ndarray
    cuts: np.ndarray
    exams: np.ndarray
    patients: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """(N,) bool: slices that are positive or negative."""
        return self.labels != LEFT_OUT

    @property
    def judged_exams(self) -> np.ndarray:
        """(exams,) bool: exams that hold a positive slice, or nothing but negative ones."""
        return self.any_slice(self.labels == POSITIVE) | ~self.any_slice(~self.judged)

    @property
    def slice_cases(self) -> Cases:
        return Cases(self.labels == POSITIVE, self.patients[self.exams], self._count).rows(self.judged)

    @property
    def exam_cases(self) -> Cases:
        return Cases(self.any_slice(self.labels == POSITIVE), self.patients, self._count).rows(self.judged_exams)

    def by_exam(self, opinion: Opinion) -> Opinion:
        """An exam's score is the highest of its slices, those that are left out too; it is positive when one is."""
        scores = np.full(len(self.patients), -np.inf)
        np.maximum.at(scores, self.exams, opinion.scores)
        return Opinion(scores, self.any_slice(opinion.decisions))

    def any_slice(self, of: np.ndarray) -> np.ndarray:
        """(exams,) bool: exams with a slice in ``of`` (N,) bool."""
        return np.bincount(self.exams, of, len(self.patients)) > 0

    @property
    def _count(self) -> int:
        return int(self.patients.max()) + 1


def cohort_of(
    labels: Sequence[np.ndarray],
    sizes: Sequence[np.ndarray],
    patients: Sequence[str],
    cuts: Sequence[np.ndarray] | None = None,
) -> Cohort:
    """The truth of exams, an entry of each for every exam; the patients' names are not kept. Without ``cuts`` none is
    known."""
    exams = np.repeat(np.arange(len(labels)), [len(each) for each in labels])
    whose = np.unique(patients, return_inverse=True)[1]
    known = np.full(len(exams), np.nan) if cuts is None else np.concatenate(cuts)
    return Cohort(np.concatenate(labels), np.concatenate(sizes), known, exams, whose)


def figures(opinion: Opinion, cohort: Cohort) -> dict:
    """Of the slices, of the exams, by the size of the lesion and of its cut, and at chosen sensitivities and
    specificities."""
    slices = opinion.rows(cohort.judged)
    return {
        "slices": worth(slices, cohort.slice_cases),
        "exams": worth(cohort.by_exam(opinion).rows(cohort.judged_exams), cohort.exam_cases),
        "by_lesion_size": by_size(slices, cohort.slice_cases, cohort.sizes[cohort.judged], LESION_SIZES),
        "by_cut": by_size(slices, cohort.slice_cases, cohort.cuts[cohort.judged], CUTS),
        "operating_points": operating_points(slices.scores, cohort.slice_cases),
    }


def worth(opinion: Opinion, cases: Cases) -> dict:
    """AUC of the scores; sensitivity, specificity, PPV, NPV and accuracy of the decisions."""
    said, truth = opinion.decisions, cases.labels
    return {
        "auc": _auc(opinion.scores, cases),
        "sensitivity": _share(said, truth, cases),
        "specificity": _share(~said, ~truth, cases),
        "ppv": _share(truth, said, cases),
        "npv": _share(~truth, ~said, cases),
        "accuracy": _share(said == truth, np.ones(len(truth), bool), cases),
    }


def _auc(scores: np.ndarray, cases: Cases) -> dict:
    return figure(auc(scores, cases.labels, cases.patients, cases.count), cases.count)


def _share(part: np.ndarray, whole: np.ndarray, cases: Cases) -> dict:
    return figure(ratio(part, whole, cases.patients, cases.count), cases.count)


def by_size(opinion: Opinion, cases: Cases, sizes: np.ndarray, groups: Mapping[str, tuple[float, float]]) -> dict:
    """Sensitivity, and AUC against all negatives, of the positive slices whose ``sizes`` (N,) lie in each of
    ``groups``, from and below. Positives of unknown size are counted only."""
    found = {}
    for name, (least, below) in groups.items():
        of_size = cases.labels & (sizes >= least) & (sizes < below)
        which = of_size | ~cases.labels
        found[name] = {
            "slices": int(of_size.sum()),
            "auc": _auc(opinion.scores[which], cases.rows(which)),
            "sensitivity": _share(opinion.decisions, of_size, cases),
        }
    return found | {"unknown": {"slices": int((cases.labels & np.isnan(sizes)).sum())}}


def operating_points(scores: np.ndarray, cases: Cases) -> dict:
    """The specificity that is left where the threshold is as high as a sensitivity allows, and the sensitivity where it
    is as low as a specificity allows; intervals hold the threshold. None where no threshold gets there."""
    positive, negative = scores[cases.labels], scores[~cases.labels]
    if not (len(positive) and len(negative)):
        return {"at_sensitivity": [], "at_specificity": []}
    at_sensitivity = [(share, kept_from(positive, share)) for share in SENSITIVITIES]
    at_specificity = [(share, _next_above(scores, passed_from(negative, share))) for share in SPECIFICITIES]
    return {
        "at_sensitivity": [{"asked": share} | _point(scores, cases, at) for share, at in at_sensitivity],
        "at_specificity": [{"asked": share} | _point(scores, cases, at) for share, at in at_specificity],
    }


def _point(scores: np.ndarray, cases: Cases, threshold: float) -> dict:
    if not np.isfinite(threshold):
        return {"threshold": None, "sensitivity": None, "specificity": None}
    said, truth = scores >= threshold, cases.labels
    return {
        "threshold": threshold,
        "sensitivity": _share(said, truth, cases),
        "specificity": _share(~said, ~truth, cases),
    }


def _next_above(scores: np.ndarray, value: float) -> float:
    return float(min(scores[scores > value], default=np.inf))


def calibration(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    """Expected calibration error over BINS bins of equal width, and what is in each bin that is not empty.

    After Guo et al., ICML 2017, of the probability of tumour: the gap between its mean and the share of positives,
    averaged over bins with their slices as weights. None without slices.
    """
    at = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    counts = np.bincount(at, minlength=BINS)
    filled = counts > 0
    told, true = (np.bincount(at, of, BINS)[filled] / counts[filled] for of in (probabilities, labels))
    error = float((np.abs(told - true) * counts[filled]).sum() / len(labels)) if len(labels) else None
    columns = zip(counts[filled].tolist(), told.round(4).tolist(), true.round(4).tolist(), strict=True)
    bins = [{"slices": n, "mean_probability": p, "positive_share": q} for n, p, q in columns]
    return {"expected_calibration_error": None if error is None else round(error, 4), "bins": bins}


def overlaps(decisions: np.ndarray, cohort: Cohort) -> list[float]:
    """Intersection over union of the answer's and the truth's slices, an exam each; 1 when both are empty."""
    said, true = decisions & cohort.judged, cohort.labels == POSITIVE
    both, either = (np.bincount(cohort.exams, of, len(cohort.patients)) for of in (said & true, said | true))
    return np.where(either > 0, both / np.maximum(either, 1), 1.0).round(2).tolist()


def counts(cohort: Cohort) -> dict:
    """How much there is of everything."""
    return {
        "patients": len(np.unique(cohort.patients)),
        "exams": len(cohort.patients),
        "exams_judged": int(cohort.judged_exams.sum()),
        "exams_with_tumour": int(cohort.exam_cases.labels.sum()),
        "slices": len(cohort.labels),
        "positive_slices": int((cohort.labels == POSITIVE).sum()),
        "negative_slices": int((cohort.labels == NEGATIVE).sum()),
    }


def card_figures(opinion: Opinion, cohort: Cohort) -> dict:
    """What a network's card tells of one set of exams."""
    told = worth(opinion.rows(cohort.judged), cohort.slice_cases)
    amounts = {name: counts(cohort)[name] for name in ("exams", "slices", "positive_slices")}
    return amounts | {
        "slice_auc": told["auc"]["value"],
        "slice_auc_95": told["auc"]["interval_95"],
        "sensitivity": told["sensitivity"]["value"],
        "specificity": told["specificity"]["value"],
    }
