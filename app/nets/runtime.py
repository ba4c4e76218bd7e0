"""Networks in memory: loaded once, run in batches, one batch at a time on the device."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nets.bundle import BundleError, Card, load
from nets.vgg import build_vgg19

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BATCH = 16
# Several exams at once share the processor better one batch after the other than all at the same time.
_lane = threading.Lock()


class DeviceMissing(Exception):
    """The device asked for is not there."""


class Network:
    """A VGG19 ready to run, with the card that says what it takes and means."""

    def __init__(self, card: Card, state: dict[str, torch.Tensor], precision: str = "float32", device: str = "cpu"):
        """Raises BundleError when the weights do not fit the card's topology."""
        self.card, self.dtype, self.device = card, PRECISIONS[precision], device
        model = build_vgg19(card.topology)
        try:
            model.load_state_dict(state, assign=True)
        except RuntimeError as error:
            raise BundleError(f"{card.name}: the weights do not fit the card's topology: {error}") from error
        self.model = model.eval().requires_grad_(False).to(device, self.dtype, memory_format=torch.channels_last)

    @torch.inference_mode()
    def logits(self, images: np.ndarray) -> np.ndarray:
        """Logits (N, outputs) float32 of ``images``, (N, channels, 128, 128) with values 0..255."""
        results = [np.empty((0, self.card.topology.outputs), np.float32)]
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH]))
            batch = batch.to(self.device, self.dtype, memory_format=torch.channels_last)
            with _lane:
                results.append(self.model(batch).float().cpu().numpy())
        return np.concatenate(results)


@dataclass(frozen=True)
class Networks:
    """The two networks that together read an exam."""

    single: Network
    scantype: Network

    def cards(self) -> tuple[Card, Card]:
        return self.single.card, self.scantype.card


def load_networks(folder: Path, precision: str = "float32", device: str = "cpu") -> Networks:
    """Both networks from ``folder``.

    Raises BundleError when one is missing or damaged, DeviceMissing when ``device`` is cuda and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceMissing("DEVICE is 'cuda', and no CUDA device is there")
    loaded = (Network(*load(folder, role), precision=precision, device=device) for role in ("single", "scantype"))
    return Networks(*loaded)
