import numpy as np
from django.test import SimpleTestCase

from phantom.describing import ranges_table
from phantom.exam import Exam, Protocol
from phantom.gallery import gallery
from phantom.ranges import TABLES, Choice, Range
from phantom.statistics import REAL, measured, table

EXAMS = [Exam(seed, Protocol(128, 128, 30), tumours=1) for seed in (5, 8)]


class GalleryTests(SimpleTestCase):
    def test_row_of_four_passes_for_each_exam(self):
        found = gallery(EXAMS)
        self.assertEqual((found.shape, found.dtype), ((2 * (176 + 14), 4 * 176), np.uint8))

    def test_tumour_is_outlined_in_the_last_pass(self):
        last = gallery(EXAMS[:1])[14:, -176:]
        self.assertGreater((last == 255).sum(), 15)


class StatisticsTests(SimpleTestCase):
    def test_table_has_a_row_for_each_real_figure(self):
        self.assertEqual(len(table(EXAMS).splitlines()), 2 + len(REAL))

    def test_tumour_and_heart_are_brighter_after_contrast(self):
        found = measured(Exam(5, Protocol(128, 128, 30), tumours=1))
        self.assertGreater(found["tumour, passes over before"][0], 1.3)
        self.assertGreater(found["tumour, before"], found["air"])


class RangesTests(SimpleTestCase):
    def test_every_range_is_in_the_table_with_its_meaning(self):
        page = ranges_table()
        missing = [
            (part, name) for part, each in TABLES.items() for name in each if f"| {part} | `{name}` |" not in page
        ]
        self.assertEqual(missing, [])

    def test_ranges_run_upwards_and_hold_what_is_common(self):
        for part, entries in TABLES.items():
            for name, each in entries.items():
                if isinstance(each, Range):
                    low, high = each.common or (each.low, each.high)
                    self.assertTrue(each.low <= low <= high <= each.high, f"{part} {name}")

    def test_shares_of_a_choice_sum_to_one(self):
        shares = [
            sum(each.shares.values()) for part in TABLES.values() for each in part.values() if isinstance(each, Choice)
        ]
        np.testing.assert_allclose(shares, 1)
