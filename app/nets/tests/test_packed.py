from unittest import mock

import torch
from django.test import SimpleTestCase
from torch import nn
from torch.ops import mkldnn

from nets.packed import PackedConvolution, packed
from nets.tests.test_vgg import SINGLE
from nets.vgg import TORCHVISION_FIRST, VGG19, Topology, build_vgg19, draw_weights, fold_pooling

SCANTYPE = Topology(3, TORCHVISION_FIRST, "pooled", 2)
OLD = Topology(3, TORCHVISION_FIRST, "classifier", 2)


def drawn(topology: Topology, precision: torch.dtype = torch.float32) -> VGG19:
    network = draw_weights(build_vgg19(topology), seed=5).eval().requires_grad_(False)
    return network.to(precision, memory_format=torch.channels_last)


def images(count: int, channels: int, precision: torch.dtype = torch.float32) -> torch.Tensor:
    values = 255 * torch.rand(count, channels, 128, 128, generator=torch.Generator().manual_seed(1))
    return values.to(precision, memory_format=torch.channels_last)


class PackedTests(SimpleTestCase):
    def assert_same(self, network: nn.Module, shown: torch.Tensor, **tolerances: float):
        with torch.inference_mode():
            torch.testing.assert_close(packed(network, "cpu")(shown), network(shown), **tolerances)

    def test_packed_networks_compute_what_plain_ones_do(self):
        for topology in (SINGLE, SCANTYPE):
            self.assert_same(drawn(topology), images(2, topology.channels))

    def test_they_do_in_bfloat16(self):
        shown = images(2, 3, torch.bfloat16)
        self.assert_same(drawn(SCANTYPE, torch.bfloat16), shown, rtol=0.02, atol=0.02)

    def test_old_heads_are_packed_too(self):
        self.assert_same(fold_pooling(drawn(OLD), OLD, (128, 128)), images(1, 3))

    def test_no_convolution_stays_plain(self):
        kinds = [type(layer) for layer in packed(drawn(SINGLE), "cpu").modules()]
        self.assertEqual((kinds.count(PackedConvolution), nn.Conv2d in kinds), (16, False))

    def test_what_is_not_a_number_stays_none(self):
        with torch.inference_mode():
            answer = packed(drawn(SINGLE), "cpu")(torch.full((1, 1, 128, 128), torch.nan))
        self.assertTrue(answer.isnan().all())

    def test_networks_on_a_gpu_or_without_onednn_stay_plain(self):
        network = drawn(SINGLE)
        self.assertIs(packed(network, "cuda"), network)
        with mock.patch.object(torch.backends.mkldnn, "is_available", return_value=False):
            self.assertIs(packed(network, "cpu"), network)

    def test_networks_in_bfloat16_stay_plain_on_a_processor_that_cannot_pack_them(self):
        plain, exact = drawn(SINGLE, torch.bfloat16), drawn(SINGLE)
        with mock.patch.object(mkldnn, "_is_mkldnn_bf16_supported", return_value=False):
            self.assertIs(packed(plain, "cpu"), plain)
            self.assertIsNot(packed(exact, "cpu"), exact)
