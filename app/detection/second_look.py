"""The scantype network is asked again about slices of an exam that was read, of all that they show or of one breast."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from detection.analysis import Analysis, analyse_scantype
from detection.body import middle
from detection.heat import heat_of_scantype, in_slices
from imaging.kept_exam import KeptExam
from imaging.stack import Stack
from nets.bundle import SIZE
from nets.runtime import Networks

LEFT, RIGHT = "left", "right"


@dataclass(frozen=True)
class Sight:
    """What is shown of slice ``number``, from 1: all, or the patient's side of one ``breast`` alone, ``left`` or
    ``right``."""

    number: int
    breast: str | None = None


class Look(Protocol):
    """Answers about ``sights``, in their order. It may be asked of a breast alone where the field of view is known to
    hold both (``body.middle``)."""

    def heat(self, sights: Sequence[Sight]) -> np.ndarray:
        """(N, rows, columns) float32 in the geometry of the slices, as ``heat.in_slices`` has it."""

    def analysis(self, sights: Sequence[Sight]) -> Analysis:
        """What ``analyse_scantype`` says."""


@dataclass(frozen=True)
class SecondLook:
    """The ``Look`` of ``networks`` at the slices of ``exam``, as they were prepared for them."""

    exam: KeptExam
    networks: Networks

    def heat(self, sights: Sequence[Sight]) -> np.ndarray:
        stack = self.exam.stack
        return in_slices(heat_of_scantype(self._inputs(sights), self.networks), stack.rows, stack.columns)

    def analysis(self, sights: Sequence[Sight]) -> Analysis:
        return analyse_scantype(self._inputs(sights)[:, 1:], self.networks.scantype)

    def _inputs(self, sights: Sequence[Sight]) -> np.ndarray:
        return np.stack([self._shown(sight) for sight in sights])

    def _shown(self, sight: Sight) -> np.ndarray:
        inputs = self.exam.inputs(sight.number)
        return inputs if sight.breast is None else np.where(seen(self.exam.stack, sight), inputs, 0)


def seen(stack: Stack, sight: Sight) -> np.ndarray:
    """Which pixels of the prepared slice lie on the side of the breast, (128, 128) bool."""
    places = [
        (np.arange(n) + 0.5) * whole / n - 0.5 for n, whole in zip(SIZE, (stack.rows, stack.columns), strict=True)
    ]
    x = stack.patient_position(sight.number, *np.meshgrid(*places, indexing="ij"))[..., 0]
    return x > middle(stack) if sight.breast == LEFT else x < middle(stack)
