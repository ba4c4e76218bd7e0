import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from django.test import SimpleTestCase

from detection.analysis import analyse_scantype, analyse_single
from detection.tests.recipe import ScantypeNetwork, drawn, logits_by_recipe, pooled_network, single_network
from imaging.preprocessing import process_scantype, process_single
from imaging.tests.slices import exam_files, slice_bytes, write_files
from nets.bundle import CARD, WEIGHTS, BundleError, Card, load, save_bundle
from nets.device import Device
from nets.runtime import Network, load_networks
from nets.vgg import TORCHVISION_FIRST, FirstConvolution, Topology

NAMES = ["001.dcm", "002.dcm", "003.dcm"]
TOLERANCE = 1e-3


BUNDLES = Path(__file__).parents[2] / "nets" / "bundles"


class AgainstTheRecipe(SimpleTestCase):
    """Both old state-dict forms, and both bundles, against the plain one-slice-at-a-time recipe in float32."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        files = exam_files(count=3, rows=150)
        inverted = np.random.default_rng(1).integers(0, 300, (150, 150))
        for folder_name in ("pre", "2nd_pass"):
            files[f"{folder_name}/002.dcm"] = slice_bytes(inverted, 2, 2.0, PhotometricInterpretation="MONOCHROME1")
        write_files(files, cls.folder)
        cls.pre = cls.folder / "pre"
        cls.passes = [cls.folder / name for name in ("1st_pass", "2nd_pass", "3rd_pass")]

    def assert_agrees(self, logits: np.ndarray, oracle: np.ndarray):
        self.assertGreater(np.ptp(oracle, axis=0).max(), 10 * TOLERANCE, "the slices must differ for this to say much")
        self.assertLess(np.abs(logits - oracle).max(), TOLERANCE)

    def test_old_single_state_dict(self):
        network = drawn(single_network(), seed=1)
        torch.save(network.state_dict(), self.folder / "vgg_single_pretrained.pth")
        loaded = Network(*load(self.folder, "single"))
        answer = analyse_single(process_single(self.pre), loaded)
        oracle = logits_by_recipe(network, [self.pre], NAMES)
        self.assert_agrees(answer.logits, oracle)
        self.assertEqual(answer.decisions.tolist(), (oracle.argmax(axis=1) == 1).astype(int).tolist())

    def test_old_scantype_state_dict_with_its_unused_convolution(self):
        network = drawn(ScantypeNetwork(), seed=2).eval()
        self.assertIn("conv1.weight", network.state_dict())
        torch.save(network.state_dict(), self.folder / "vgg_scantype.pth")
        loaded = Network(*load(self.folder, "scantype"))
        answer = analyse_scantype(process_scantype(*self.passes), loaded)
        self.assert_agrees(answer.logits, logits_by_recipe(network, self.passes, NAMES))

    def test_third_pass_read_from_the_second_would_be_seen(self):
        network = drawn(pooled_network(3), seed=3)
        loaded = self.bundled(network, "scantype", Topology(3, TORCHVISION_FIRST, "pooled", 2))
        right = logits_by_recipe(network, self.passes, NAMES)
        wrong = logits_by_recipe(network, [*self.passes[:2], self.passes[1]], NAMES)
        self.assertGreater(np.abs(right - wrong).max(), 10 * TOLERANCE)
        self.assert_agrees(analyse_scantype(process_scantype(*self.passes), loaded).logits, right)

    def test_single_bundle(self):
        network = drawn(pooled_network(1), seed=4)
        first = FirstConvolution(kernel=7, stride=2, padding=3, bias=True)
        loaded = self.bundled(network, "single", Topology(1, first, "pooled", 2))
        answer = analyse_single(process_single(self.pre), loaded)
        self.assert_agrees(answer.logits, logits_by_recipe(network, [self.pre], NAMES))

    def bundled(self, network: torch.nn.Module, role: str, topology: Topology) -> Network:
        """The network through a bundle on disk; the oracle takes over the weights that 8 bits keep."""
        card = Card("test", "1", role, topology, {"maximum": "slice"}, 0.5, "tests")
        save_bundle(self.folder / "bundles" / role, card, network.state_dict())
        card, state = load(self.folder / "bundles", role)
        network.load_state_dict(state)
        return Network(card, state)


class Fixed:
    """A network that answers with the logits it was given, and in float32 with those that are ``exact``."""

    def __init__(self, logits: list[list[float]], exact: list[list[float]] | None = None, **card):
        topology = Topology(1, TORCHVISION_FIRST, "pooled", 2)
        self.card = Card("fixed", "1", "single", topology, {"maximum": "slice"}, **card, intended_use="tests")
        self.answer = np.array(logits, np.float32)
        self.rounds, self.exact = exact is not None, np.array(exact or [], np.float32)

    def logits(self, images: np.ndarray, *_) -> np.ndarray:
        return self.answer[: len(images)]

    def exact_logits(self, images: np.ndarray, *_) -> np.ndarray:
        """Of images whose first value is their place among the slices."""
        return self.exact[images[:, 0, 0, 0].astype(int)]


class AnalysisTests(SimpleTestCase):
    images = np.zeros((3, 1, 128, 128), np.float32)

    def test_probability_is_the_softmax_and_the_threshold_counts_as_positive(self):
        answer = analyse_single(self.images, Fixed([[0, 0], [0, np.log(3)], [2, 0]], threshold=0.5))
        np.testing.assert_allclose(answer.probabilities, [0.5, 0.75, 0.1192], atol=1e-4)
        self.assertEqual(answer.decisions.tolist(), [1, 1, 0])

    def test_temperature_flattens_the_probability(self):
        answer = analyse_single(self.images, Fixed([[0, 4], [0, 0], [0, 0]], threshold=0.9, temperature=2.0))
        self.assertAlmostEqual(answer.probabilities[0], 0.8808, places=4)
        self.assertEqual(answer.decisions[0], 0)

    def test_shift_is_added_to_the_positive_class_before_the_temperature_divides(self):
        answer = analyse_single(self.images, Fixed([[0, 1]] * 3, threshold=0.9, temperature=2.0, shift=3.0))
        self.assertAlmostEqual(answer.probabilities[0], 0.8808, places=4)

    def test_without_a_threshold_the_largest_logit_decides(self):
        answer = analyse_single(self.images, Fixed([[1, 1.1], [1.1, 1], [0, 5]], threshold=None))
        self.assertEqual(answer.decisions.tolist(), [1, 0, 1])

    def test_slices_within_rounding_of_the_threshold_are_computed_again_in_float32(self):
        images = np.zeros((4, 1, 128, 128), np.float32)
        images[:, 0, 0, 0] = range(4)
        rounded, exact = [[0, -0.15], [0, -0.05], [0, 0.05], [0, 0.15]], [[0, 1], [0, 2], [0, -3], [0, -4]]
        for card in ({"threshold": 0.5}, {"threshold": None}, {"threshold": 0.6225, "temperature": 2.0, "shift": 1.0}):
            answer = analyse_single(images, Fixed(rounded, exact, **card))
            np.testing.assert_allclose(answer.logits[:, 1], [-0.15, 2, -3, 0.15])
            self.assertEqual(answer.decisions.tolist(), [0, 1, 0, 1])

    def test_threshold_that_no_probability_reaches_is_far_from_every_slice(self):
        answer = analyse_single(self.images, Fixed([[0, 900]] * 3, [[0, 0]] * 3, threshold=0.5))
        self.assertEqual(answer.logits[:, 1].tolist(), [900, 900, 900])

    def test_wrong_number_of_channels_is_refused(self):
        with self.assertRaisesMessage(ValueError, "fixed takes 1 channels, got 3"):
            analyse_scantype(np.zeros((1, 3, 128, 128), np.float32), Fixed([[0, 0]], threshold=0.5))

    def test_answer_that_is_not_a_number_is_no_answer(self):
        with self.assertRaisesMessage(ArithmeticError, "fixed answered with a value that is not a number"):
            analyse_single(self.images, Fixed([[0, np.nan]] * 3, threshold=0.5))


class ShippedNetworksTests(SimpleTestCase):
    def test_each_takes_the_shape_its_card_states_and_answers_in_batches_as_one_by_one(self):
        shipped = load_networks(BUNDLES)
        for network, channels in ((shipped.single, 1), (shipped.scantype, 3)):
            images = np.random.default_rng(0).uniform(0, 255, (18, channels, 128, 128)).astype(np.float32)
            together = network.logits(images)
            self.assertEqual(together.shape, (18, 2))
            alone = [network.logits(images[[index]])[0] for index in (0, 15, 16)]
            np.testing.assert_allclose(together[[0, 15, 16]], alone, atol=TOLERANCE)

    def test_weights_lie_channels_last(self):
        for network in (load_networks(BUNDLES).single, load_networks(BUNDLES, Device("cpu", "bfloat16")).scantype):
            kernels = [each for each in network.model.parameters() if each.dim() == 4 and each.shape[1] > 1]
            self.assertTrue(all(each.is_contiguous(memory_format=torch.channels_last) for each in kernels))
            self.assertGreater(len(kernels), 10)

    def test_in_bfloat16_the_logits_round_and_the_exact_ones_are_those_of_float32(self):
        images = np.random.default_rng(0).uniform(0, 255, (2, 1, 128, 128)).astype(np.float32)
        exact = load_networks(BUNDLES).single
        rounding = load_networks(BUNDLES, Device("cpu", "bfloat16")).single
        self.assertEqual((exact.rounds, rounding.rounds), (False, True))
        np.testing.assert_array_equal(rounding.exact_logits(images), exact.logits(images))
        self.assertGreater(np.abs(rounding.logits(images) - exact.logits(images)).max(), 0)

    def test_empty_stack_has_no_logits(self):
        shipped = load_networks(BUNDLES)
        self.assertEqual(shipped.single.logits(np.zeros((0, 1, 128, 128), np.float32)).shape, (0, 2))

    def test_cards_say_that_no_patient_was_seen_and_how_they_were_made(self):
        for role in ("single", "scantype"):
            record = json.loads((BUNDLES / role / CARD).read_text())
            self.assertIn("never seen a patient", record["intended_use"])
            self.assertIn(f"--network {role}", record["made_by"]["command"])
            found = record["figures"]["evaluation"]
            self.assertGreaterEqual(found["counts"]["exams"], 200)
            low, high = found["slice_auc"]["interval_95"]
            self.assertTrue(low < found["slice_auc"]["value"] < high)

    def test_both_were_evaluated_as_the_pair_they_are(self):
        records = [json.loads((BUNDLES / role / CARD).read_text()) for role in ("single", "scantype")]
        pair = {record["role"]: record["weights_sha256"] for record in records}
        for record in records:
            self.assertEqual(record["figures"]["evaluation"]["pair"], pair)

    def test_eight_bits_cost_no_more_than_two_thousandths_of_the_auc(self):
        for role in ("single", "scantype"):
            told = json.loads((BUNDLES / role / CARD).read_text())["figures"]["validation"]
            self.assertLessEqual(abs(told["slice_auc"] - told["slice_auc_before_rounding"]), 0.002)

    def test_probabilities_are_three_hundredths_off_at_most(self):
        for role in ("single", "scantype"):
            found = json.loads((BUNDLES / role / CARD).read_text())["figures"]["evaluation"]
            self.assertLessEqual(found["expected_calibration_error"], 0.03)

    def test_weights_take_22_megabytes_at_most(self):
        for role in ("single", "scantype"):
            self.assertLessEqual((BUNDLES / role / WEIGHTS).stat().st_size, 22_000_000)

    def test_weights_of_another_topology_are_refused(self):
        card, state = load(BUNDLES, "single")
        state.pop("classifier.bias")
        with self.assertRaisesMessage(BundleError, "the weights do not fit the card's topology"):
            Network(card, state)
