import tempfile
from pathlib import Path

from django.test import SimpleTestCase

from training.curves import draw_curves, join_metrics


class CurvesTests(SimpleTestCase):
    def test_starts_become_one_table_and_the_later_one_tells(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for name, text in (
                ("start-01", "epoch,slice_loss,step\n0,0.7,1\n1,0.6,2\n"),
                ("start-02", "epoch,slice_loss,step,validation_auc\n1,0.5,2,\n1,,2,0.8\n"),
            ):
                (folder / name).mkdir()
                (folder / name / "metrics.csv").write_text(text)
            join_metrics(folder, folder / "metrics.csv")
            draw_curves(folder / "metrics.csv", folder / "loss.png")
            self.assertEqual(
                (folder / "metrics.csv").read_text().split(),
                ["epoch,slice_loss,place_loss,validation_auc", "1,0.7,,", "2,0.5,,0.8"],
            )
            self.assertEqual((folder / "loss.png").read_bytes()[1:4], b"PNG")
