"""Where to draw the line between positive and negative, on labelled slices that the figures are not measured on."""

import numpy as np
import torch
from torchmetrics.functional.classification import binary_precision_recall_curve

from detection.fusion import fused_scores
from training.exam_set import NEGATIVE, POSITIVE

# What the single network may miss of the positive slices where thresholds of a pair are chosen: below the least, its
# word would not count any more.
LEAST_MISSED, MOST_MISSED, CHOICES = 0.01, 0.5, 50
# Thresholds of a pair are rounded to this, upwards, so that a specificity that was reached stays reached.
STEP = 1e-6


class NoThresholds(ValueError):
    """No thresholds reach the specificity that is asked for; the text names it."""


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """The threshold whose positive slices overlap best with the truth (Dice, Ecology 1945;26:297).

    Unlike the sum of sensitivity and specificity it knows that most slices hold no tumour: a false alarm costs as much
    as a missed slice, however many slices could raise one.
    """
    target = torch.from_numpy(np.asarray(labels).astype(int))
    precision, sensitivity, thresholds = binary_precision_recall_curve(
        torch.from_numpy(np.ascontiguousarray(scores)), target
    )
    overlap = 2 * precision * sensitivity / (precision + sensitivity).clamp(min=1e-9)
    return round(float(thresholds[torch.argmax(overlap[:-1])].clamp(0.01, 0.99)), 4)


def threshold_at_sensitivity(scores: np.ndarray, labels: np.ndarray, sensitivity: float) -> float:
    """The highest threshold, in steps of 0.0001, at which at least this share of the positive slices is positive."""
    return float(np.floor(kept_from(scores[np.asarray(labels, bool)], sensitivity) * 1e4) / 1e4)


def kept_from(scores: np.ndarray, share: float) -> float:
    """The highest of ``scores`` from which on lie at least this share of them."""
    return float(np.sort(scores)[::-1][max(int(np.ceil(share * len(scores) - 1e-9)) - 1, 0)])


def passed_from(scores: np.ndarray, share: float) -> float:
    """The score above which a threshold must lie for at least this share of ``scores`` to stay below it."""
    allowed = int(np.floor((1 - share) * len(scores) + 1e-9))
    return float(np.sort(scores)[::-1][allowed]) if allowed < len(scores) else -np.inf


def pair_thresholds(
    single: np.ndarray, scantype: np.ndarray, labels: np.ndarray, exams: np.ndarray, specificity: float
) -> tuple[float, float]:
    """Thresholds of the single and the scantype network for the highest sensitivity of the fused decision, by the real
    rule, at a fused specificity of at least ``specificity``.

    ``single`` and ``scantype`` (N,) are probabilities, ``labels`` (N,) as ``exam_set`` has them: slices that are left
    out are neighbours and are not judged. ``exams`` (N,) is the index of each slice's exam. With the single network's
    threshold held, the scantype network's follows; so a grid over the first finds both. Raises ValueError when there
    are no positive or no negative slices, NoThresholds.
    """
    positive, negative = labels == POSITIVE, labels == NEGATIVE
    if not (positive.any() and negative.any()):
        raise ValueError("thresholds need positive and negative slices")
    missed = np.linspace(LEAST_MISSED, MOST_MISSED, CHOICES)
    found = []
    for held in {threshold_at_sensitivity(single, positive, 1 - share) for share in missed}:
        scores = fused_scores(np.where(single >= held, np.inf, -np.inf), scantype, exams)
        moved = max((np.floor(passed_from(scores[negative], specificity) / STEP) + 1) * STEP, 0.0)
        if moved <= 1:
            decisions = scores >= moved
            found.append((decisions[positive].mean(), (~decisions[negative]).mean(), held, round(moved, 6)))
    if not found:
        raise NoThresholds(f"no thresholds reach a specificity of {specificity}")
    return max(found)[2:]
