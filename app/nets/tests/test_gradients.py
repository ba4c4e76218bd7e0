from copy import deepcopy
from functools import cache

import torch
from django.test import SimpleTestCase
from torch import nn

from nets.gradients import activations_and_gradients
from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology, build_vgg19, draw_weights, fold_pooling

WIDE_FIRST = FirstConvolution(kernel=7, stride=2, padding=3, bias=False)
SIZE = (64, 64)


@cache
def network(head: str = "pooled", first: FirstConvolution = TORCHVISION_FIRST) -> nn.Module:
    topology = Topology(3, first, head, outputs=2)
    model = draw_weights(build_vgg19(topology), seed=1)
    if head == "classifier":
        model = fold_pooling(model, topology, SIZE)
    return model.eval().requires_grad_(False)


def images(count: int = 2) -> torch.Tensor:
    return torch.rand((count, 3, *SIZE), generator=torch.Generator().manual_seed(2))


def differentiated(model: nn.Module, taken: torch.Tensor, end: int, output: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by torch's own differentiation."""
    value = model.features[:end](taken).requires_grad_()
    logits = model.classifier(model.avgpool(model.features[end:](value.clone())).flatten(1))
    (gradient,) = torch.autograd.grad(logits[:, output].sum(), value)
    return value.detach(), gradient


class GradientTests(SimpleTestCase):
    def assert_differentiated(self, model: nn.Module, end: int, output: int):
        (value,), (gradient,) = activations_and_gradients(model, images(), [end], output)
        expected = differentiated(model, images(), end, output)
        torch.testing.assert_close(value, expected[0])
        torch.testing.assert_close(gradient, expected[1])
        self.assertGreater(float(gradient.abs().max()), 0)

    def test_of_a_pooled_head(self):
        for end in (9, 18, 36):
            self.assert_differentiated(network(), end, output=1)

    def test_of_the_papers_head(self):
        self.assert_differentiated(network("classifier"), 9, output=0)

    def test_of_a_wide_first_convolution(self):
        self.assert_differentiated(network(first=WIDE_FIRST), 9, output=1)

    def test_of_several_layers_at_once(self):
        values, gradients = activations_and_gradients(network(), images(), [9, 18], 1)
        for end, value, gradient in zip((9, 18), values, gradients, strict=True):
            expected = differentiated(network(), images(), end, 1)
            torch.testing.assert_close(value, expected[0])
            torch.testing.assert_close(gradient, expected[1])

    def test_images_do_not_change(self):
        taken = images()
        activations_and_gradients(network(), taken, [9], 1)
        torch.testing.assert_close(taken, images())

    def test_layer_that_a_vgg19_does_not_have(self):
        model = deepcopy(network())
        model.avgpool = nn.AvgPool2d(2)
        with self.assertRaisesMessage(TypeError, "AvgPool2d is no layer of a VGG19"):
            activations_and_gradients(model, images(), [9], 1)
