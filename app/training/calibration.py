"""Networks fitted to a site: the same weights, scaled and with thresholds by the site's own labelled exams."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detection.analysis import analyse_scantype, analyse_single, interpreted
from detection.fusion import fused_scores
from detection.pipeline import normalisations
from nets.bundle import Card
from nets.runtime import Networks
from training.evaluate import looked_at
from training.exam_set import TEST, VALIDATION
from training.figures import Cohort, Opinion, calibration, cohort_of, counts, worth
from training.labelled_exams import LabelledExam, OpenedExam
from training.temperature import NoFit, fitted_scaling
from training.thresholds import pair_thresholds

# With fewer, a specificity of 95 % and a sensitivity rest on a handful of slices of a handful of people.
LEAST = {"patients": 10, "positive_slices": 50, "negative_slices": 200}
MARK = "+site."
CALIBRATION_SET = "calibration_set"
# figures in a card that neither temperature nor threshold moves
RANKING = ("slice_auc", "slice_auc_95", "slice_auc_before_rounding")
NOT_INDEPENDENT = "Measured on the exams that temperature and thresholds were fitted on: not independent, too good."


class TooFew(Exception):
    """There are too few labelled exams to fit anything; the text says how many there are and are needed."""


@dataclass(frozen=True)
class Logits:
    """What both networks answer, (N, outputs) each, and the truth; ``left_out`` as ``evaluate.Evaluation`` has it."""

    cohort: Cohort
    by_role: dict[str, np.ndarray]
    left_out: dict[str, int]


def read_logits(exams: Sequence[LabelledExam], networks: Networks) -> Logits:
    """Shows each exam to both networks. Raises SetError for another normalisation, TooFew."""

    def look(opened: OpenedExam) -> tuple:
        images = opened.prepared(*normalisations(networks.cards()))
        single = analyse_single(images.single, networks.single)
        return opened.labels, opened.sizes, single.logits, analyse_scantype(images.scantype, networks.scantype).logits

    left_out = Counter()
    read = list(looked_at(exams, look, left_out))
    if not read:
        raise TooFew(f"none of {len(exams)} exams could be read: {dict(left_out)}")
    labels, sizes, single, scantype = zip(*(seen for _, seen in read), strict=True)
    cohort = cohort_of(labels, sizes, [exam.patient for exam, _ in read])
    _check_enough(cohort)
    return Logits(cohort, {"single": np.concatenate(single), "scantype": np.concatenate(scantype)}, dict(left_out))


def _check_enough(cohort: Cohort) -> None:
    there = counts(cohort)
    for what, least in LEAST.items():
        if there[what] < least:
            raise TooFew(
                f"{there[what]} {what.replace('_', ' ')} are too few to calibrate on; at least {least} are needed"
            )


def calibrated(cards: Sequence[Card], logits: Logits, specificity: float, made: dict) -> list[Card]:
    """New cards of the single and the scantype network: temperature and shift, thresholds, and how they came about.

    ``made`` says how, and is kept with what the exams were. Raises NoFit, NoThresholds.
    """
    cohort = logits.cohort
    warmed = [scaled(card, logits.by_role[card.role][cohort.judged], cohort.slice_cases.labels) for card in cards]
    probabilities = [interpreted(logits.by_role[card.role], card).probabilities for card in warmed]
    found = pair_thresholds(*probabilities, cohort.labels, cohort.exams, specificity)
    fitted = [replace(card, threshold=threshold) for card, threshold in zip(warmed, found, strict=True)]
    about = made | {"specificity_asked": specificity} | counts(cohort) | {"left_out": logits.left_out}
    told = {"note": NOT_INDEPENDENT, "before": figures_of(cards, logits), "after": figures_of(fitted, logits)}
    return [
        replace(
            card,
            version=site_version(card),
            made_by=card.made_by | {"calibrated": about},
            figures=_still_true(card.figures) | {CALIBRATION_SET: told},
        )
        for card in fitted
    ]


def _still_true(figures: dict) -> dict:
    """What ``figures`` say of any temperature and threshold: how the network ranks. An evaluation tells the rest."""
    return {
        split: {name: told[name] for name in ("exams", "slices", "positive_slices", *RANKING) if name in told}
        for split, told in figures.items()
        if split in (VALIDATION, TEST)
    }


def scaled(card: Card, logits: np.ndarray, labels: np.ndarray) -> Card:
    """``card`` with the temperature and shift that fit the judged slices. Raises NoFit."""
    try:
        temperature, shift = fitted_scaling(logits, labels, card.positive_class)
    except NoFit as error:
        raise NoFit(f"{card.role}: {error}") from error
    return replace(card, temperature=temperature, shift=shift)


def site_version(card: Card) -> str:
    """The version of a calibrated ``card``: 0.1.0 becomes 0.1.0+site.5f3a91c2, another one for each other fit."""
    base, _, _ = card.version.partition(MARK)
    fit = hashlib.sha256(repr((card.temperature, card.shift, card.threshold)).encode()).hexdigest()
    return f"{base}{MARK}{fit[:8]}"


def figures_of(cards: Sequence[Card], logits: Logits) -> dict:
    """Sensitivity and specificity of each network's decisions and of the fused ones; each network's calibration error.

    ``cards`` are those of the single and the scantype network.
    """
    cohort = logits.cohort
    single, scantype = (interpreted(logits.by_role[card.role], card) for card in cards)
    found = {}
    for role, each in (("single", single), ("scantype", scantype)):
        error = calibration(each.probabilities[cohort.judged], cohort.slice_cases.labels)["expected_calibration_error"]
        found[role] = _rates(each.decisions == 1, cohort) | {"expected_calibration_error": error}
    # a decision is a score of 0 or 1, and the rule says positive where the fused score reaches 1
    return found | {"fused": _rates(fused_scores(single.decisions, scantype.decisions, cohort.exams) == 1, cohort)}


def _rates(decisions: np.ndarray, cohort: Cohort) -> dict:
    told = worth(Opinion(decisions, decisions).rows(cohort.judged), cohort.slice_cases)
    return {name: told[name] for name in ("sensitivity", "specificity")}
