import torch
from django.test import SimpleTestCase

from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology
from training.classifier import Classifier, place_loss_of
from training.tests.places import places_at


class GuideTests(SimpleTestCase):
    def test_right_place_costs_less_than_a_wrong_one(self):
        logits = torch.full((1, 1, 8, 8), -4.0)
        logits[0, 0, 2, 5] = 4.0
        right, wrong = (place_loss_of(logits, places_at(place), torch.ones(1)) for place in ((9, 21), (9, 1)))
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
