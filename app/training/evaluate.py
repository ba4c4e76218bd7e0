"""What a network is worth on exams it has not seen."""

import numpy as np
import torch
from torchmetrics.functional.classification import binary_auroc, binary_precision_recall_curve
from tqdm import tqdm

from detection.analysis import analyse_scantype, analyse_single
from detection.fusion import average_results
from detection.pipeline import normalisation
from nets.runtime import Network, Networks
from training.phantoms import EXAM_SCALE, PhantomSet

ANALYSE = {"single": analyse_single, "scantype": analyse_scantype}
RESAMPLES = 1000
CHUNK = 64


def read(network: Network, phantoms: PhantomSet) -> tuple[np.ndarray, np.ndarray]:
    """Probability of tumour (N,) and decision (N,) bool for each slice, through the same functions as an upload.

    Raises ValueError when the network wants its input scaled in another way than the set is.
    """
    role = network.card.role
    if normalisation(network.card) != EXAM_SCALE:
        raise ValueError(f"{network.card.name} wants another normalisation than phantom sets have: {EXAM_SCALE}")
    images = phantoms.channels(role)
    chunks = [
        ANALYSE[role](images[start : start + CHUNK].astype(np.float32), network)
        for start in tqdm(range(0, len(images), CHUNK), desc=f"{network.card.name} reads", unit="batch")
    ]
    probabilities, decisions = ([getattr(each, name) for each in chunks] for name in ("probabilities", "decisions"))
    return np.concatenate(probabilities), np.concatenate(decisions).astype(bool)


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    """The threshold whose positive slices overlap best with the truth (Dice, Ecology 1945;26:297).

    Unlike the sum of sensitivity and specificity it knows that most slices hold no tumour: a false alarm costs as much
    as a missed slice, however many slices could raise one.
    """
    precision, sensitivity, thresholds = binary_precision_recall_curve(*_tensors(scores, labels))
    overlap = 2 * precision * sensitivity / (precision + sensitivity).clamp(min=1e-9)
    return round(float(thresholds[torch.argmax(overlap[:-1])].clamp(0.01, 0.99)), 4)


def threshold_at_sensitivity(scores: np.ndarray, labels: np.ndarray, sensitivity: float) -> float:
    """The highest threshold at which at least this share of the positive slices is positive."""
    return float(np.floor(np.quantile(scores[labels], 1 - sensitivity, method="lower") * 1e4) / 1e4)


def slice_figures(scores: np.ndarray, positive: np.ndarray, phantoms: PhantomSet) -> dict:
    """Slice AUC of ``scores`` with its 95 % interval bootstrapped over exams; sensitivity and specificity of the
    decisions ``positive``, (N,) bool."""
    labels = np.asarray(phantoms.labels)
    return {
        "exams": len(np.unique(phantoms.exams)),
        "slices": len(labels),
        "positive_slices": int(labels.sum()),
        "slice_auc": round(_auc(scores, labels), 4),
        "slice_auc_95": [round(edge, 4) for edge in _interval(scores, labels, np.asarray(phantoms.exams))],
        "sensitivity": round(float(positive[labels].mean()), 4),
        "specificity": round(float((~positive[~labels]).mean()), 4),
    }


def _auc(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(binary_auroc(*_tensors(scores, labels)))


def _interval(scores: np.ndarray, labels: np.ndarray, exams: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    rows = [np.flatnonzero(exams == exam) for exam in np.unique(exams)]
    values = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        if 0 < labels[drawn].sum() < len(drawn):
            values.append(_auc(scores[drawn], labels[drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _tensors(scores: np.ndarray, labels: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.ascontiguousarray(scores)), torch.from_numpy(labels.astype(int))


def fused_figures(networks: Networks, phantoms: PhantomSet) -> dict[str, dict]:
    """Figures of the single network, the scantype network and the fused decision on the same exams.

    ``overlaps``: intersection over union of the answer's and the truth's slices, an exam each; 1 when both are empty.
    """
    labels, exams = np.asarray(phantoms.labels), np.asarray(phantoms.exams)
    answers = {network.card.role: read(network, phantoms) for network in (networks.single, networks.scantype)}
    decisions = [answers[role][1].astype(int) for role in ("single", "scantype")]
    fused, overlaps = np.zeros(len(labels), bool), []
    for exam in np.unique(exams):
        rows = exams == exam
        fused[rows] = average_results(decisions[0][rows], decisions[1][rows])
        either = (fused[rows] | labels[rows]).sum()
        overlaps.append(round(float((fused[rows] & labels[rows]).sum() / either), 2) if either else 1.0)
    figures = {role: slice_figures(*answer, phantoms) for role, answer in answers.items()}
    figures["fused"] = {
        "sensitivity": round(float(fused[labels].mean()), 4),
        "specificity": round(float((~fused[~labels]).mean()), 4),
        "median_overlap": round(float(np.median(overlaps)), 2),
        "overlaps": overlaps,
    }
    return figures
