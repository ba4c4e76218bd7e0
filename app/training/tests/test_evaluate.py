from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from django.test import SimpleTestCase

from detection.pipeline import prepared, scan
from imaging.preprocessing import BY_SLICE
from nets.runtime import load_networks
from training.evaluate import NothingRead, evaluate, read, report
from training.exam_set import Labelled, SetError
from training.labelled_exams import exams_of_set, exams_of_source
from training.sources.source import LIMITS, Source
from training.sources.zips import labelled_zips
from training.tests.exam_sets import EXAM_SCALE, labelled, write_set
from training.tests.phantom_zips import phantom_zip

BUNDLES = Path(__file__).parents[2] / "nets" / "bundles"
LABELS = (0, 0, 1, 1, -1, 0)


@contextmanager
def scratch():
    """An empty folder that is gone afterwards."""
    with TemporaryDirectory() as name:
        yield Path(name)


class ServedTests(SimpleTestCase):
    """What is measured is what is served: a phantom's zip, uploaded and evaluated."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.networks = Path(folder.name), load_networks(BUNDLES)
        with phantom_zip(cls.folder).open("rb") as archive, scratch() as workspace:
            cls.served = scan(archive, workspace, cls.networks, LIMITS).slices
        (cls.folder / "damaged.zip").write_bytes(b"no zip")
        rows = ("exam,patient,slices,size_mm", "series.zip,p,3-4,15", "damaged.zip,q,,")
        (cls.folder / "labels.csv").write_text("\n".join(rows))
        cls.source = labelled_zips(cls.folder)
        cls.found = evaluate(exams_of_source(cls.source, scratch), [cls.networks])

    def test_exams_from_zips_get_the_answer_of_an_upload(self):
        pair = self.found.pairs[0]
        for role in ("single", "scantype"):
            self.assertEqual(pair[role].scores.tolist(), [getattr(each, f"{role}_probability") for each in self.served])
        self.assertEqual(pair["fused"].decisions.tolist(), [bool(each.fused) for each in self.served])

    def test_exams_of_a_prepared_set_get_it_but_for_the_rounding(self):
        exams = write_set(self.folder / "set", [("p", "test", self.rounded())])
        pair = evaluate(exams_of_set(exams), [self.networks]).pairs[0]
        for role in ("single", "scantype"):
            expected = [getattr(each, f"{role}_probability") for each in self.served]
            np.testing.assert_allclose(pair[role].scores, expected, atol=0.02)
            decided = [getattr(each, f"{role}_decision") for each in self.served]
            self.assertEqual(pair[role].decisions.astype(int).tolist(), decided)

    def rounded(self) -> Labelled:
        with scratch() as workspace:
            images = prepared(self.source.items[0].read(workspace).exam, EXAM_SCALE, EXAM_SCALE)
        values = np.rint(np.concatenate([images.single, images.scantype], axis=1)).astype(np.uint8)
        empty = labelled(LABELS)
        return Labelled(values, empty.labels, empty.places, empty.sizes, empty.scales)

    def test_exam_that_cannot_be_read_is_counted_by_its_code(self):
        self.assertEqual(self.found.left_out, {"not_a_zip": 1})
        self.assertEqual(len(self.found.exams), 1)

    def test_fused_score_reaches_the_threshold_exactly_where_the_answer_is_positive(self):
        fused, threshold = self.found.pairs[0]["fused"], self.networks.scantype.card.threshold
        np.testing.assert_array_equal(fused.scores >= threshold, fused.decisions)

    def test_report_has_figures_of_every_reader(self):
        told = report(self.found, self.found.pairs[0])
        self.assertEqual(list(told), ["single", "scantype", "fused", "kinetic baseline"])
        self.assertEqual(told["fused"]["by_lesion_size"]["10 to 20 mm"]["slices"], 2)
        self.assertIn("expected_calibration_error", told["scantype"]["calibration"])
        self.assertIsNone(told["fused"]["exams"]["specificity"]["value"])

    def test_set_prepared_in_another_way_is_refused(self):
        exams = write_set(self.folder / "other", [("p", "test", labelled([0, 1]))], normalisation=BY_SLICE)
        with self.assertRaisesMessage(SetError, "the single network takes Normalisation(maximum='exam'"):
            evaluate(exams_of_set(exams), [self.networks])

    def test_nothing_that_can_be_read_is_nothing_to_judge(self):
        gone = Source("zips", (replace(self.source.items[0], path=self.folder / "none.zip"),))
        with self.assertRaisesMessage(NothingRead, "none of 1 exams could be read: {'file': 1}"):
            evaluate(exams_of_source(gone, scratch), [self.networks])

    def test_slices_prepared_in_another_way_are_not_read(self):
        with self.assertRaisesMessage(ValueError, "another normalisation"):
            read(self.networks.single, labelled([0, 1]), BY_SLICE)
