import csv
import io
import json
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from breastcancer_api.management.commands.networks import page
from imaging.tests.folders import FolderTestCase
from nets.bundle import WEIGHTS, load
from training.calibration import LEAST
from training.sources.phantoms import Phantom
from training.tests.exam_sets import EXAM_SCALE, labelled, write_set
from training.tests.phantom_zips import phantom_zip


class EvaluateTests(FolderTestCase):
    def test_figures_pictures_and_differences_are_written(self):
        write_set(self.folder / "set", [("a", "test", labelled([0, 1, -1])), ("b", "test", labelled([0, 0], seed=1))])
        out, printed = self.folder / "out", io.StringIO()
        options = {"data": self.folder / "set", "out": out, "compare": settings.NETWORKS_DIR}
        with mock.patch("sys.stderr", io.StringIO()):
            call_command("evaluate", stdout=printed, **options)
        told = json.loads((out / "metrics.json").read_text())
        self.assertEqual(told["counts"]["positive_slices"], 1)
        self.assertEqual(told["comparison"]["decisions_that_differ"], {"single": 0, "scantype": 0, "fused": 0})
        self.assertLessEqual({"roc.png", "precision_recall.png", "reliability.png", "lesion_size.png"}, names(out))
        with (out / "differences.csv").open() as file:
            self.assertEqual(len(list(csv.DictReader(file))), 5)
        self.assertIn("kinetic baseline", printed.getvalue())

    def test_zips_with_a_table_of_labels_are_read_and_what_is_missing_is_counted(self):
        phantom_zip(self.folder)
        (self.folder / "labels.csv").write_text("exam,patient,slices\nseries.zip,a,3-4\nlost.zip,b,\n")
        with mock.patch("sys.stderr", io.StringIO()):
            call_command("evaluate", data=self.folder, out=self.folder / "out", stdout=io.StringIO())
        told = json.loads((self.folder / "out" / "metrics.json").read_text())
        self.assertEqual((told["counts"]["positive_slices"], told["left_out"]), (2, {"labels": 1}))

    def test_cards_keep_the_figures_when_asked_to(self):
        write_set(self.folder / "set", [("a", "test", labelled([0, 1])), ("b", "test", labelled([0], seed=1))])
        bundle = self.folder / "bundle"
        shutil.copytree(settings.NETWORKS_DIR, bundle)
        options = {"data": self.folder / "set", "out": self.folder / "out", "bundle": bundle, "into_cards": True}
        with mock.patch("sys.stderr", io.StringIO()):
            call_command("evaluate", stdout=io.StringIO(), **options)
        cards = [load(bundle, role)[0] for role in ("single", "scantype")]
        for card in cards:
            told = card.figures["evaluation"]
            self.assertEqual((told["counts"]["slices"], told["data"]["split"]), (3, "test"))
            self.assertEqual(told["pair"], {each.role: each.weights_sha256 for each in cards})
        self.assertIn("| slices, positive, negative | 3, 1, 2;", page(cards))

    def test_phantoms_by_which_networks_were_chosen_are_refused_for_their_cards(self):
        options = {"data": self.folder / "set", "bundle": settings.NETWORKS_DIR, "into_cards": True}
        first = load(settings.NETWORKS_DIR, "single")[0].made_by["data"]["source"]["first_seeds"]["validation"]
        source = {"kind": "phantoms", "first_seeds": {"test": first}}
        write_set(self.folder / "set", [("a", "test", labelled([0, 1]))], source=source)
        with self.assertRaisesMessage(
            CommandError, "some of these phantoms trained, chose or calibrated single and scantype"
        ):
            call_command("evaluate", **options)

    def test_folder_without_a_set_is_refused(self):
        with self.assertRaisesMessage(CommandError, "no prepared set"):
            call_command("evaluate", data=self.folder)

    def test_split_that_holds_no_exam_is_refused(self):
        write_set(self.folder / "set", [("a", "training", labelled([0, 1]))])
        with self.assertRaisesMessage(CommandError, "the set holds no exam for test"):
            call_command("evaluate", data=self.folder / "set")


class CalibrateTests(FolderTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        drawn = [Phantom(seed, "validation").prepared(EXAM_SCALE, Path()).labelled for seed in (11, 13)]
        slices = [exam.rows(slice(None, None, 3)) for exam in drawn]
        exams = [(name, "validation", each) for name, each in zip("ab", slices, strict=True)]
        cls.data, cls.count = Path(folder.name, "set"), sum(map(len, slices))
        write_set(cls.data, exams)

    def call(self, **options):
        with mock.patch("sys.stderr", io.StringIO()):
            given = {"data": self.data, "out": self.folder / "site", "stdout": io.StringIO()} | options
            call_command("calibrate", **given)

    def test_both_networks_come_with_the_same_weights_and_new_cards(self):
        with mock.patch.dict(LEAST, dict.fromkeys(LEAST, 1)):
            self.call()
        self.assertEqual(names(self.folder), {"site"})
        for role in ("single", "scantype"):
            card, _ = load(self.folder / "site", role)
            before = Path(settings.NETWORKS_DIR, role)
            told = card.made_by["calibrated"]
            self.assertEqual((told["slices"], told["data"]["split"]), (self.count, "validation"))
            self.assertNotEqual(card.version, load(settings.NETWORKS_DIR, role)[0].version)
            self.assertEqual((self.folder / "site" / role / WEIGHTS).read_bytes(), (before / WEIGHTS).read_bytes())

    def test_too_few_exams_are_refused_and_nothing_is_written(self):
        with self.assertRaisesMessage(CommandError, "2 patients are too few to calibrate on; at least 10 are needed"):
            self.call()
        self.assertEqual(names(self.folder), set())

    def test_folder_that_is_there_is_refused(self):
        (self.folder / "site").mkdir()
        with self.assertRaisesMessage(CommandError, "is there already"):
            self.call()

    def test_old_state_dict_is_refused(self):
        (self.folder / "vgg_scantype.pth").touch()
        with self.assertRaisesMessage(CommandError, "holds a state dict of the old system"):
            self.call(bundle=self.folder)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}
