"""What a network's layers compute, and the gradient of one output by them, without gradients of weights.

torch's own differentiation is not used: its threads, once started from a thread of a server, abort the process at its
end now and then (https://github.com/pytorch/pytorch/issues/38230). A VGG19 has six kinds of layers, and what each gives
back is one call.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input

# From the gradient by what a layer gives to that by what it takes.
Back = Callable[[Tensor], Tensor]


@torch.inference_mode()
def activations_and_gradients(
    model: nn.Module, images: Tensor, ends: Sequence[int], output: int
) -> tuple[list[Tensor], list[Tensor]]:
    """What a VGG19 gives after so many of its features as ``ends`` say, which rise, for ``images`` (N, channels, rows,
    columns), and the gradients there of the logit ``output``: (N, features, rows, columns) each.
    """
    value = model.features[: ends[0]](images)
    values, backs = {ends[0]: value}, []
    for number, layer in enumerate(_layers_after(model, ends[0]), start=ends[0] + 1):
        value, back = _forth(layer, value)
        backs.append(back)
        if number in ends:
            values[number] = value.clone()  # a ReLU may write over it
    gradient = torch.zeros_like(value)
    gradient[:, output] = 1
    gradients = {}
    for number in range(ends[0] + len(backs) - 1, ends[0] - 1, -1):
        gradient = backs[number - ends[0]](gradient)
        if number in ends:
            gradients[number] = gradient
    return [values[end] for end in ends], [gradients[end] for end in ends]


def _layers_after(model: nn.Module, end: int) -> Iterator[nn.Module]:
    head = model.classifier
    yield from model.features[end:]
    yield model.avgpool
    yield nn.Flatten(1)
    yield from head if isinstance(head, nn.Sequential) else [head]


def _forth(layer: nn.Module, taken: Tensor) -> tuple[Tensor, Back]:
    """What ``layer`` gives, and its way back. Raises TypeError for a layer that a VGG19 does not have."""
    shape = taken.shape
    if isinstance(layer, nn.Conv2d):
        return layer(taken), lambda by: conv2d_input(shape, layer.weight, by, layer.stride, layer.padding)
    if isinstance(layer, nn.Linear):
        return layer(taken), lambda by: by @ layer.weight
    if isinstance(layer, nn.ReLU):
        given = functional.relu(taken)
        return given, lambda by: by * (given > 0)
    if isinstance(layer, nn.MaxPool2d):
        given, places = functional.max_pool2d(taken, layer.kernel_size, layer.stride, return_indices=True)
        return given, lambda by: _put(by, places, shape)
    if isinstance(layer, nn.AdaptiveMaxPool2d):
        given, places = functional.adaptive_max_pool2d(taken, layer.output_size, return_indices=True)
        return given, lambda by: _put(by, places, shape)
    if isinstance(layer, nn.Flatten):
        return layer(taken), lambda by: by.reshape(shape)
    if isinstance(layer, nn.Identity | nn.Dropout):
        return taken, lambda by: by
    raise TypeError(f"{type(layer).__name__} is no layer of a VGG19")


def _put(by: Tensor, places: Tensor, shape: torch.Size) -> Tensor:
    """``by`` at ``places``, indices among the rows and columns of ``shape``, each there once; 0 elsewhere."""
    put = by.new_zeros(shape).flatten(2)
    return put.scatter_(2, places.flatten(2), by.flatten(2)).view(shape)
