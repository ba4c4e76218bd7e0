"""One phantom, written in every way in which exams come, gives the same arrays and the same answer.

``ROUND_TRIPS`` says how many ways are drawn from the product of all axes; ``make fuzz`` draws 2,000.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from unittest import mock

import numpy as np
from pydicom.uid import HTJ2K, JPEG2000, JPEGLSNearLossless

from breastcancer_api.models import Study
from breastcancer_api.tests.test_studies import StudiesTestCase
from breastcancer_api.tests.ways import LAYOUTS, Way, along, at_random, every_syntax
from breastcancer_api.tests.written import archive, files, phantom, stored
from detection import pipeline
from imaging.preprocessing import BY_SLICE, process_scantype, process_single
from imaging.series import Series
from imaging.tests.encodings import JPEG_DCT, NEAR
from imaging.tests.slices import zip_bytes
from nets.runtime import Network

ROUND_TRIPS = int(os.environ.get("ROUND_TRIPS", "8"))
# By how much a lossy file may miss the phantom's 128 levels; where a slice fills half of 8 bits, it misses most.
BRIGHTNESS_OFF = dict.fromkeys(JPEG_DCT, 24) | {JPEGLSNearLossless: NEAR, JPEG2000: 14, HTJ2K: 3}
# The phantom has so few pixels that the networks see what is lost, and a probability near its threshold may cross it.
PROBABILITY_OFF = 0.25


@dataclass
class Trip:
    """What came of an exam: arrays of pre and the passes, what the two networks got and would have got by the original
    recipe, and the study."""

    stored: list[np.ndarray] = field(default_factory=list)
    brightness: list[np.ndarray] = field(default_factory=list)
    inputs: list[np.ndarray] = field(default_factory=list)
    original: list[np.ndarray] = field(default_factory=list)
    study: Study | None = None

    def watched(self, process: Callable) -> Callable:
        """``process``, with what it reads and returns kept."""

        def watch(*given, **options):
            passes = [each for each in given if isinstance(each, Series)]
            for series in passes:
                self.stored.append(np.stack([each.stored() for each in series.slices]))
                self.brightness.append(np.stack([each.brightness() for each in series.slices]))
            self.original.append(process(*passes, normalisation=BY_SLICE))
            self.inputs.append(process(*given, **options))
            return self.inputs[-1]

        return watch

    @property
    def probabilities(self) -> np.ndarray:
        return np.array(self.study.slices.values_list("single_probability", "scantype_probability"))

    @property
    def fused(self) -> list[int]:
        return list(self.study.slices.values_list("fused", flat=True))


def remembered(logits: Callable) -> Callable:
    """The real networks, asked once for each input."""
    known = {}

    def answer(network: Network, images: np.ndarray, *_) -> np.ndarray:
        key = network.card.role, images.tobytes()
        if key not in known:
            known[key] = logits(network, images)
        return known[key]

    return answer


LOGITS = remembered(Network.logits)


class RoundTripTests(StudiesTestCase):
    def trip(self, way: Way, content: bytes | None = None) -> Trip:
        trip = Trip()
        with (
            mock.patch.object(pipeline, "process_single", trip.watched(process_single)),
            mock.patch.object(pipeline, "process_scantype", trip.watched(process_scantype)),
            mock.patch.object(Network, "logits", LOGITS),
        ):
            response = self.send(LAYOUTS[way.layout].address, content or archive(way), name="series.zip")
        self.assertEqual(response.status_code, 201, response.content)
        trip.study = Study.objects.get(id=response["Location"].split("/")[2])
        return trip

    @cached_property
    def plain(self) -> Trip:
        return self.trip(Way())

    def hold(self, *ways: Way) -> None:
        for way in ways:
            with self.subTest(**way._asdict()):
                self.assertTrue(way.exists())
                trip, order = self.trip(way), way.order
                (self.hold_lossy if way.lossy else self.hold_lossless)(way, trip, order)

    def hold_lossless(self, way: Way, trip: Trip, order: list[int]) -> None:
        np.testing.assert_array_equal(trip.stored, stored(way)[:, order])
        np.testing.assert_array_equal(trip.brightness, phantom()[:, order])
        for kind in ("inputs", "original") if way.multiplied else ("inputs",):
            for found, wanted in zip(getattr(trip, kind), getattr(self.plain, kind), strict=True):
                np.testing.assert_array_equal(found, wanted[order])
        # a slice at another place of its batch may be rounded in another way
        off = 0 if order == sorted(order) else 1e-6
        np.testing.assert_allclose(trip.probabilities, self.plain.probabilities[order], rtol=0, atol=off)
        self.assertEqual(trip.fused, [self.plain.fused[index] for index in order])

    def hold_lossy(self, way: Way, trip: Trip, order: list[int]) -> None:
        off = np.abs(trip.brightness - phantom()[:, order].astype(float)).max()
        self.assertLessEqual(off, BRIGHTNESS_OFF[way.syntax])
        off = np.abs(trip.probabilities - self.plain.probabilities[order]).max()
        self.assertLessEqual(off, PROBABILITY_OFF)

    def test_answer_tells_one_end_of_the_stack_from_the_other(self):
        self.assertIn(1, self.plain.fused)
        self.assertNotEqual(self.plain.fused, self.plain.fused[::-1])

    def test_every_syntax_in_four_folders(self):
        self.hold(*every_syntax("four folders"))

    def test_every_syntax_in_a_flat_folder(self):
        self.hold(*every_syntax("flat"))

    def test_every_lossless_syntax_in_one_exam(self):
        ways = [way for way in every_syntax("four folders") if not way.lossy]
        written = [files(way) for way in ways]
        mixed = {name: written[place % len(ways)][name] for place, name in enumerate(written[0])}
        self.hold_lossless(ways[0], self.trip(ways[0], zip_bytes(mixed)), ways[0].order)

    def test_every_depth_and_sign(self):
        self.hold(*along("depth"))

    def test_scaled_mirrored_and_padded_values(self):
        self.hold(*along("grey"))

    def test_files_without_a_preamble_or_a_meta_header(self):
        self.hold(*along("head"))

    def test_every_layout(self):
        self.hold(*along("layout"))

    def test_every_naming(self):
        self.hold(*along("naming"))

    def test_every_packing(self):
        self.hold(*along("packing"))

    def test_every_direction_of_the_stack(self):
        self.hold(*along("stack"))

    def test_names_in_no_order_and_no_numbers_leave_the_direction_to_positions(self):
        up = Way(naming="UIDs, no InstanceNumber")
        down = up._replace(stack="axial, head to feet")
        self.assertEqual((up.order, down.order), ([0, 1, 2, 3], [3, 2, 1, 0]))
        self.hold(up, down)

    def test_ways_drawn_from_the_product_of_all(self):
        self.hold(*at_random(ROUND_TRIPS))
