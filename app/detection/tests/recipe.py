"""The original system's recipe, one slice at a time, in plain torch and torchvision: the oracle for the fast path.

It shares no code with the product: it reads DICOM with pydicom, resizes with torch, and builds the networks from
torchvision by hand.
"""

from pathlib import Path

import numpy as np
import pydicom
import torch
from torch import nn
from torchvision import models


def slice_by_recipe(file: Path) -> torch.Tensor:
    """(128, 128): stored values times 255 over their maximum, truncated to bytes, MONOCHROME1 inverted, resized."""
    dataset = pydicom.dcmread(file)
    stored = dataset.pixel_array.astype(float)
    scaled = (stored * 255 / stored.max() if stored.max() > 0 else stored).astype(np.uint8)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        scaled = 255 - scaled
    image = torch.from_numpy(scaled).float()[None, None]
    return nn.functional.interpolate(image, (128, 128), mode="bilinear", align_corners=False, antialias=False)[0, 0]


def single_network() -> nn.Module:
    network = models.vgg19(weights=None, init_weights=False)
    network.features[0] = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
    return network.eval()


class ScantypeNetwork(models.VGG):
    """torchvision's VGG19 with the ``conv1`` that the old state dict carries and nothing uses."""

    def __init__(self):
        super().__init__(models.vgg.make_layers(models.vgg.cfgs["E"]), init_weights=False)
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)


def pooled_network(channels: int) -> nn.Module:
    network = models.vgg19(weights=None, init_weights=False)
    if channels == 1:
        network.features[0] = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=True)
    network.avgpool = nn.AdaptiveMaxPool2d((1, 1))
    network.classifier = nn.Linear(512, 2)
    return network.eval()


def drawn(network: nn.Module, seed: int) -> nn.Module:
    """``network`` with random weights of a size that keeps its signal alive, drawn fast for 140 million of them: a
    million and three, again and again."""
    block = torch.from_numpy(np.random.default_rng(seed).standard_normal(1_000_003, dtype=np.float32))
    with torch.no_grad():
        for weight in network.parameters():
            fan_in = weight[0].numel() if weight.dim() > 1 else 10_000
            values = block.repeat(weight.numel() // len(block) + 1)[: weight.numel()]
            weight.copy_((values * (2 / fan_in) ** 0.5).reshape(weight.shape))
        network.features[0].weight /= 255  # what goes in is 0..255; what comes out shall be as small as when trained
    return network


@torch.inference_mode()
def logits_by_recipe(network: nn.Module, folders: list[Path], names: list[str]) -> np.ndarray:
    """(slices, outputs): each slice by itself, its channels from ``folders`` in order."""
    rows = [network(torch.stack([slice_by_recipe(folder / name) for folder in folders])[None]) for name in names]
    return torch.cat(rows).numpy()
