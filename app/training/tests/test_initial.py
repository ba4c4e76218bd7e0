import io
import tempfile
from pathlib import Path
from unittest import mock
from urllib.error import URLError

import torch
from django.test import SimpleTestCase
from torchvision import models

from training.classifier import Classifier
from training.initial import WeightsMissing, published_weights, take_published, take_run
from training.train import Knobs


def classifier(role: str) -> Classifier:
    return Classifier(Knobs(role).topology, seed=0, learning_rate=1e-3, window_epochs=0)


class PublishedTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        torch.manual_seed(0)
        cls.features = models.vgg19_bn(weights=None, num_classes=1, init_weights=False).features.eval()
        cls.published = {f"features.{name}": value for name, value in cls.features.state_dict().items()}

    def test_bytes_give_what_torchvision_gives_for_the_normalised_image(self):
        ours = classifier("scantype").eval()
        kept = take_published(ours, self.published)
        self.assertEqual(kept, ["classifier.weight", "classifier.bias"])
        images = torch.full((1, 3, 32, 32), 80.0) + torch.arange(3.0).view(1, 3, 1, 1)
        mean, deviation = (torch.tensor(x).view(1, 3, 1, 1) for x in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        with torch.no_grad():
            mine, theirs = ours.network.features[0](images), self.features[0]((images / 255 - mean) / deviation)
        # at the edge zeros are black here and mid-grey there
        torch.testing.assert_close(mine[..., 1:-1, 1:-1], theirs[..., 1:-1, 1:-1], rtol=1e-4, atol=1e-5)

    def test_single_keeps_its_own_first_convolution(self):
        ours = classifier("single")
        before = ours.network.features[0].weight.clone()
        kept = take_published(ours, self.published)
        self.assertEqual(kept, ["features.0.weight", "features.0.bias", "classifier.weight", "classifier.bias"])
        self.assertTrue(torch.equal(ours.network.features[0].weight, before))
        self.assertTrue(torch.equal(ours.network.features[3].weight, self.features[3].weight))

    def test_without_a_network_connection_it_says_where_to_put_the_weights(self):
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.dict("os.environ", TORCH_HOME=folder),
            mock.patch("torch.hub.download_url_to_file", side_effect=URLError("no route")),
            mock.patch("sys.stderr", io.StringIO()),
            self.assertRaisesMessage(WeightsMissing, "train without --init imagenet") as caught,
        ):
            published_weights()
        self.assertIn(str(Path(folder, "hub", "checkpoints", "vgg19_bn-c79401a0.pth")), str(caught.exception))


class RunTests(SimpleTestCase):
    def test_folder_without_a_finished_training_is_told(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesMessage(WeightsMissing, "no finished training"):
            take_run(classifier("single"), Path(folder), Path(folder, "best.ckpt"))
