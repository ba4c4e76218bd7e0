import json
from dataclasses import replace

import torch
from django.test import SimpleTestCase

from imaging.tests.folders import FolderTestCase
from nets.bundle import (
    WEIGHTS,
    BundleError,
    Card,
    copy_bundles,
    dequantise,
    holds_bundles,
    load,
    load_bundle,
    load_card,
    quantise,
    rewrite_card,
    save_bundle,
)
from nets.vgg import FirstConvolution, Topology, build_vgg19, draw_weights

CARD = Card(
    name="tiny",
    version="1",
    role="single",
    topology=Topology(1, FirstConvolution(kernel=7, stride=2, padding=3, bias=True), "pooled", 2),
    normalisation={"maximum": "slice"},
    threshold=0.5,
    intended_use="tests",
)


class EightBitTests(SimpleTestCase):
    def test_weights_come_back_within_half_a_step_of_their_channel(self):
        weight = torch.tensor([[1.0, -0.5, 0.25], [100.0, 30.0, -127.0]])
        restored = dequantise(quantise({"w": weight}))["w"]
        self.assertLessEqual((restored - weight)[0].abs().max().item(), 0.5 / 127 + 1e-7)
        self.assertEqual(restored[1].tolist(), [100.0, 30.0, -127.0])

    def test_biases_stay_exact(self):
        bias = torch.tensor([0.123456, -7.0])
        self.assertTrue(torch.equal(dequantise(quantise({"b": bias}))["b"], bias))

    def test_a_channel_of_zeros_stays_zero(self):
        self.assertEqual(dequantise(quantise({"w": torch.zeros(2, 3)}))["w"].tolist(), [[0.0] * 3] * 2)


class BundleTests(FolderTestCase):
    def save(self) -> Card:
        state = draw_weights(build_vgg19(CARD.topology), seed=0).state_dict()
        return save_bundle(self.folder / "single", CARD, state)

    def refused(self) -> str:
        with self.assertRaises(BundleError) as caught:
            load(self.folder, "single")
        return str(caught.exception)

    def test_card_alone_is_the_card_of_the_network(self):
        self.save()
        self.assertEqual(load_card(self.folder, "single"), load(self.folder, "single")[0])
        with self.assertRaisesRegex(BundleError, "no such file"):
            load_card(self.folder, "scantype")

    def test_card_alone_of_an_old_state_dict_is_the_card_of_the_network(self):
        torch.save(draw_weights(build_vgg19(CARD.topology), seed=0).state_dict(), self.folder / "vgg_scantype.pth")
        self.assertEqual(load_card(self.folder, "scantype"), load(self.folder, "scantype")[0])

    def test_bundle_comes_back_as_it_was_saved(self):
        saved = self.save()
        card, state = load(self.folder, "single")
        self.assertEqual(card, saved)
        self.assertEqual(state["features.0.weight"].shape, (64, 1, 7, 7))

    def test_bundle_is_at_most_22_million_bytes(self):
        self.save()
        self.assertLess((self.folder / "single" / "weights.safetensors").stat().st_size, 22_000_000)

    def test_weights_of_another_card_are_refused(self):
        self.save()
        weights = self.folder / "single" / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        self.assertIn("weights.safetensors: not the weights of its card (SHA-256 differs)", self.refused())

    def test_another_card_takes_the_place_of_the_first_when_the_weights_are_its_own(self):
        card = replace(self.save(), threshold=0.25)
        rewrite_card(self.folder / "single", card)
        self.assertEqual(load(self.folder, "single")[0], card)
        with self.assertRaisesMessage(BundleError, "not the weights of its card"):
            rewrite_card(self.folder / "single", replace(card, weights_sha256="0"))
        self.assertEqual(load(self.folder, "single")[0], card)

    def test_missing_bundle_is_named(self):
        self.assertIn("single/card.json: no such file", self.refused())

    def test_card_without_a_topology_is_refused(self):
        self.save()
        card = self.folder / "single" / "card.json"
        card.write_text(json.dumps({"name": "x"}))
        self.assertIn("card.json: not a network card", self.refused())

    def test_card_with_channels_in_another_order_is_refused(self):
        self.save()
        card = self.folder / "single" / "card.json"
        record = json.loads(card.read_text())
        record["input"]["channel_order"] = ["1st_pass"]
        card.write_text(json.dumps(record))
        self.assertIn("a single network takes the channels pre", self.refused())

    def test_file_that_is_no_state_dict_is_refused_and_not_unpickled(self):
        self.save()
        (self.folder / "vgg_single_pretrained.pth").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
        self.assertIn("vgg_single_pretrained.pth: not a state dict", self.refused())

    def test_card_keeps_every_field_through_json(self):
        self.assertEqual(Card.from_json(CARD.to_json()), CARD)

    def test_card_with_values_that_mean_nothing_is_refused(self):
        for key, value, told in (
            ('"temperature": 1.0', '"temperature": 0', "temperature is 0"),
            ('"temperature": 1.0', '"temperature": NaN', "temperature is nan"),
            ('"shift": 0.0', '"shift": Infinity', "shift is inf, not a number"),
            ('"threshold": 0.5', '"threshold": 2', "threshold is 2, not a probability"),
            ('"positive_class": 1', '"positive_class": 2', "positive_class is 2, not one of 2 outputs"),
            ('"kernel": 7', '"kernel": "7"', "kernel, stride and padding are whole numbers"),
            ('"role": "single"', '"role": "both"', "role is 'both', not one of single, scantype"),
        ):
            self.assertIn(key, CARD.to_json())
            with self.assertRaisesMessage(ValueError, told):
                Card.from_json(CARD.to_json().replace(key, value))

    def test_card_for_inputs_of_another_size_is_refused(self):
        record = json.loads(CARD.to_json())
        record["input"]["size"] = [256, 256]
        with self.assertRaisesMessage(ValueError, "input is [256, 256], [0, 255]; networks take [128, 128], [0, 255]"):
            Card.from_json(json.dumps(record))

    def test_the_other_network_in_a_place_is_refused(self):
        self.save()
        (self.folder / "single").rename(self.folder / "scantype")
        with self.assertRaisesMessage(BundleError, "a single network in the place of the scantype one"):
            load(self.folder, "scantype")

    def test_loaded_network_does_not_change_with_its_file(self):
        self.save()
        _, state = load(self.folder, "single")
        before = {name: value.clone() for name, value in state.items()}
        weights = self.folder / "single" / "weights.safetensors"
        with weights.open("r+b") as file:
            file.write(bytes(weights.stat().st_size))
        self.assertTrue(all(torch.equal(value, before[name]) for name, value in state.items()))

    def test_bundle_folder_loads_by_itself(self):
        self.save()
        self.assertEqual(load_bundle(self.folder / "single")[0].name, "tiny")

    def test_copy_has_the_same_weights_and_another_card(self):
        card = replace(self.save(), threshold=0.9)
        copy_bundles(self.folder, self.folder / "copy", [card])
        self.assertEqual(load_bundle(self.folder / "copy" / "single")[0], card)
        weights = [(folder / "single" / WEIGHTS).read_bytes() for folder in (self.folder, self.folder / "copy")]
        self.assertEqual(weights[0], weights[1])

    def test_copy_of_other_weights_than_the_cards_leaves_nothing_in_its_place(self):
        card = replace(self.save(), weights_sha256="0")
        with self.assertRaisesMessage(BundleError, "not the weights of its card (SHA-256 differs)"):
            copy_bundles(self.folder, self.folder / "copy", [card])
        self.assertFalse((self.folder / "copy").exists())

    def test_copy_goes_to_a_new_folder(self):
        with self.assertRaisesMessage(BundleError, "is there already"):
            copy_bundles(self.folder, self.folder, [])

    def test_folder_with_an_old_state_dict_holds_no_bundles(self):
        self.assertTrue(holds_bundles(self.folder))
        (self.folder / "vgg_scantype.pth").touch()
        self.assertFalse(holds_bundles(self.folder))
