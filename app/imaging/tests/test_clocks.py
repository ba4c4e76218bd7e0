from dataclasses import replace

from django.test import SimpleTestCase

from imaging.clocks import on_one_clock
from imaging.tests.exam_slices import EMPTY

HOUR, DAY = 3600.0, 86_400.0


class OneClockTests(SimpleTestCase):
    def acquired(self, *times: float | None) -> list[float | None]:
        return [each.acquired for each in on_one_clock([replace(EMPTY, acquired=time) for time in times])]

    def test_dates_before_1970_are_dates(self):
        evening, morning = -3 * DAY + 75_000.0, -2 * DAY + 30_000.0
        self.assertEqual(self.acquired(evening, morning), [evening, morning])
        self.assertEqual(self.acquired(evening, 60.0), [evening, None])

    def test_times_of_one_day_stay(self):
        self.assertEqual(self.acquired(9 * HOUR, None, 9 * HOUR + 90), [32_400.0, None, 32_490.0])

    def test_after_midnight_is_the_next_day(self):
        self.assertEqual(self.acquired(DAY - 60, 60.0, 150.0), [86_340.0, 86_460.0, 86_550.0])

    def test_more_than_half_a_day_apart_is_no_midnight_unless_nothing_lies_between(self):
        self.assertEqual(self.acquired(7 * HOUR, 13 * HOUR, 20 * HOUR), [25_200.0, 46_800.0, 72_000.0])

    def test_time_without_a_date_is_silent_beside_one_with_a_date(self):
        self.assertEqual(self.acquired(18_000 * DAY, 60.0), [1_555_200_000.0, None])

    def test_dates_are_left_alone(self):
        self.assertEqual(self.acquired(18_000 * DAY, 18_001 * DAY), [1_555_200_000.0, 1_555_286_400.0])

    def test_content_times_are_read_alike(self):
        found = on_one_clock([replace(EMPTY, content=each) for each in (DAY - 60, 60.0)])
        self.assertEqual([each.content for each in found], [86_340.0, 86_460.0])
