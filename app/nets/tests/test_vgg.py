from dataclasses import replace

import torch
from django.test import SimpleTestCase
from torch import nn
from torchvision import models

from nets.vgg import (
    TORCHVISION_FIRST,
    FirstConvolution,
    Topology,
    build_vgg19,
    draw_weights,
    fold_batch_norm,
    fold_pooling,
)

SINGLE = Topology(1, FirstConvolution(kernel=7, stride=2, padding=3, bias=True), "pooled", 2)


def settled(network: nn.Module) -> nn.Module:
    """Gives batch norm statistics that are not those it starts with."""
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for value, low in ((layer.running_mean, -0.5), (layer.running_var, 0.5), (layer.weight.data, 0.5)):
                value.copy_(torch.rand(value.shape, generator=generator) + low)
    return network.eval()


class TopologyTests(SimpleTestCase):
    def test_pooled_single_gives_two_logits_a_slice(self):
        network = draw_weights(build_vgg19(SINGLE), seed=0)
        self.assertEqual(network(torch.zeros(3, 1, 128, 128)).shape, (3, 2))

    def test_pooled_head_keeps_the_network_at_twenty_million_weights(self):
        network = build_vgg19(Topology(3, TORCHVISION_FIRST, "pooled", 2))
        self.assertEqual(sum(weight.numel() for weight in network.parameters()), 20_025_410)

    def test_old_head_is_torchvisions(self):
        network = build_vgg19(Topology(3, TORCHVISION_FIRST, "classifier", 1000))
        self.assertEqual(sum(weight.numel() for weight in network.parameters()), 143_667_240)

    def test_layers_are_torchvisions(self):
        topology = Topology(3, TORCHVISION_FIRST, "classifier", 1000)
        for batch_norm, make in ((False, models.vgg19), (True, models.vgg19_bn)):
            with self.subTest(batch_norm=batch_norm), torch.device("meta"):
                ours, theirs = build_vgg19(topology, batch_norm), make()
                self.assertEqual(str(ours.features), str(theirs.features))
                self.assertEqual(str(ours.classifier), str(theirs.classifier))
                self.assertEqual(ours.avgpool(torch.empty(1, 512, 4, 4)).shape, (1, 512, 7, 7))

    def test_unknown_head_is_refused(self):
        with self.assertRaisesMessage(ValueError, "head is 'wide', not one of pooled, classifier"):
            Topology(1, TORCHVISION_FIRST, "wide", 2)

    def test_same_seed_draws_the_same_weights(self):
        one, other = (draw_weights(build_vgg19(SINGLE), seed=5).features[0].weight for _ in range(2))
        self.assertTrue(torch.equal(one, other))


class FoldingTests(SimpleTestCase):
    def test_folded_network_computes_the_same_as_the_one_with_batch_norm(self):
        for topology in (SINGLE, replace(SINGLE, head="classifier")):
            with self.subTest(topology.head):
                trained = settled(draw_weights(build_vgg19(topology, batch_norm=True), seed=1))
                plain = build_vgg19(topology).eval()
                plain.load_state_dict(fold_batch_norm(trained), assign=True)
                images = torch.rand(2, 1, 128, 128, generator=torch.Generator().manual_seed(2)) * 255
                with torch.inference_mode():
                    torch.testing.assert_close(plain(images), trained(images), atol=1e-4, rtol=1e-4)

    def test_classifier_computes_the_same_without_its_pooling_and_with_fewer_weights(self):
        for first, fewer in ((SINGLE.first_convolution, 49 / 4), (TORCHVISION_FIRST, 49 / 16)):
            topology = Topology(1, first, "classifier", 10)
            network = draw_weights(build_vgg19(topology), seed=4).eval()
            images = torch.rand(2, 1, 128, 128, generator=torch.Generator().manual_seed(2)) * 255
            before = network.classifier[0].weight.numel()
            with torch.inference_mode():
                expected = network(images)
                folded = fold_pooling(network, topology, (128, 128))
                torch.testing.assert_close(folded(images), expected, atol=1e-5, rtol=1e-5)
            self.assertEqual(before / folded.classifier[0].weight.numel(), fewer)
