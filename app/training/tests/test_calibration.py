from dataclasses import replace

import numpy as np
from django.test import SimpleTestCase

from nets.tests.test_bundle import CARD
from nets.vgg import TORCHVISION_FIRST, Topology
from training.calibration import Logits, TooFew, _check_enough, calibrated, figures_of, site_version
from training.figures import cohort_of

CARDS = [
    replace(
        CARD,
        made_by={"command": "train"},
        figures={"validation": {"slice_auc": 0.9, "specificity": 0.8}, "evaluation": {}},
    ),
    replace(CARD, name="passes", role="scantype", topology=Topology(3, TORCHVISION_FIRST, "pooled", 2)),
]


def answered(exams: int = 40) -> Logits:
    """Networks that rank well and are four times too sure."""
    rng = np.random.default_rng(2)
    labels = np.tile(np.repeat([0, 1, 0], [8, 4, 8]), exams)
    odds = [rng.normal(2 * labels - 1, 1) for _ in CARDS]
    odds = [2 * each - np.log(4) for each in odds]  # one slice of five holds tumour
    by_role = {card.role: np.stack([0 * each, 4 * each], axis=1) for card, each in zip(CARDS, odds, strict=True)}
    rows = np.split(labels, exams)
    return Logits(cohort_of(rows, rows, [str(i) for i in range(exams)]), by_role, {})


class CalibrationTests(SimpleTestCase):
    logits = answered()
    cards = calibrated(CARDS, logits, 0.95, {"command": "calibrate", "commit": "abc"})

    def test_networks_that_are_four_times_too_sure_are_cooled(self):
        for card in self.cards:
            self.assertAlmostEqual(card.temperature, 4, delta=0.8)

    def test_fused_answer_keeps_the_specificity_on_these_exams(self):
        self.assertGreaterEqual(figures_of(self.cards, self.logits)["fused"]["specificity"]["value"], 0.95)

    def test_card_tells_what_it_was_calibrated_on_and_how_it_was_trained(self):
        card = self.cards[0]
        self.assertEqual(card.version, site_version(card))
        self.assertEqual(card.made_by["command"], "train")
        about = {name: card.made_by["calibrated"][name] for name in ("command", "commit", "exams", "positive_slices")}
        self.assertEqual(about, {"command": "calibrate", "commit": "abc", "exams": 40, "positive_slices": 160})

    def test_figures_of_the_thresholds_before_are_not_kept(self):
        self.assertEqual(set(self.cards[0].figures), {"validation", "calibration_set"})
        self.assertEqual(self.cards[0].figures["validation"], {"slice_auc": 0.9})

    def test_figures_say_that_they_are_not_independent(self):
        told = self.cards[0].figures["calibration_set"]
        self.assertIn("not independent", told["note"])
        errors = [told[when]["single"]["expected_calibration_error"] for when in ("before", "after")]
        self.assertLess(errors[1], errors[0] / 2)

    def test_each_fit_has_a_version_of_its_own(self):
        versions = [site_version(replace(CARD, version="0.1.0", temperature=each)) for each in (1.0, 2.0, 1.0)]
        self.assertRegex(versions[0], r"^0\.1\.0\+site\.[0-9a-f]{8}$")
        self.assertEqual((versions[0] == versions[1], versions[0] == versions[2]), (False, True))

    def test_calibration_of_a_calibrated_network_takes_the_place_of_the_first(self):
        first = site_version(replace(CARD, version="0.1.0"))
        self.assertEqual(site_version(replace(CARD, version=first)), first)

    def test_too_few_exams_are_refused(self):
        with self.assertRaisesMessage(TooFew, "5 patients are too few to calibrate on; at least 10 are needed"):
            _check_enough(answered(5).cohort)
        with self.assertRaisesMessage(TooFew, "48 positive slices are too few to calibrate on; at least 50 are needed"):
            _check_enough(answered(12).cohort)
