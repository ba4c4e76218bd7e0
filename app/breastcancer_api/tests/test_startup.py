from unittest import mock

import cv2
from django.test import SimpleTestCase

from breastcancer_api import startup
from imaging import parallel


class PrepareTests(SimpleTestCase):
    def prepared(self, execution: str) -> list[str]:
        """What the process that answers does before, in its order."""
        parts = ("tune_heaps", "sweep", "_interrupt", "limit_threads", "ready_networks", "inline", "sweeping")
        done = mock.Mock()
        done.sweep.return_value = 0
        done.limit_threads.return_value = 2
        quiet = mock.patch.multiple(startup, purge_now_and_then=mock.Mock(), cards=list, device=mock.Mock())
        watched = mock.patch.multiple(startup, **{name: getattr(done, name) for name in parts})
        with quiet, watched, self.settings(EXECUTION=execution):
            startup.prepare()
        return [each[0] for each in done.mock_calls]

    def test_networks_have_answered_and_threads_and_heaps_limited_before_the_first_exam(self):
        done = ["tune_heaps", "sweep", "_interrupt", "limit_threads", "ready_networks", "inline.sweep_now_and_then"]
        self.assertEqual(self.prepared("inline"), done)

    def test_where_workers_read_no_network_is_loaded(self):
        self.assertEqual(self.prepared("celery"), ["tune_heaps", "sweep", "sweeping.sweep_now_and_then"])

    def test_opencv_leaves_the_cores_to_the_slices(self):
        self.assertTrue(parallel.THREADS)
        self.assertEqual(cv2.getNumThreads(), 1)
