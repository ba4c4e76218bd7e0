"""Networks in memory: loaded once, run in batches on their device."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nets.bundle import SIZE, BundleError, Card, load
from nets.device import Device
from nets.packed import packed
from nets.vgg import build_vgg19, fold_pooling

# Called before each batch; it may raise to end the work.
Check = Callable[[], None]
# Called after each batch, with the number of slices in it.
Counter = Callable[[int], None]


def unchecked() -> None:
    """Nobody looks."""


def uncounted(_slices: int) -> None:
    """Nobody counts."""


class Network:
    """A VGG19 ready to run, with the card that says what it takes and means; ``model`` is the plain one, of which
    gradients can be taken."""

    def __init__(self, card: Card, state: dict[str, torch.Tensor], device: Device | None = None):
        """On ``device``, by default the processor in float32. Raises BundleError when the weights do not fit the card's
        topology."""
        self.card, self.device = card, device or Device()
        model = build_vgg19(card.topology)
        try:
            model.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise BundleError(f"{card.name}: the weights do not fit the card's topology: {error}") from error
        if card.topology.head == "classifier":
            model = fold_pooling(model, card.topology, SIZE)
        model = model.eval().requires_grad_(False).to(self.device.name, memory_format=torch.channels_last)
        self._exact = packed(model, self.device.name)
        self.model = model if self.device.dtype == torch.float32 else deepcopy(model).to(self.device.dtype)
        self._fast = self._exact if self.model is model else packed(self.model, self.device.name)

    @property
    def rounds(self) -> bool:
        """Whether ``logits`` are those of a lower precision than ``exact_logits``."""
        return self._fast is not self._exact

    def logits(self, images: np.ndarray, check: Check = unchecked, count: Counter = uncounted) -> np.ndarray:
        """Logits (N, outputs) float32 of ``images``, (N, channels, 128, 128) with values 0..255."""
        return self._in_batches(self._fast, images, check, count)

    def exact_logits(self, images: np.ndarray, check: Check = unchecked) -> np.ndarray:
        """As ``logits``, computed in float32 whatever the device's precision."""
        return self._in_batches(self._exact, images, check, uncounted)

    def _in_batches(self, model: torch.nn.Module, images: np.ndarray, check: Check, count: Counter) -> np.ndarray:
        results = [np.empty((0, self.card.topology.outputs), np.float32)]
        for start in range(0, len(images), self.device.batch):
            check()
            batch = images[start : start + self.device.batch]
            results.append(self.device.compute(lambda batch=batch: self._computed(model, batch)))
            count(len(batch))
        return np.concatenate(results)

    def warm(self) -> None:
        """Computes nothing useful once, so that the first exam does not pay for what is set up at first use."""
        images = np.zeros((self.device.batch, self.card.topology.channels, *SIZE), np.float32)
        self.logits(images)
        if self.rounds:
            self.exact_logits(images[:1])

    @torch.inference_mode()
    def _computed(self, model: torch.nn.Module, images: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(np.ascontiguousarray(images))
        batch = batch.to(self.device.name, next(model.parameters()).dtype, memory_format=torch.channels_last)
        return model(batch).float().cpu().numpy()


@dataclass(frozen=True)
class Networks:
    """The two networks that together read an exam."""

    single: Network
    scantype: Network

    def cards(self) -> tuple[Card, Card]:
        return self.single.card, self.scantype.card

    def warm(self) -> None:
        for network in (self.single, self.scantype):
            network.warm()


def load_networks(folder: Path, device: Device | None = None) -> Networks:
    """Both networks from ``folder`` on one ``device``, by default the processor in float32.

    Raises BundleError when one is missing or damaged.
    """
    device = device or Device()
    return Networks(*(Network(*load(folder, role), device=device) for role in ("single", "scantype")))
