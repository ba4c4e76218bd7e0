"""What an evaluation found, as the cards of the two networks tell it."""

from collections.abc import Sequence
from dataclasses import replace

from nets.bundle import Card

EVALUATION, PARITY = "evaluation", "parity"
SMALL = "below 10 mm"


def with_evaluation(cards: Sequence[Card], told: dict) -> list[Card]:
    """The cards of a pair of networks with the essentials of ``told``, what ``metrics.json`` holds."""
    pair = {card.role: card.weights_sha256 for card in cards}
    about = {name: told[name] for name in ("command", "commit", "precision", "device", "data", "counts", "left_out")}
    fused = _reader(told["readers"]["fused"])
    return [
        replace(
            card,
            figures=card.figures
            | {EVALUATION: about | _reader(told["readers"][card.role]) | {"fused": fused, "pair": pair}},
        )
        for card in cards
    ]


def _reader(figures: dict) -> dict:
    found = {
        "slice_auc": figures["slices"]["auc"],
        "slice_auc_below_10_mm": figures["by_lesion_size"][SMALL]["auc"],
        "by_cut": {
            name: {"slices": group["slices"], "auc": group["auc"]}
            for name, group in figures["by_cut"].items()
            if "auc" in group
        },
        "sensitivity": figures["slices"]["sensitivity"],
        "specificity": figures["slices"]["specificity"],
        "exam_auc": figures["exams"]["auc"],
        "exam_sensitivity": figures["exams"]["sensitivity"],
        "exam_specificity": figures["exams"]["specificity"],
    }
    if "calibration" in figures:
        found["expected_calibration_error"] = figures["calibration"]["expected_calibration_error"]
    return found
