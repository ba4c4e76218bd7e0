import json
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError

from imaging.tests.folders import FolderTestCase
from training.exam_set import MANIFEST, open_set
from training.tests.zip_sources import write_labels, write_zips

ROOT = Path(__file__).resolve().parents[3]


class PrepareCommandTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.zips, self.out = self.folder / "zips", self.folder / "set"

    def prepare(self, **options) -> str:
        printed = StringIO()
        call_command("prepare", out=self.out, workers=1, stdout=printed, **options)
        return printed.getvalue()

    def test_summary_tells_exams_slices_size_and_what_is_left_out(self):
        write_zips(self.zips, ["a.zip", "b.zip"])
        write_labels(self.zips, "a.zip,p1,2-3", "b.zip,p1,7", *(f"{name}.zip,p2," for name in "cdefg"))
        rows = self.prepare(zips=self.zips, shares=[0, 0, 1]).splitlines()
        self.assertEqual(rows[0].split(), ["exams", "positive", "negative", "left", "out"])
        self.assertEqual(rows[3].split(), ["test", "1", "2", "4", "0"])
        self.assertEqual(rows[4], f"{self.out}: 6 slices, 0.4 MB (66.6 MB per 1,000 slices)")
        self.assertEqual(rows[5:7], ["exams left out: 6", f"  c.zip: is not in {self.zips}"])
        self.assertEqual(rows[-1], f"  ... all of them: {self.out}/manifest.json")
        reasons = [each["reason"] for each in open_set(self.out).manifest["left_out"]]
        self.assertEqual(reasons[-1], "b.zip: slice 7 is said to hold tumour; the exam has 6")

    def test_phantoms_come_by_their_seeds(self):
        self.prepare(phantoms=[1, 0, 0], first_seeds=[12, 20, 30])
        made = open_set(self.out)
        self.assertEqual([(each.name, each.split) for each in made.exams], [("phantom-12", "training")])
        told = made.manifest
        self.assertEqual(told["source"]["first_seeds"], {"training": 12, "validation": 20, "test": 30})
        self.assertEqual((len(told["source"]["phantom"]), "seed" in told), (8, False))
        self.assertEqual((told["normalisation"]["maximum"], bool(told["command"])), ("exam", True))

    def test_every_field_of_a_manifest_is_in_the_data_page(self):
        write_zips(self.zips, ["a.zip"])
        write_labels(self.zips, "a.zip,p1,2", "b.zip,p2,")
        self.prepare(zips=self.zips)
        told, page = json.loads((self.out / MANIFEST).read_text()), (ROOT / "docs" / "data.md").read_text()
        fields = {*told, *told["exams"][0], *told["left_out"][0]}
        self.assertEqual([name for name in sorted(fields) if f"`{name}`" not in page], [])

    def refused(self, told: str, **options) -> None:
        with self.assertRaisesMessage(CommandError, told):
            self.prepare(**options)
        self.assertFalse(self.out.exists())

    def test_options_that_do_not_fit_are_refused(self):
        self.zips.mkdir()
        self.refused("nowhere is no folder", zips=self.folder / "nowhere")
        self.refused("--duke needs --mapping and --boxes", duke=self.zips)
        self.refused("--labels belongs to --zips", duke=self.zips, labels=self.zips / "labels.csv")
        self.refused("--margin belongs to --duke", zips=self.zips, margin=3)
        self.refused("two splits would share the seed", phantoms=[2, 1, 0], first_seeds=[1, 2, 3])
        self.refused("--phantoms and --first-seeds begin at 0", phantoms=[-1, 0, 0])
        self.refused("--shares splits patients; phantoms stand", phantoms=[1, 0, 0], shares=[1, 0, 0])
        write_labels(self.zips, "a.zip,p1,")
        self.refused("shares 1, 1, 1: there must be one from 0 to 1", zips=self.zips, shares=[1, 1, 1])

    def test_damaged_table_and_nothing_to_read_are_told(self):
        write_labels(self.zips, "a.zip,p1,left")
        self.refused("labels.csv, line 2: 'left' under 'slices' is no slice number", zips=self.zips)
        write_labels(self.zips, "a.zip,p1,")
        self.refused("no exam remains, 1 are left out; a.zip: is not in", zips=self.zips)

    def test_set_that_is_there_is_refused(self):
        self.out.mkdir()
        with self.assertRaisesMessage(CommandError, "is there already"):
            self.prepare(phantoms=[1, 0, 0])
