from dataclasses import replace

from django.test import SimpleTestCase

from nets.tests.test_bundle import CARD
from training.initial import PUBLISHED
from training.seen import intended_use, seeds_seen, seen_before


def data(training: int, validation: int, test: int, **told) -> dict:
    """A set of ten exams a split, from these first seeds."""
    first = {"training": training, "validation": validation, "test": test}
    return {"source": {"kind": "phantoms", "first_seeds": first}, "exams": dict.fromkeys(first, 10)} | told


class SeenTests(SimpleTestCase):
    card = replace(
        CARD,
        made_by={
            "data": data(100, 200, 300),
            "started_from": {"data": data(1100, 1200, 1300), "started_from": "random weights"},
            "calibrated": {"data": data(2100, 2200, 2300, split="test")},
        },
    )

    def test_seeds_of_every_training_its_choice_of_weights_and_the_calibration_are_seen(self):
        firsts = [(seeds.start, len(seeds)) for seeds in seeds_seen(self.card)]
        self.assertEqual(firsts, [(100, 10), (200, 10), (1100, 10), (1200, 10), (2300, 10)])

    def test_set_that_shares_one_seed_is_seen(self):
        self.assertEqual(seen_before([self.card], data(0, 0, 109), "test"), ["single"])

    def test_set_beside_it_is_not_seen(self):
        for first in (90, 110, 300, 2100):
            self.assertEqual(seen_before([self.card], data(0, 0, first), "test"), [])

    def test_only_the_split_asked_for_counts(self):
        self.assertEqual(seen_before([self.card], data(100, 200, 5000), "test"), [])

    def test_exams_that_are_no_phantoms_are_nobodys_seeds(self):
        self.assertEqual(seen_before([self.card], {"source": {"kind": "zips"}}, "test"), [])

    def test_card_that_tells_nothing_has_seen_nothing(self):
        self.assertEqual(seeds_seen(replace(CARD, made_by={})), [])


class IntendedUseTests(SimpleTestCase):
    def test_network_that_began_with_photographs_says_so(self):
        phantoms = {"data": {"source": {"kind": "phantoms"}}}
        began = phantoms | {"started_from": f"{PUBLISHED}, but for the last layer"}
        self.assertIn("photographs (ImageNet) and synthetic exams alone", intended_use(began))
        self.assertIn("photographs", intended_use(phantoms | {"started_from": began}))
        self.assertIn("synthetic exams (phantoms) alone", intended_use(phantoms | {"started_from": "random weights"}))
