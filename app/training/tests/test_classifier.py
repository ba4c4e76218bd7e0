import numpy as np
import torch
from django.test import SimpleTestCase

from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology
from training.classifier import Classifier, _place_loss, mirror, vary_brightness, windows


def places_at(*where) -> torch.Tensor:
    """(N, 32, 32) with all of one place tumour in each; None for an image without."""
    places = torch.zeros(len(where), 32, 32, dtype=torch.uint8)
    for each, place in zip(places, where, strict=True):
        if place:
            each[place] = 255
    return places


class BrightnessTests(SimpleTestCase):
    def test_channels_of_a_slice_change_together_and_stay_within_range(self):
        torch.manual_seed(0)
        one = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 1, 16, 16)).astype(np.float32))
        changed = vary_brightness(one.repeat(1, 3, 1, 1))
        self.assertTrue(torch.equal(changed[:, 0], changed[:, 2]))
        self.assertTrue(((changed >= 0) & (changed <= 255)).all())
        self.assertFalse(torch.equal(changed[:, :1], one))


class MirrorTests(SimpleTestCase):
    def test_places_turn_over_with_their_image_and_each_way_occurs(self):
        torch.manual_seed(0)
        places = places_at(*[(3, 10)] * 64)
        images = torch.nn.functional.interpolate(places[:, None].float(), scale_factor=4)
        turned, moved = mirror(images, places)
        self.assertTrue(torch.equal(turned[:, 0, ::4, ::4], moved.float()))
        self.assertEqual(
            {tuple(where) for where in moved.nonzero()[:, 1:].tolist()}, {(3, 10), (28, 10), (3, 21), (28, 21)}
        )


class WindowsTests(SimpleTestCase):
    def test_window_holds_the_tumour_and_its_place_wherever_it_lies(self):
        torch.manual_seed(0)
        for place in ((0, 0), (16, 16), (31, 1)):
            image = torch.zeros(1, 1, 128, 128)
            image[0, 0, 4 * place[0], 4 * place[1]] = 1
            for _ in range(20):
                cut, kept = windows(image, places_at(place))
                self.assertEqual((cut.shape, kept.shape), ((1, 1, 64, 64), (1, 16, 16)))
                self.assertEqual((cut.nonzero()[0, 2:] // 4).tolist(), kept.nonzero()[0, 1:].tolist())

    def test_images_without_tumour_are_cut_where_anothers_lies_and_anywhere(self):
        torch.manual_seed(0)
        images = torch.arange(128.0).expand(200, 1, 128, 128)
        left = windows(images, places_at((16, 1), *[None] * 199))[0][1:, 0, 0, 0]
        self.assertTrue(90 < (left == 0).sum() < 160)
        self.assertTrue((left > 50).any())

    def test_batch_without_any_tumour_is_cut_anywhere(self):
        self.assertEqual(windows(torch.zeros(2, 3, 128, 128), places_at(None, None))[0].shape, (2, 3, 64, 64))


class GuideTests(SimpleTestCase):
    def test_right_place_costs_less_than_a_wrong_one(self):
        logits = torch.full((1, 1, 8, 8), -4.0)
        logits[0, 0, 2, 5] = 4.0
        right, wrong = (_place_loss(logits, places_at(place)) for place in ((9, 21), (9, 1)))
        self.assertLess(10 * right, wrong)

    def test_logits_of_training_are_those_of_the_network_alone(self):
        for topology in (
            Topology(3, TORCHVISION_FIRST, "pooled", 2),
            Topology(1, FirstConvolution(7, 2, 3, True), "pooled", 2),
        ):
            classifier = Classifier(topology, seed=0, learning_rate=1e-3, window_epochs=0).eval()
            images = torch.rand(2, topology.channels, 128, 128) * 255
            with torch.no_grad():
                logits, guided = classifier._look(images)
                torch.testing.assert_close(logits, classifier.network(images))
            fine = 128 // topology.first_convolution.stride // 8
            self.assertEqual([tuple(each.shape[2:]) for each in guided], [(fine, fine), (fine // 2, fine // 2)])
