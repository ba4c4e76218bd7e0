import tempfile
from pathlib import Path

import numpy as np
import torch
from django.test import SimpleTestCase

from nets.bundle import load_bundle
from training.classifier import augment
from training.train import Knobs, train


class TrainTests(SimpleTestCase):
    def test_two_short_epochs_make_a_bundle_with_its_figures_and_a_checkpoint_to_go_on_from(self):
        knobs = Knobs("single", exams=4, validation_exams=2, test_exams=2, epochs=2, small_epochs=1, steps=1, batch=4)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "bundle")
            card = train(knobs, Path(folder), out, "manage.py train", "abc")
            self.assertEqual(load_bundle(out)[0], card)
            self.assertTrue(Path(folder, "single", "last.ckpt").exists())
        self.assertEqual((card.made_by["commit"], card.figures["phantoms"]["exams"]), ("abc", 2))


class AugmentTests(SimpleTestCase):
    def test_channels_of_a_slice_change_together_and_stay_within_range(self):
        torch.manual_seed(0)
        one = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 1, 16, 16)).astype(np.float32))
        changed = augment(one.repeat(1, 3, 1, 1))
        self.assertTrue(torch.equal(changed[:, 0], changed[:, 2]))
        self.assertTrue(((changed >= 0) & (changed <= 255)).all())
        self.assertFalse(torch.equal(changed[:, :1], one))
