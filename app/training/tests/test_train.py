import tempfile
from dataclasses import replace
from pathlib import Path

from django.test import SimpleTestCase

from nets.bundle import load_bundle
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
