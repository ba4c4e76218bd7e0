"""The topology of the networks: VGG19 with another first convolution and another head.

Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015, column E.
Layers have the names and places of torchvision's ``vgg19`` and ``vgg19_bn``, so that its state dicts fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

HEADS = ("pooled", "classifier")
# Column E: features of the convolutions between one maximum pooling and the next.
BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
POOLED_TO = 7  # rows and columns that the classifier takes


@dataclass(frozen=True)
class FirstConvolution:
    kernel: int
    stride: int
    padding: int
    bias: bool

    def __post_init__(self):
        if not all(type(each) is int for each in (self.kernel, self.stride, self.padding)):
            raise ValueError(f"the first convolution's kernel, stride and padding are whole numbers, not {self}")


TORCHVISION_FIRST = FirstConvolution(kernel=3, stride=1, padding=1, bias=True)


@dataclass(frozen=True)
class Topology:
    """What distinguishes one VGG19 from another.

    ``head`` is ``pooled`` (the largest value of each feature over the slice, and one linear layer) or ``classifier``
    (the paper's three linear layers over 7 x 7 x 512).
    """

    channels: int
    first_convolution: FirstConvolution
    head: str
    outputs: int

    def __post_init__(self):
        if self.head not in HEADS:
            raise ValueError(f"head is {self.head!r}, not one of {', '.join(HEADS)}")


class VGG19(nn.Module):
    """Takes (N, channels, rows, columns) and gives logits (N, outputs)."""

    def __init__(self, topology: Topology, batch_norm: bool = False):
        super().__init__()
        self.features = nn.Sequential(*_features(topology.channels, batch_norm))
        self.features[0] = _first(topology)
        last = BLOCKS[-1][-1]
        if topology.head == "pooled":
            self.avgpool = nn.AdaptiveMaxPool2d(1)
            self.classifier = nn.Linear(last, topology.outputs)
        else:
            self.avgpool = nn.AdaptiveAvgPool2d(POOLED_TO)
            self.classifier = _classifier(last * POOLED_TO**2, topology.outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.avgpool(self.features(images)).flatten(1))


def _features(channels: int, batch_norm: bool) -> Iterator[nn.Module]:
    for block in BLOCKS:
        for features in block:
            yield nn.Conv2d(channels, features, 3, padding=1)
            if batch_norm:
                yield nn.BatchNorm2d(features)
            yield nn.ReLU(inplace=True)
            channels = features
        yield nn.MaxPool2d(2)


def _first(topology: Topology) -> nn.Conv2d:
    first = topology.first_convolution
    return nn.Conv2d(topology.channels, BLOCKS[0][0], first.kernel, first.stride, first.padding, bias=first.bias)


def _classifier(features: int, outputs: int) -> nn.Sequential:
    hidden = [layer for taken in (features, 4096) for layer in (nn.Linear(taken, 4096), nn.ReLU(True), nn.Dropout())]
    return nn.Sequential(*hidden, nn.Linear(4096, outputs))


def build_vgg19(topology: Topology, batch_norm: bool = False) -> VGG19:
    """A VGG19 on torch's meta device: it has shapes and no values until weights are assigned or drawn.

    Takes (N, channels, 128, 128) and returns logits (N, outputs).
    """
    with torch.device("meta"):
        return VGG19(topology, batch_norm)


def draw_weights(network: nn.Module, seed: int) -> nn.Module:
    """Gives a network from ``build_vgg19`` random weights (He initialisation), the same for the same seed."""
    network.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=generator)
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01, generator=generator)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return network


def fold_batch_norm(network: nn.Module) -> dict[str, torch.Tensor]:
    """State dict of the plain VGG19 that computes the same as ``network``, a trained VGG19 with batch norm.

    Each convolution takes over the scale and shift of the batch norm behind it, so it has a bias afterwards.
    """
    network = network.eval()
    plain = []
    for layer in network.features:
        if isinstance(layer, nn.BatchNorm2d):
            plain[-1] = fuse_conv_bn_eval(plain[-1], layer)
        else:
            plain.append(layer)
    state = {f"features.{name}": value for name, value in nn.Sequential(*plain).state_dict().items()}
    state |= {f"classifier.{name}": value for name, value in network.classifier.state_dict().items()}
    return state


@torch.no_grad()
def fold_pooling(network: nn.Module, topology: Topology, size: Sequence[int]) -> nn.Module:
    """``network``, a VGG19 with the classifier head, without its average pooling to 7 x 7, which its first linear layer
    takes over: of ``size`` (rows, columns) only 2 x 2 or 4 x 4 features are left, and pooling copies them.

    It computes the same with 12 or 3 times fewer weights in that layer.
    """
    first = network.classifier[0]
    shape = build_vgg19(topology).features(torch.empty(1, topology.channels, *size, device="meta")).shape
    places = shape[2] * shape[3]
    # row: a place among the features, column: its share in a place of 7 x 7
    shares = network.avgpool(torch.eye(places).view(places, 1, *shape[2:])).flatten(1)
    weights = first.weight.unflatten(1, (shape[1], -1)) @ shares.T
    folded = nn.Linear(shape[1] * places, first.out_features, device="meta")
    folded.weight, folded.bias = nn.Parameter(weights.flatten(1)), first.bias
    network.classifier[0], network.avgpool = folded, nn.Identity()
    return network
