import json
import tempfile
from dataclasses import replace
from pathlib import Path

import lightning
import torch

from imaging.tests.folders import FolderTestCase
from nets.bundle import load_bundle
from training.classifier import Classifier
from training.exam_set import SPLITS, SetError
from training.initial import WeightsMissing
from training.tests.exam_sets import labelled, write_set
from training.train import (
    HISTORY,
    LAST,
    RUN,
    Diary,
    Knobs,
    KnobsDiffer,
    KnobsError,
    Machines,
    fit,
    train,
)

SHORT = Knobs(
    "single", epochs=2, window_epochs=1, validate_every=1, steps=1, batch=4, learning_rate=1e-4, precision="32-true"
)
HERE = Machines(accelerator="cpu")


def small_set(folder: Path, placed: bool = True):
    slices = [labelled([0, 1, 1, 0], seed=seed) for seed in range(3)]
    return write_set(folder / "set", list(zip("abc", SPLITS, slices, strict=True)), placed=placed)


def classifier(knobs: Knobs) -> Classifier:
    lightning.seed_everything(0, verbose=False)
    return Classifier(knobs.topology, knobs.seed, knobs.learning_rate, knobs.window_epochs)


class Interrupting(lightning.Callback):
    """Somebody presses Control-C when the second epoch begins."""

    def on_train_epoch_start(self, trainer, _):
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt


class TrainTests(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.exams, cls.out = small_set(Path(folder.name)), Path(folder.name, "out")
        cls.card = train(SHORT, cls.exams, cls.out, HERE, "manage.py train", "abc")

    def test_short_run_makes_a_bundle_that_says_how_it_was_made(self):
        made = self.card.made_by
        self.assertEqual(load_bundle(self.out)[0], self.card)
        self.assertEqual((made["commit"], made["started_from"]), ("abc", "random weights"))
        self.assertEqual(made["data"]["exams"], {"training": 1, "validation": 1, "test": 1})

    def test_metrics_curves_and_the_best_and_the_last_network_are_kept(self):
        made = {file.relative_to(self.out).as_posix() for file in self.out.rglob("*") if file.is_file()}
        self.assertLessEqual({"run/best.ckpt", "run/last.ckpt", "run/metrics.csv", "run/loss.png"}, made)
        self.assertTrue(any("events.out.tfevents" in name for name in made))

    def test_run_that_goes_on_makes_the_network_it_would_have_made(self):
        run = self.folder / RUN
        with self.assertRaises(SystemExit):
            fit(classifier(SHORT), SHORT, self.exams, run, HERE, Interrupting())
        after = classifier(SHORT)
        fit(after, SHORT, self.exams, run, HERE, Diary(run / HISTORY, "", ""))
        self.assertEqual(json.loads((run / HISTORY).read_text())[0]["from_epoch"], 1)
        whole = torch.load(self.out / RUN / LAST, weights_only=True)["state_dict"]
        for name, value in after.state_dict().items():
            torch.testing.assert_close(value, whole[name], rtol=1e-4, atol=1e-6)

    def test_another_run_starts_from_it(self):
        knobs = replace(SHORT, start=str(self.out), epochs=1)
        after = train(knobs, self.exams, self.folder, HERE, "manage.py train", "def")
        self.assertEqual(after.made_by["started_from"]["commit"], "abc")

    def test_other_knobs_or_another_set_do_not_go_on_from_a_checkpoint(self):
        other = write_set(
            self.folder / "other", [(each.patient, each.split, labelled([1, 0])) for each in self.exams.exams]
        )
        for knobs, exams in ((replace(SHORT, seed=2), self.exams), (SHORT, other)):
            with self.assertRaisesMessage(KnobsDiffer, "with other knobs or another set"):
                train(knobs, exams, self.out, HERE, "", "")

    def test_training_ends_for_good_when_validation_gets_no_better(self):
        knobs = replace(SHORT, epochs=50, window_epochs=0, patience=1, learning_rate=1e-9)
        diary = Diary(self.folder / HISTORY, "", "")
        fit(classifier(knobs), knobs, self.exams, self.folder / RUN, HERE, diary)
        ended = torch.load(self.folder / RUN / LAST, weights_only=True)["epoch"]
        self.assertLess(ended, 10)
        fit(classifier(knobs), knobs, self.exams, self.folder / RUN, HERE, diary)
        self.assertEqual(torch.load(self.folder / RUN / LAST, weights_only=True)["epoch"], ended)


class RefusedTests(FolderTestCase):
    def test_last_epochs_that_nobody_would_look_at_are_refused(self):
        knobs = replace(SHORT, epochs=45, validate_every=10)
        self.refused(KnobsError, "--epochs 45 is no multiple of --validate-every 10", knobs, small_set(self.folder))

    def refused(self, error: type, told: str, knobs: Knobs, exams) -> None:
        with self.assertRaisesMessage(error, told):
            train(knobs, exams, self.folder / "out", HERE, "", "")

    def test_windows_around_tumours_of_unknown_place_are_refused(self):
        self.refused(SetError, "1 exams do not say where in a slice", SHORT, small_set(self.folder, placed=False))

    def test_set_without_validation_is_refused(self):
        exams = write_set(self.folder / "set", [("a", "training", labelled([0, 1]))])
        self.refused(SetError, "holds no exam for validation", SHORT, exams)

    def test_split_with_one_kind_of_slice_is_refused(self):
        for place, (training, validation, told) in enumerate(
            (
                ([0, 0], [0, 1], "the split for training holds no positive slice"),
                ([1, -1], [0, 1], "the split for training holds no negative slice"),
                ([0, 1], [0, -1], "the split for validation holds no positive slice"),
            )
        ):
            slices = [("a", "training", labelled(training)), ("b", "validation", labelled(validation))]
            self.refused(SetError, told, SHORT, write_set(self.folder / f"set-{place}", slices))

    def test_start_that_is_not_there_is_refused_and_leaves_nothing(self):
        knobs = replace(SHORT, start=str(self.folder / "none"))
        self.refused(WeightsMissing, "none: no finished training", knobs, small_set(self.folder))
        self.assertFalse((self.folder / "out").exists())
