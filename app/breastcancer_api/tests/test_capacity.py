import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
from django.test import SimpleTestCase, TestCase

from breastcancer_api.benchmarks import kept
from breastcancer_api.benchmarks.capacity import DAY, Service, arrivals, load, measured, queue, waits
from breastcancer_api.management.commands.capacity import page, simulated
from breastcancer_api.models import Slice, Study

DOCS = Path(__file__).resolve().parents[3] / "docs"


def erlang_c(workers: int, offered: float) -> float:
    """Probability that one has to wait in a queue M/M/c with ``offered`` erlangs (A. K. Erlang, 1917)."""
    terms = [offered**k / math.factorial(k) for k in range(workers)]
    last = offered**workers / math.factorial(workers) * workers / (workers - offered)
    return last / (sum(terms) + last)


class QueueTests(SimpleTestCase):
    def test_one_worker_takes_one_exam_after_the_other(self):
        found = waits(np.array([0.0, 1.0, 2.0, 20.0]), np.array([5.0, 5.0, 5.0, 5.0]), 1)
        self.assertEqual(found.tolist(), [0.0, 4.0, 8.0, 0.0])

    def test_two_workers_halve_the_queue(self):
        found = waits(np.array([0.0, 1.0, 2.0, 2.0]), np.array([5.0, 5.0, 5.0, 5.0]), 2)
        self.assertEqual(found.tolist(), [0.0, 0.0, 3.0, 4.0])

    def test_longest_queue_is_the_most_that_wait_at_once(self):
        times, seconds = np.array([0.0, 1.0, 2.0, 20.0]), np.array([5.0, 5.0, 5.0, 5.0])
        self.assertEqual(queue(times, waits(times, seconds, 1)), 2)
        self.assertEqual(queue(times, waits(times, seconds, 2)), 1)
        self.assertEqual(queue(times, waits(times, seconds, 3)), 0)

    def test_mean_wait_is_that_of_erlangs_formula(self):
        draw = np.random.default_rng(3)
        times = np.cumsum(draw.exponential(1.0, 400_000))
        found = waits(times, draw.exponential(2.4, len(times)), 3).mean()
        self.assertAlmostEqual(found, erlang_c(3, 2.4) * 2.4 / (3 - 2.4), delta=0.15)


class ArrivalTests(SimpleTestCase):
    def test_most_exams_come_by_day_and_their_number_is_the_one_asked_for(self):
        times = arrivals(1000, 50, np.random.default_rng(1))
        hours = times % DAY / 3600
        self.assertAlmostEqual(len(times) / 50, 1000, delta=15)
        self.assertAlmostEqual(((hours >= 7) & (hours < 19)).mean(), 0.95, delta=0.01)
        self.assertTrue((np.diff(times) >= 0).all())


class LoadTests(SimpleTestCase):
    def test_seconds_are_the_line_through_what_was_measured(self):
        figures = [
            {"what": "whole request, 64 slices", "value": 3.2},
            {"what": "whole request, 160 slices", "value": 8.0},
            {"what": "whole request, 160 slices, over FLOP / rate + inflating", "value": 1.1},
        ]
        found = measured(figures)
        self.assertAlmostEqual(found.fixed, 0.0)
        self.assertAlmostEqual(found.a_slice, 0.05)

    def test_one_measurement_makes_no_line(self):
        with self.assertRaisesMessage(ValueError, "two numbers of slices"):
            measured([{"what": "whole request, 64 slices", "value": 3.2}])

    def test_fewest_workers_keep_the_promise_and_one_less_does_not(self):
        service = Service(0.0, 0.05)
        found = load(20_000, service, seed=1)
        self.assertLessEqual(found.most, 60)
        draw = np.random.default_rng((1, 20_000))
        times = arrivals(20_000, 1, draw)
        seconds = service.seconds(draw.integers(80, 241, len(times)))
        self.assertGreater(np.quantile(waits(times, seconds, found.workers - 1), 0.95), 60)


class KeptTests(TestCase):
    def test_bytes_of_a_study_are_those_by_which_the_database_grows_and_nothing_stays(self):
        one, two = (kept.database_bytes(slices, range(40)) for slices in (50, 100))
        self.assertAlmostEqual(two / one, 2, delta=0.3)
        self.assertEqual((Study.objects.count(), Slice.objects.count()), (0, 0))


class PageTests(SimpleTestCase):
    def test_page_in_the_docs_is_made_of_the_figures_beside_it(self):
        about = json.loads((DOCS / "scaling.json").read_text())
        self.assertEqual((DOCS / "scaling.md").read_text(), page(about, simulated(about)))

    def test_seconds_are_those_of_the_benchmark_in_the_docs(self):
        about = json.loads((DOCS / "scaling.json").read_text())
        figures = json.loads((DOCS / "performance.json").read_text())["figures"]
        found = asdict(measured(figures))
        self.assertEqual(about["service"].keys(), found.keys())
        for name, seconds in found.items():  # processors differ in the last digit
            self.assertAlmostEqual(about["service"][name], seconds, 9, name)
