"""From a trained network to the bundle that is used: 8 bits, temperature, threshold, figures, pictures."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from detection.analysis import interpreted
from detection.known_answers import known_answer
from nets.bundle import Card, load_bundle, save_bundle
from nets.device import Device
from nets.runtime import Network
from training.calibration import scaled
from training.curves import draw_curves, join_metrics
from training.evaluate import read
from training.exam_set import TEST, VALIDATION, ExamSet
from training.figures import Cohort, Opinion, calibration, card_figures, cohort_of
from training.pictures import draw_network
from training.temperature import NoFit
from training.thresholds import best_threshold, threshold_at_sensitivity

# The rule needs both networks to agree somewhere, so the weaker one, which sees no contrast, shall seldom object.
SINGLE_SENSITIVITY = 0.95
# In the folder of a training's state: a folder for each time it started, and what they make together.
LOG, METRICS, ROUNDED = "log", "metrics.csv", "rounded"


def finish(card: Card, state: dict, exams: ExamSet, run: Path, out: Path, device: Device | None = None) -> Card:
    """Writes the bundle to ``out`` and pictures to ``run``; ``device`` reads the splits, by default the processor in
    float32.

    Temperature, shift and threshold are fitted to the validation split; figures are of that and of the test split where
    there is one, with the 8-bit network as it will be loaded. The card also tells the AUC of the float one.
    """
    join_metrics(run / LOG, run / METRICS)
    draw_curves(run / METRICS, run / "loss.png")
    # not in ``out``: what stands there is taken for a finished network
    save_bundle(run / ROUNDED, card, state)
    card, rounded = load_bundle(run / ROUNDED)
    shutil.rmtree(run / ROUNDED)
    validation = exams.split(VALIDATION)
    cohort, logits = _cohort(validation), _logits(card, rounded, validation, device)
    card = _fitted(card, logits, cohort)
    opinion, unrounded = _opinion(card, logits), _opinion(card, _logits(card, state, validation, device))
    told = _figures(opinion, cohort)
    told["slice_auc_before_rounding"] = _figures(unrounded, cohort)["slice_auc"]
    draw_network(card.role, opinion, cohort, run)
    figures = {VALIDATION: told}
    if any(exam.split == TEST for exam in exams.exams):
        test = exams.split(TEST)
        figures[TEST] = _figures(_opinion(card, _logits(card, rounded, test, device)), _cohort(test))
    answer = known_answer(Network(card, rounded))
    return save_bundle(out, replace(card, figures=figures, known_answer=answer), state)


def _fitted(card: Card, logits: np.ndarray, cohort: Cohort) -> Card:
    """Scaling and threshold for the judged slices; a network that ranks by chance keeps its own probabilities."""
    truth = cohort.slice_cases.labels
    try:
        card = scaled(card, logits[cohort.judged], truth)
    except NoFit as error:
        card = replace(card, made_by=card.made_by | {"not_calibrated": str(error)})
    scores = interpreted(logits, card).probabilities[cohort.judged]
    if card.role == "single":
        return replace(card, threshold=threshold_at_sensitivity(scores, truth, SINGLE_SENSITIVITY))
    return replace(card, threshold=best_threshold(scores, truth))


def _cohort(exams: ExamSet) -> Cohort:
    found = [exams.labelled(exam) for exam in exams.exams]
    return cohort_of([each.labels for each in found], [each.sizes for each in found], [e.patient for e in exams.exams])


def _logits(card: Card, state: dict, exams: ExamSet, device: Device | None) -> np.ndarray:
    return read(Network(card, state, device=device), exams.slices, exams.normalisation).logits


def _opinion(card: Card, logits: np.ndarray) -> Opinion:
    found = interpreted(logits, card)
    return Opinion(found.probabilities, found.decisions.astype(bool))


def _figures(opinion: Opinion, cohort: Cohort) -> dict:
    told = calibration(opinion.scores[cohort.judged], cohort.slice_cases.labels)
    return card_figures(opinion, cohort) | {"expected_calibration_error": told["expected_calibration_error"]}
