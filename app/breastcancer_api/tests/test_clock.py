import time
from unittest import mock

from django.test import SimpleTestCase

from breastcancer_api import retention
from breastcancer_api.access import Throttle
from breastcancer_api.timers import EvenClock


class ClockTests(SimpleTestCase):
    def at(self, wall: float, monotonic: float):
        return mock.patch.multiple(time, time=lambda: wall, monotonic=lambda: monotonic)

    def test_clock_that_runs_is_even_and_one_that_is_set_is_not(self):
        with self.at(1000.0, 0.0):
            clock = EvenClock(60)
        for wall, monotonic, even in ((1600, 600, True), (5800, 1200, False), (6400, 1800, True), (3400, 2400, False)):
            with self.at(wall, monotonic):
                self.assertEqual(clock.ran_evenly(), even, wall)

    def test_purge_waits_once_after_the_clock_was_set(self):
        clock = mock.Mock(ran_evenly=mock.Mock(side_effect=[True, False, True]))
        with (
            mock.patch.object(retention, "purge") as purge,
            mock.patch.object(retention.archives, "erase_orphans", return_value=0),
            self.assertLogs(retention.log, "WARNING"),
        ):
            for purged in (1, 1, 2):
                retention._purge_all(clock)
                self.assertEqual(purge.call_count, purged)


class RateTests(SimpleTestCase):
    def test_limit_of_requests_does_not_ask_the_wall_clock(self):
        self.assertIs(Throttle.timer, time.monotonic)
