import itertools

import numpy as np
import torch
from captum.attr import LayerGradCam, LayerGradientXActivation
from django.test import SimpleTestCase
from torch import nn

from nets.bundle import Card
from nets.device import Device
from nets.layer_cam import Cells, Method, cells, grad_cam, gradient_x_activation, heat, last_layer, layer_cam, scaled
from nets.runtime import Network
from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology, build_vgg19, draw_weights

SINGLE_FIRST = FirstConvolution(kernel=7, stride=2, padding=3, bias=True)
ENOUGH = 1e-5


def network(first=TORCHVISION_FIRST, channels=3, head="pooled", batch=16) -> Network:
    """With weights drawn at random, two outputs and the second positive."""
    topology = Topology(channels, first, head, 2)
    state = draw_weights(build_vgg19(topology), seed=3).state_dict()
    role = "single" if channels == 1 else "scantype"
    return Network(Card("drawn", "1", role, topology, {"maximum": "slice"}, 0.5, "tests"), state, Device(batch=batch))


def images(count: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(4).uniform(0, 255, (count, channels, 128, 128)).astype(np.float32)


def by_captum(drawn: Network, shown: np.ndarray, block: int) -> np.ndarray:
    """LayerCAM (N, rows, columns) on the layer's own cells, by the library."""
    layer = drawn.model.features[last_layer(block)]
    found = LayerGradientXActivation(drawn.model, layer).attribute(torch.from_numpy(shown), target=1)
    return found.relu().sum(dim=1).detach().numpy()


class HeatTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scantype = network()

    def test_is_the_librarys_on_the_layers_cells_which_lie_between_two_pixels(self):
        shown = images(2)
        cam, found = by_captum(self.scantype, shown, block=2), heat(self.scantype, shown, Method((2,)))
        self.assertEqual((cam.shape, found.shape), ((2, 64, 64), (2, 128, 128)))
        # cells of two pixels: cell i lies in the middle of pixels 2i and 2i + 1, a quarter of a cell from each
        among = 0.75 * cam[:, 10] + 0.25 * cam[:, 11]
        np.testing.assert_allclose(found[:, 21, 41], 0.75 * among[:, 20] + 0.25 * among[:, 21], rtol=1e-3)

    def test_grad_cam_is_the_librarys(self):
        shown = images(2)
        layer = self.scantype.model.features[last_layer(3)]
        cam = LayerGradCam(self.scantype.model, layer).attribute(torch.from_numpy(shown), 1, relu_attributions=True)
        places = cells(self.scantype.model.features[: last_layer(3) + 1]).weights(32, 128)
        expected = places @ cam[:, 0].detach().numpy() @ places.T
        np.testing.assert_allclose(heat(self.scantype, shown, Method((3,), grad_cam)), expected, rtol=1e-3, atol=1e-9)

    def test_of_two_blocks_is_the_product_of_their_maps(self):
        shown = images(1)
        one, other = (scaled(heat(self.scantype, shown, Method((block,)))) for block in (3, 4))
        np.testing.assert_allclose(heat(self.scantype, shown, Method((3, 4))), one * other, rtol=1e-3, atol=1e-6)

    def test_what_is_served_is_the_product_of_the_librarys_two_maps(self):
        shown, expected = images(1), 1.0
        layers = [self.scantype.model.features[last_layer(block)] for block in (2, 3)]
        found = LayerGradientXActivation(self.scantype.model, layers).attribute(torch.from_numpy(shown), target=1)
        for each, block in zip(found, (2, 3), strict=True):
            cam = each.sum(dim=1).relu()[0].detach().numpy()
            places = cells(self.scantype.model.features[: last_layer(block) + 1]).weights(len(cam), 128)
            expected *= scaled(places @ cam @ places.T)
        np.testing.assert_allclose(heat(self.scantype, shown)[0], expected, atol=1e-4)

    def test_single_network_has_heat_of_cells_of_four_pixels(self):
        single, shown = network(SINGLE_FIRST, channels=1), images(1, channels=1)
        cam, found = by_captum(single, shown, block=2), heat(single, shown, Method((2,)))
        self.assertEqual(cam.shape, (1, 32, 32))
        np.testing.assert_allclose(found[0, 1::4, 1::4], cam[0], rtol=1e-3)  # cell i lies on pixel 4i + 1

    def test_classifier_head_has_heat_too(self):
        drawn, shown = network(SINGLE_FIRST, channels=1, head="classifier"), images(1, channels=1)
        found = heat(drawn, shown, Method((2,)))
        np.testing.assert_allclose(found[0, 1::4, 1::4], by_captum(drawn, shown, block=2)[0], rtol=1e-3)

    def test_slice_has_the_same_heat_whatever_is_computed_with_it_and_is_checked_before_each_batch(self):
        shown, checks = images(3), []
        together = heat(self.scantype, shown)
        self.scantype.device = Device(batch=2)
        self.addCleanup(setattr, self.scantype, "device", Device())
        apart = heat(self.scantype, shown, check=lambda: checks.append(1))
        np.testing.assert_allclose(apart, together, atol=1e-4)
        self.assertEqual(len(checks), 2)

    def test_check_ends_the_work(self):
        def stop():
            raise InterruptedError

        with self.assertRaises(InterruptedError):
            heat(self.scantype, images(1), check=stop)

    def test_no_slices_have_no_heat(self):
        self.assertEqual(heat(self.scantype, images(0)).shape, (0, 128, 128))

    def test_network_is_as_before(self):
        shown = images(1)
        before = self.scantype.exact_logits(shown)
        heat(self.scantype, shown)
        np.testing.assert_array_equal(self.scantype.exact_logits(shown), before)
        self.assertTrue(all(weight.grad is None for weight in self.scantype.model.parameters()))


class FormulaTests(SimpleTestCase):
    # two features of two cells: what speaks for and against
    activation = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    gradient = torch.tensor([[[[1.0, -1.0]], [[-2.0, 0.5]]]])

    def test_layer_cam_leaves_out_what_speaks_against(self):
        self.assertEqual(layer_cam(self.activation, self.gradient).tolist(), [[[1.0, 2.0]]])

    def test_gradient_x_activation_takes_it_off_cell_by_cell(self):
        self.assertEqual(gradient_x_activation(self.activation, self.gradient).tolist(), [[[0.0, 0.0]]])
        self.assertEqual(gradient_x_activation(self.activation, -self.gradient).tolist(), [[[5.0, 0.0]]])

    def test_grad_cam_weighs_features_by_their_mean_gradient(self):
        self.assertEqual(grad_cam(self.activation, self.gradient).tolist(), [[[0.0, 0.0]]])
        self.assertEqual(grad_cam(self.activation, -self.gradient).tolist(), [[[2.25, 3.0]]])

    def test_map_without_heat_stays_without(self):
        self.assertEqual(scaled(np.array([[[0.0, 0.0]], [[1.0, 4.0]]])).tolist(), [[[0, 0]], [[0.25, 1]]])


class CellsTests(SimpleTestCase):
    def test_last_layers_of_the_blocks_are_where_torchvision_has_them(self):
        self.assertEqual([last_layer(block) for block in (1, 2, 3, 4, 5)], [3, 8, 17, 26, 35])
        features = build_vgg19(Topology(1, TORCHVISION_FIRST, "pooled", 2)).features
        for block in range(1, 6):
            self.assertIsInstance(features[last_layer(block)], nn.ReLU)
            self.assertIsInstance(features[last_layer(block) + 1], nn.MaxPool2d)

    def test_cells_of_each_block_lie_where_kernels_strides_and_paddings_put_them(self):
        for first, expected in (
            (TORCHVISION_FIRST, [(0.0, 1), (0.5, 2), (1.5, 4), (3.5, 8)]),
            (SINGLE_FIRST, [(0.0, 2), (1.0, 4), (3.0, 8), (7.0, 16)]),
        ):
            features = build_vgg19(Topology(1, first, "pooled", 2)).features
            found = [cells(features[: last_layer(block) + 1]) for block in (1, 2, 3, 4)]
            self.assertEqual([(each.first, each.step) for each in found], expected)

    def test_middle_of_the_pixels_that_a_cell_sees_is_its_place(self):
        for first, cell in ((TORCHVISION_FIRST, 30), (SINGLE_FIRST, 15)):
            features = build_vgg19(Topology(1, first, "pooled", 2)).features[:9].to_empty(device="cpu")
            for weight in features.parameters():
                nn.init.constant_(weight, 1e-2)
            for layer in features:
                if isinstance(layer, nn.Conv2d):
                    nn.init.zeros_(layer.bias)
            rows = np.arange(44, 80)
            dots = torch.zeros(len(rows), 1, 128, 32)
            dots[np.arange(len(rows)), 0, rows, 16] = 1
            with torch.inference_mode():
                seen = rows[(features(dots)[:, :, cell].amax(dim=(1, 2)) > 0).numpy()]
            places = cells(features)
            self.assertEqual((seen[0] + seen[-1]) / 2, places.first + cell * places.step)
            self.assertEqual(len(seen), seen[-1] - seen[0] + 1)

    def test_pixels_between_cells_are_interpolated_and_those_beyond_repeat_the_outermost(self):
        found = Cells(first=1.0, step=4).weights(count=2, pixels=7) @ np.array([10.0, 20.0], np.float32)
        self.assertEqual(found.tolist(), [10, 10, 12.5, 15, 17.5, 20, 20])

    def test_interpolation_is_numpys(self):
        values = np.random.default_rng(5).uniform(size=16)
        for first, step in itertools.product((0.0, 0.5, 3.0), (2, 8)):
            expected = np.interp(np.arange(128), first + step * np.arange(16), values)
            np.testing.assert_allclose(Cells(first, step).weights(16, 128) @ values, expected, atol=ENOUGH)
