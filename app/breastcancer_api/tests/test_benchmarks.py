import json
import shutil
from io import StringIO
from pathlib import Path
from unittest import mock

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.test import SimpleTestCase

from breastcancer_api.benchmarks import parity, plain, reading
from breastcancer_api.benchmarks.networks import flops
from breastcancer_api.benchmarks.reading import CORES, Memory, ReadDifferently, Seconds, memory, one_round
from breastcancer_api.benchmarks.table import Line, draw, markdown, page
from breastcancer_api.benchmarks.uploads import Endurance
from breastcancer_api.local_server import Held
from breastcancer_api.management.commands import parity as command
from breastcancer_api.studies import limits
from detection.pipeline import scan
from imaging.tests.folders import FolderTestCase
from nets.bundle import ROLES, load
from nets.device import Device
from nets.runtime import load_networks
from nets.vgg import TORCHVISION_FIRST, Topology
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

DOCS = Path(__file__).resolve().parents[3] / "docs"


class ReadingBenchmarkTests(FolderTestCase):
    def setUp(self):
        super().setUp()
        self.archive = self.folder / "phantom.zip"
        write_zip(Exam(7, Protocol(48, 64, 5)), self.archive)

    def test_plain_code_reads_what_the_service_reads(self):
        found = one_round(self.archive)  # raises ReadDifferently otherwise
        self.assertGreater(min(found.exam, found.inputs, found.prepare), 0)

    def test_difference_between_plain_code_and_the_service_is_told(self):
        with mock.patch.object(reading, "_inputs", return_value=0), self.assertRaises(ReadDifferently):
            one_round(self.archive)

    def test_ratio_is_to_an_even_share_for_each_core(self):
        one = Seconds(inflate=2.0, decode=1.0, prepare=3.0, exam=3.0, inputs=12.0)
        self.assertEqual((one.exam_ratio, one.inputs_ratio), (1.0 * CORES, 2.0 * CORES))

    def test_memory_counts_the_inputs_and_one_pass(self):
        held = memory(self.archive)
        self.assertEqual((held.inputs, held.one_pass), (4 * 5 * 128 * 128 * 4, 5 * 48 * 64 * 2))
        self.assertGreater(held.peak, held.inputs)

    def test_allowed_memory_is_two_and_a_half_times_the_inputs_and_one_pass(self):
        self.assertEqual(Memory(peak=0, inputs=100, one_pass=7).allowed, 257)

    def test_plain_recipe_answers_as_the_service_in_float32(self):
        networks = load_networks(settings.NETWORKS_DIR)
        with self.archive.open("rb") as archive:
            (self.folder / "work").mkdir()
            served = scan(archive, self.folder / "work", networks, limits()).slices
        found = plain.rows(self.archive, settings.NETWORKS_DIR)
        self.assertEqual(found[:, 2].tolist(), [each.fused for each in served])
        probabilities = [(each.single_probability, each.scantype_probability) for each in served]
        np.testing.assert_allclose(found[:, 3:], probabilities, atol=1e-4)


class ParityTests(FolderTestCase):
    def test_service_decides_as_the_plain_recipe_and_the_cards_say_so(self):
        bundles = shutil.copytree(settings.NETWORKS_DIR, self.folder / "networks")
        pair = load_networks(bundles, Device("cpu", "float32"))
        drawn = mock.patch.object(parity, "drawn_exam", lambda seed: Exam(seed, Protocol(48, 64, 5)))
        with drawn, self.settings(NETWORKS_DIR=bundles), mock.patch.object(command, "networks", lambda: pair):
            call_command("parity", exams=2, into_cards=True, stdout=(told := StringIO()))
        self.assertIn("both fused: 100.0000% of 10 slices equal", told.getvalue())
        for role in ROLES:
            kept = load(bundles, role)[0].figures["parity"]
            self.assertEqual((kept["exams"], kept["slices"], kept["decisions_equal"]), (2, 10, 1.0))
            self.assertLess(kept["largest_difference"], 1e-4)


class TableTests(FolderTestCase):
    def test_line_says_whether_its_goal_is_reached(self):
        self.assertEqual(Line("x", 1.2, "s", at_most=1.25).cells, ("x", "1.2 s", "<= 1.25", "reached"))
        self.assertEqual(Line("x", 0.8, "", at_least=0.85).cells, ("x", "0.8", ">= 0.85", "missed"))
        self.assertEqual(Line("x", 3.0, "s").cells, ("x", "3 s", "", ""))

    def test_table_is_markdown(self):
        self.assertEqual(markdown([Line("x", 3.0, "s")]).splitlines()[-1], "| x | 3 s |  |  |")

    def test_page_says_where_and_how_it_was_made(self):
        about = {"command": "c 1", "commit": "abc", "machine": "m, 2 threads", "device": "cpu", "precision": "float32"}
        made = page(about, [Line("x", 3.0, "s")])
        self.assertIn("    c 1\n\nm, 2 threads; cpu, float32; commit `abc`.\n\n| what |", made)

    def test_page_in_the_docs_is_made_of_the_figures_beside_it(self):
        about = json.loads((DOCS / "performance.json").read_text())
        lines = [Line(**each) for each in about.pop("figures")]
        self.assertEqual((DOCS / "performance.md").read_text(), page(about, lines))

    def test_picture_is_drawn(self):
        draw([("64 slices", {"inflating": 1.0, "all else": 2.0})], self.folder / "bars.png")
        self.assertGreater((self.folder / "bars.png").stat().st_size, 1000)


class NetworkTests(SimpleTestCase):
    def test_operations_of_a_slice_are_those_of_vgg19(self):
        # convolutions of column E at 128 x 128, by hand: 6.38 thousand million multiplications and as many additions
        self.assertAlmostEqual(flops(Topology(3, TORCHVISION_FIRST, "pooled", 2)) / 1e9, 12.76, delta=0.02)


class EnduranceTests(SimpleTestCase):
    def test_growth_counts_from_the_twentieth_exam(self):
        held = [Held(0, 50 if exam < 19 else 100, 7, 9) for exam in range(39)]
        found = Endurance((*held, Held(0, 103, 7, 9)))
        self.assertAlmostEqual(found.growth, 0.03)
        self.assertTrue(found.steady)

    def test_file_left_open_is_seen(self):
        self.assertFalse(Endurance((*[Held(0, 1, 7, 9)] * 29, *[Held(0, 1, 8, 9)] * 10)).steady)

    def test_thread_left_running_is_seen(self):
        self.assertFalse(Endurance((*[Held(0, 1, 7, 9)] * 29, *[Held(0, 1, 7, 10)] * 10)).steady)

    def test_file_that_a_timer_opens_for_a_moment_is_not_left_open(self):
        self.assertTrue(Endurance((*[Held(0, 1, 7, 9)] * 33, Held(0, 1, 9, 10), *[Held(0, 1, 7, 9)] * 5)).steady)
