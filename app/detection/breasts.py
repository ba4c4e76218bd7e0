"""Which slices of a run show something in the left breast and which in the right one.

Heat is relative to the strongest place of a slice, and a tumour in one breast hides a weaker one in the other. So the
network is shown one breast at a time, and says itself whether that alone is positive
(docs/decisions/0016-each-breast-alone.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detection.body import middle
from detection.results import SliceResult
from detection.second_look import LEFT, RIGHT, Look, Sight
from imaging.stack import Stack, nearest_axis

# A network is sure of a slice from this probability on: what it hardly calls positive has heat anywhere.
SURE = 0.8
# So many slices of a run, evenly chosen, are looked at in the breast that has less heat.
PROBED = 2
OTHER = {LEFT: RIGHT, RIGHT: LEFT}


@dataclass(frozen=True)
class Part:
    """Positive slices side by side that are one finding, by their ``numbers``: what all of them show, or what they show
    in one ``breast``; and the ``probabilities`` by the scantype network of just that."""

    numbers: tuple[int, ...]
    probabilities: tuple[float, ...]
    breast: str | None = None

    @property
    def best(self) -> int:
        """The slice with the highest probability."""
        return self.numbers[int(np.argmax(self.probabilities))]

    @property
    def sure(self) -> list[int]:
        return [number for number, each in zip(self.numbers, self.probabilities, strict=True) if each >= SURE]

    @property
    def looked_at(self) -> tuple[Sight, ...]:
        """The best slice, and the one furthest from it of those that are sure."""
        furthest = max(self.sure, key=lambda number: abs(number - self.best), default=self.best)
        return tuple(Sight(number, self.breast) for number in dict.fromkeys((self.best, furthest)))

    @property
    def probed(self) -> list[int]:
        """PROBED slices between the ends, which show little, or fewer."""
        places = np.linspace(0, len(self.numbers) - 1, PROBED + 2)[1:-1].round().astype(int)
        return [self.numbers[place] for place in dict.fromkeys(places.tolist())]


def whole(run: Sequence[SliceResult]) -> Part:
    return Part(tuple(each.number for each in run), tuple(each.scantype_probability for each in run))


def separable(stack: Stack) -> bool:
    """Whether slices show both breasts, and geometry tells which is which."""
    return middle(stack) is not None and nearest_axis(stack.image_orientation) != 0


def by_breast(runs: Mapping[Part, Sequence[str]], look: Look) -> list[Part]:
    """``runs`` in their order, those in two that surely show something in both breasts. To each the breasts with the
    most heat in the slices that were looked at, the best one first; none where that is not known: it stays whole."""
    suspected = {run for run, breasts in runs.items() if len(set(breasts)) > 1}
    asked = {run: OTHER[breasts[0]] for run, breasts in runs.items() if len(set(breasts)) == 1}
    probes = [(run, Sight(number, breast)) for run, breast in asked.items() for number in run.probed]
    positive = look.analysis([sight for _, sight in probes]).decisions if probes else ()
    suspected |= {run for (run, _), found in zip(probes, positive, strict=True) if found}
    return [part for run in runs for part in (_split(run, look) if run in suspected else [run])]


def _split(run: Part, look: Look) -> list[Part]:
    said = {breast: look.analysis([Sight(number, breast) for number in run.numbers]) for breast in OTHER}
    if min(each.probabilities[each.decisions > 0].max(initial=0) for each in said.values()) < SURE:
        return [run]
    shown = {breast: np.flatnonzero(each.decisions) for breast, each in said.items()}
    parts = []
    for breast, (first, last) in _spans(shown, len(run.numbers)).items():
        within = slice(first, last + 1)
        parts.append(Part(run.numbers[within], tuple(said[breast].probabilities[within].tolist()), breast))
    return sorted(parts, key=lambda part: part.numbers)


def _spans(shown: Mapping[str, np.ndarray], count: int) -> dict[str, tuple[int, int]]:
    """The first and the last place of each breast in a run of ``count``. Places that show nothing in either go with the
    nearest one that does."""
    mine = dict(shown)
    for place in range(count):
        far = {breast: int(np.abs(places - place).min()) for breast, places in shown.items()}
        nearest = min(far, key=far.get)
        if far[nearest]:
            mine[nearest] = np.append(mine[nearest], place)
    return {breast: (int(places.min()), int(places.max())) for breast, places in mine.items()}
