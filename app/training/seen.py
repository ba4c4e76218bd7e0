"""What a network has seen, as its card tells it, and what it may be used for because of that."""

from collections.abc import Mapping, Sequence

from nets.bundle import Card
from nets.card_history import runs, saw_phantoms_only
from training.exam_set import TRAINING, VALIDATION
from training.initial import PUBLISHED

PHANTOMS_ONLY = (
    "Demonstration and research only. Trained on synthetic exams (phantoms) alone: it has never seen a patient, and "
    "its figures say nothing about patients."
)
PHOTOGRAPHS_TOO = PHANTOMS_ONLY.replace("synthetic exams (phantoms)", "photographs (ImageNet) and synthetic exams")
RESEARCH_ONLY = "Research only. No authority has cleared it, and its figures are of the exams that its card names."


def intended_use(made_by: Mapping) -> str:
    """What a network is for, by what it has seen."""
    if not saw_phantoms_only(made_by):
        return RESEARCH_ONLY
    return PHOTOGRAPHS_TOO if saw_photographs(made_by) else PHANTOMS_ONLY


def saw_photographs(made_by: Mapping) -> bool:
    """Whether a network, or one it started from, began with the weights that torchvision publishes."""
    *_, first = runs(made_by)
    return str(first.get("started_from")).startswith(PUBLISHED)


def seeds_seen(card: Card) -> list[range]:
    """Seeds of phantoms that the network learned from, or that its weights, scaling or threshold were chosen by.

    Of trainings and calibrations that did not tell theirs (older cards, other exams) there are none.
    """
    trained = [seeds for run in runs(card.made_by) for seeds in _seeds(run.get("data", {}), (TRAINING, VALIDATION))]
    calibrated = card.made_by.get("calibrated", {}).get("data", {})
    return trained + _seeds(calibrated, (calibrated.get("split"),))


def seen_before(cards: Sequence[Card], data: Mapping, split: str) -> list[str]:
    """Roles of ``cards`` that have seen a phantom of ``split`` of the set that ``data``, its summary, tells about.

    Figures of such exams would be too good.
    """
    asked = _seeds(data, (split,))
    return [card.role for card in cards if any(_meet(a, b) for a in asked for b in seeds_seen(card))]


def _seeds(data: Mapping, splits: Sequence[str]) -> list[range]:
    first = data.get("source", {}).get("first_seeds", {})
    return [range(first[split], first[split] + data["exams"][split]) for split in splits if split in first]


def _meet(a: range, b: range) -> bool:
    return max(a.start, b.start) < min(a.stop, b.stop)
