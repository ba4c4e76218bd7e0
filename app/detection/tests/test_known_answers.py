import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from django.test import SimpleTestCase

from detection import known_answers
from detection.analysis import interpreted
from detection.known_answers import WrongAnswer, check_answers, is_known, known_answer
from detection.pipeline import normalisations, prepared
from detection.tests.test_heat import BUNDLES
from imaging.archive import Limits
from imaging.reading import read_four_folders
from nets.bundle import ROLES, load, load_card
from nets.device import Device
from nets.runtime import Network, Networks, load_networks
from phantom.dicom import write_zip
from phantom.exam import Exam
from phantom.protocol import Protocol

# which exam is stored: one in which the shipped networks are sure of nothing, so that what is slightly wrong shows
EXAM, NUMBERS = Exam(1, Protocol(128, 128, 24), tumours=1), (2, 15, 18, 20)


def stored_exam() -> np.ndarray:
    """Its slices as the shipped networks take them, (4, 4, 128, 128) uint8."""
    with tempfile.TemporaryDirectory() as name:
        archive, work = Path(name, "series.zip"), Path(name, "work")
        work.mkdir()
        write_zip(EXAM, archive)
        with archive.open("rb") as file:
            read = read_four_folders(file, work, Limits(4000, 10**9, 600)).exam
            images = prepared(read, *normalisations(tuple(load_card(BUNDLES, role) for role in ROLES)))
    both = np.concatenate([images.single, images.scantype], axis=1)
    return np.round(both[[number - 1 for number in NUMBERS]]).astype(np.uint8)


def damaged(role: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Network:
    """A shipped network whose first weights were changed."""
    card, state = load(BUNDLES, role)
    first = "features.0.weight"
    return Network(card, state | {first: change(state[first])})


class KnownAnswersTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.networks = load_networks(BUNDLES)

    def changed(self, **changes) -> Networks:
        """The shipped networks, the scantype one with another card."""
        found = load_networks(BUNDLES)
        found.scantype.card = replace(found.scantype.card, **changes)
        return found

    def test_stored_slices_are_those_of_the_exam(self):
        with np.load(known_answers.FILE) as stored:
            self.assertLessEqual(np.abs(stored["slices"].astype(int) - stored_exam()).max(), 1)

    def test_shipped_cards_know_what_their_networks_say(self):
        for network in (self.networks.single, self.networks.scantype):
            self.assertTrue(is_known(network.card))
            told, found = network.card.known_answer["logits"], known_answer(network)["logits"]
            np.testing.assert_allclose(told, found, atol=1e-3)

    def test_no_network_is_sure_of_the_stored_slices(self):
        """Where it was, a wrong answer could look right."""
        for role, least in (("single", 0.1), ("scantype", 0.1)):
            card = load_card(BUNDLES, role)
            found = interpreted(np.array(card.known_answer["logits"]), card).probabilities
            self.assertGreaterEqual(((found > least) & (found < 0.9)).sum(), 3)

    def test_networks_that_answer_rightly_pass_in_either_precision(self):
        check_answers(self.networks)
        check_answers(load_networks(BUNDLES, Device("cpu", "bfloat16")))

    def test_network_whose_weights_changed_is_found_out(self):
        found = replace(self.networks, scantype=damaged("scantype", lambda weight: weight * 1.2))
        with self.assertRaisesRegex(WrongAnswer, "^phantoms-scantype .* answers wrongly on stored slices"):
            check_answers(found)

    def test_answer_that_is_no_number_is_found_out(self):
        found = replace(self.networks, single=damaged("single", lambda weight: torch.full_like(weight, torch.nan)))
        with self.assertRaises(ArithmeticError):
            check_answers(found)

    def test_calibration_does_not_change_what_is_known(self):
        check_answers(self.changed(temperature=3.0, shift=1.0, threshold=0.9))

    def test_card_that_knows_nothing_is_not_checked(self):
        for unknown in ({}, {"slices_sha256": "of other slices", "logits": [[9.0, -9.0]] * 4}):
            networks = self.changed(known_answer=unknown)
            self.assertFalse(is_known(networks.scantype.card))
            check_answers(networks)
