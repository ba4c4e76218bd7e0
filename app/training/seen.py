"""Which phantom exams a network has seen, as its card tells it: figures of those would be too good."""

from collections.abc import Iterator, Mapping, Sequence

from nets.bundle import Card
from training.exam_set import TRAINING, VALIDATION


def seeds_seen(card: Card) -> list[range]:
    """Seeds of phantoms that the network learned from, or that its weights, scaling or threshold were chosen by.

    Of trainings and calibrations that did not tell theirs (older cards, other exams) there are none.
    """
    trained = [seeds for run in _runs(card.made_by) for seeds in _seeds(run.get("data", {}), (TRAINING, VALIDATION))]
    calibrated = card.made_by.get("calibrated", {}).get("data", {})
    return trained + _seeds(calibrated, (calibrated.get("split"),))


def seen_before(cards: Sequence[Card], data: Mapping, split: str) -> list[str]:
    """Roles of ``cards`` that have seen a seed of ``split`` of the set that ``data``, its summary, tells about."""
    asked = _seeds(data, (split,))
    return [card.role for card in cards if any(_meet(a, b) for a in asked for b in seeds_seen(card))]


def _runs(made_by: Mapping | str) -> Iterator[Mapping]:
    """Each training, the last one first; what the first of them started from is a text."""
    while isinstance(made_by, Mapping):
        yield made_by
        made_by = made_by.get("started_from", "")


def _seeds(data: Mapping, splits: Sequence[str]) -> list[range]:
    first = data.get("source", {}).get("first_seeds", {})
    return [range(first[split], first[split] + data["exams"][split]) for split in splits if split in first]


def _meet(a: range, b: range) -> bool:
    return max(a.start, b.start) < min(a.stop, b.stop)
