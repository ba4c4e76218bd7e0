import threading

from django.test import SimpleTestCase

from detection.meanwhile import meanwhile
from detection.watch import UNWATCHED, Watch


class MeanwhileTests(SimpleTestCase):
    def test_both_run_at_the_same_time(self):
        here, there = threading.Event(), threading.Event()

        def work(_):
            there.set()
            return here.wait(10)

        with meanwhile(work, UNWATCHED) as future:
            self.assertTrue(there.wait(10))
            here.set()
        self.assertTrue(future.result())

    def test_work_ends_when_the_body_fails_and_its_error_is_the_one_seen(self):
        ended = []

        def work(watch):
            try:
                while True:
                    watch.check()
            finally:
                ended.append(True)

        with self.assertRaisesMessage(ValueError, "the body"), meanwhile(work, UNWATCHED):
            raise ValueError("the body")
        self.assertEqual(ended, [True])

    def test_what_the_callers_check_raises_ends_the_work(self):
        def check():
            raise ConnectionError("gone")

        with meanwhile(lambda watch: watch.check(), Watch(check)) as future:
            pass
        with self.assertRaisesMessage(ConnectionError, "gone"):
            future.result()
