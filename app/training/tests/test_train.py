import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from django.test import SimpleTestCase

from nets.bundle import load_bundle
from training.classifier import augment, windows
from training.train import Knobs, KnobsDiffer, _check_same_run, train


class TrainTests(SimpleTestCase):
    def test_short_run_makes_a_bundle_with_its_figures_and_another_run_starts_from_it(self):
        knobs = Knobs("single", exams=4, validation_exams=2, test_exams=2, epochs=2, window_epochs=1, steps=1, batch=4)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "bundle")
            card = train(knobs, Path(folder), out, "manage.py train", "abc")
            self.assertEqual(load_bundle(out)[0], card)
            self.assertTrue(Path(folder, "single", "last.ckpt").exists())
            Path(folder, "single").rename(Path(folder, "first"))
            after = train(replace(knobs, start="first", epochs=1), Path(folder), out, "manage.py train", "def")
        self.assertEqual((card.made_by["commit"], card.figures["phantoms"]["exams"]), ("abc", 2))
        self.assertEqual(after.made_by["started_from"], card.made_by | {"epochs_done": 2})

    def test_other_knobs_do_not_go_on_from_a_checkpoint(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "single", "knobs.json")
            _check_same_run(Knobs("single", seed=1), file)
            _check_same_run(Knobs("single", seed=1), file)
            with self.assertRaisesMessage(KnobsDiffer, "holds a run with other knobs"):
                _check_same_run(Knobs("single", seed=2), file)


class AugmentTests(SimpleTestCase):
    def test_channels_of_a_slice_change_together_and_stay_within_range(self):
        torch.manual_seed(0)
        one = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 1, 16, 16)).astype(np.float32))
        changed = augment(one.repeat(1, 3, 1, 1))
        self.assertTrue(torch.equal(changed[:, 0], changed[:, 2]))
        self.assertTrue(((changed >= 0) & (changed <= 255)).all())
        self.assertFalse(torch.equal(changed[:, :1], one))


class WindowsTests(SimpleTestCase):
    def test_window_holds_the_tumour_wherever_it_lies(self):
        torch.manual_seed(0)
        for place in ((5, 5), (64, 64), (122, 3)):
            image = torch.zeros(1, 1, 128, 128)
            image[0, 0, place[0], place[1]] = 1
            for _ in range(20):
                cut = windows(image, torch.tensor([place], dtype=torch.float32))
                self.assertEqual((cut.shape, cut.sum().item()), ((1, 1, 64, 64), 1.0))

    def test_images_without_tumour_are_cut_where_anothers_lies_and_anywhere(self):
        torch.manual_seed(0)
        images = torch.arange(128.0).expand(200, 1, 128, 128)
        centres = torch.full((200, 2), torch.nan)
        centres[0] = torch.tensor([64.0, 10.0])
        left = windows(images, centres)[1:, 0, 0, 0]
        self.assertTrue(90 < (left <= 4).sum() < 160)
        self.assertTrue((left > 50).any())

    def test_batch_without_any_tumour_is_cut_anywhere(self):
        cut = windows(torch.zeros(2, 3, 128, 128), torch.full((2, 2), torch.nan))
        self.assertEqual(cut.shape, (2, 3, 64, 64))
