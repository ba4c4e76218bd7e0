"""A VGG19 with its weights laid out once as the processor's library wants them, instead of anew for each batch.

oneDNN computes the same either way; torch's own compiler packs networks by the same operators
(torch._inductor.fx_passes.mkldnn_fusion). A convolution could take over the ReLU behind it, too: it would hardly be
faster, and would make 0 of what is not a number. Gradients cannot be taken.
"""

import torch
from torch import nn
from torch.ops import mkldnn

from nets.vgg import VGG19


class PackedConvolution(nn.Module):
    """A convolution, (N, features, rows, columns) to the same, channels last."""

    def __init__(self, plain: nn.Conv2d):
        super().__init__()
        self._places = (list(plain.padding), list(plain.stride), list(plain.dilation), plain.groups)
        self._weight, self._bias = mkldnn._reorder_convolution_weight(plain.weight, *self._places), plain.bias

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return mkldnn._convolution_pointwise(images, self._weight, self._bias, *self._places, "none", [], "")


def packed(network: VGG19, device: str) -> nn.Module:
    """What computes as ``network`` does in inference; that itself where oneDNN cannot pack it: on another ``device``,
    or in bfloat16 on a processor without AVX-512."""
    if device != "cpu" or not _packs(next(network.parameters()).dtype):
        return network
    features = (PackedConvolution(each) if isinstance(each, nn.Conv2d) else each for each in network.features)
    return nn.Sequential(*features, network.avgpool, nn.Flatten(), network.classifier)


def _packs(precision: torch.dtype) -> bool:
    if not torch.backends.mkldnn.is_available():
        return False
    return precision != torch.bfloat16 or mkldnn._is_mkldnn_bf16_supported()
