import io
import json
from unittest import mock

from django.core.management import CommandError, call_command

from imaging.tests.folders import FolderTestCase
from nets.layer_cam import METHOD
from phantom.exam import Exam
from phantom.protocol import Protocol
from training import pointing
from training.pointing import SERVED


def small(seed: int) -> Exam:
    return Exam(seed, Protocol(rows=96, columns=96, slices=6), tumours=1)


class PointCommandTests(FolderTestCase):
    def run_command(self, **options) -> str:
        printed = io.StringIO()
        with (
            mock.patch.object(pointing, "drawn_exam", small),
            mock.patch.object(pointing, "exam_of_both_breasts", lambda _: None),
            mock.patch("sys.stderr", io.StringIO()),
        ):
            call_command("point", exams=1, first_seed=4, stdout=printed, **options)
        return printed.getvalue()

    def test_page_figures_and_picture_are_written(self):
        printed = self.run_command(out=self.folder / "docs")
        told = json.loads((self.folder / "docs" / "heat.json").read_text())
        page = (self.folder / "docs" / "heat.md").read_text()
        self.assertEqual((told["exams"], told["exams_with_tumour"]), (1, 1))
        self.assertIn(f"at commit `{told['commit']}`", page)
        for line in printed.splitlines()[:-1]:
            self.assertIn(line, page)
        self.assertTrue((self.folder / "docs" / "heat.png").read_bytes().startswith(b"\x89PNG"))

    def test_candidates_are_compared_and_no_page_is_written(self):
        with mock.patch.object(pointing, "CANDIDATES", {SERVED: METHOD}):
            printed = self.run_command(compare=True, out=self.folder / "out")
        self.assertEqual([each.name for each in (self.folder / "out").iterdir()], ["compared-heat.json"])
        self.assertIn(f"| {SERVED} | scantype | it detects |", printed)

    def test_no_exams_are_refused(self):
        with self.assertRaisesMessage(CommandError, "--exams begins at 1"):
            call_command("point", exams=0)
