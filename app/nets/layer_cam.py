"""Where a network looked: the heat of each slice, on a layer that is fine enough to point.

What lies behind it is computed once more and back again to it, in the precision in which the network decides and
without gradients of weights; what lies before is computed forward only. Cells of a layer need not lie where a plain
enlargement puts them (a stride of 2 moves them by half a pixel of the input): heat is taken to pixels from where
kernels, strides and paddings put cells.

LayerCAM: Jiang et al., IEEE Trans Image Process 2021;30:5875. Gradient x activation: Shrikumar et al., arXiv
1605.01713. Grad-CAM: Selvaraju et al., ICCV 2017.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from nets.bundle import SIZE
from nets.gradients import activations_and_gradients
from nets.runtime import Check, Network, unchecked
from nets.vgg import BLOCKS

# activation and gradient, both (N, features, rows, columns), -> (N, rows, columns), at least 0
Formula = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def layer_cam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """What speaks for the positive class, cell by cell; what speaks against it is left out."""
    return (gradient.relu() * activation).sum(dim=1)


def gradient_x_activation(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """What speaks for the positive class less what speaks against it in the same cell."""
    return (gradient * activation).sum(dim=1).relu()


def grad_cam(activation: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Features weighted by their mean gradient over the slice."""
    return (gradient.mean(dim=(2, 3), keepdim=True) * activation).sum(dim=1).relu()


@dataclass(frozen=True)
class Method:
    """``blocks`` of the VGG19, counted from 1 and rising, whose last layers are looked at; with several the maps are
    multiplied, each scaled to a largest value of 1. ``formula`` makes a map of a layer."""

    blocks: tuple[int, ...]
    formula: Formula = layer_cam


# Chosen by figures (docs/decisions/0013-heat-is-of-two-layers.md).
METHOD = Method((2, 3), gradient_x_activation)


def heat(network: Network, images: np.ndarray, method: Method = METHOD, check: Check = unchecked) -> np.ndarray:
    """What in each of ``images``, (N, channels, 128, 128) with values 0..255, raised the positive class's logit:
    (N, 128, 128) float32, at least 0, in a unit of its own.

    ``check`` is called before each batch and may raise to end the work.
    """
    return heats(network, images, [method], check)[0]


def heats(
    network: Network, images: np.ndarray, methods: Sequence[Method], check: Check = unchecked
) -> Sequence[np.ndarray]:
    """As ``heat``, by several methods for little more than the cost of one."""
    found = [np.empty((len(methods), 0, *SIZE), np.float32)]
    for start in range(0, len(images), network.device.batch):
        check()
        batch = images[start : start + network.device.batch]
        found.append(network.device.compute(lambda batch=batch: _computed(network, batch, methods)))
    return np.concatenate(found, axis=1)


def last_layer(block: int) -> int:
    """Index in a VGG19's features of the last ReLU of ``block``, counted from 1."""
    return sum(2 * len(features) + 1 for features in BLOCKS[:block]) - 2


@dataclass(frozen=True)
class Cells:
    """A layer's cells along an axis: in pixels of the input the first lies at ``first``, the next ``step`` further.

    Pixels and cells count from 0, and their places are those of their centres.
    """

    first: float
    step: int

    def weights(self, count: int, pixels: int) -> np.ndarray:
        """(pixels, count) float32: how much each of ``count`` cells gives to each pixel by linear interpolation; beyond
        the outermost cells their own value goes on."""
        at = ((np.arange(pixels) - self.first) / self.step).clip(0, count - 1)
        return np.maximum(1 - np.abs(at[:, None] - np.arange(count)), 0).astype(np.float32)


def cells(layers: Sequence[nn.Module]) -> Cells:
    """Where the cells lie that ``layers`` give one after the other: convolutions, maximum poolings, and layers that
    move nothing."""
    first, step = 0.0, 1
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            kernel, stride, padding = (
                _along_an_axis(each) for each in (layer.kernel_size, layer.stride, layer.padding)
            )
            first += step * ((kernel - 1) / 2 - padding)
            step *= stride
    return Cells(first, step)


def _along_an_axis(size: int | tuple[int, int]) -> int:
    return size if isinstance(size, int) else size[0]


def _computed(network: Network, images: np.ndarray, methods: Sequence[Method]) -> np.ndarray:
    """(methods, N, 128, 128)."""
    model, blocks = network.model, sorted({block for method in methods for block in method.blocks})
    batch = torch.from_numpy(np.ascontiguousarray(images, np.float32))
    batch = batch.to(network.device.name, network.device.dtype, memory_format=torch.channels_last)
    ends = [last_layer(block) + 1 for block in blocks]
    places = [cells(model.features[:end]) for end in ends]
    layers = zip(*activations_and_gradients(model, batch, ends, network.card.positive_class), places, strict=True)
    seen = dict(zip(blocks, layers, strict=True))
    return np.stack([_map(method, [seen[block] for block in method.blocks]) for method in methods])


def _map(method: Method, layers: Sequence[tuple[torch.Tensor, torch.Tensor, Cells]]) -> np.ndarray:
    """(N, 128, 128), of each layer's activation, gradient and cells."""
    maps = [
        _in_pixels(method.formula(activation.float(), gradient.float()).cpu().numpy(), places)
        for activation, gradient, places in layers
    ]
    return maps[0] if len(maps) == 1 else np.prod([scaled(each) for each in maps], axis=0)


def _in_pixels(maps: np.ndarray, places: Cells) -> np.ndarray:
    """(N, rows, columns) of a layer -> (N, 128, 128)."""
    down, across = (places.weights(count, pixels) for count, pixels in zip(maps.shape[1:], SIZE, strict=True))
    return down @ maps @ across.T


def scaled(maps: np.ndarray) -> np.ndarray:
    """``maps`` (..., rows, columns), each divided by its largest value; one without a positive value stays 0."""
    largest = maps.max(axis=(-2, -1), keepdims=True)
    return np.divide(maps, largest, out=np.zeros_like(maps), where=largest > 0)
