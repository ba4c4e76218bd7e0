import os
import threading

from django.test import SimpleTestCase

from imaging.parallel import THREADS, cores, for_each
from imaging.tests.folders import FolderTestCase


class ForEachTests(SimpleTestCase):
    def test_answers_come_in_the_order_of_the_items(self):
        self.assertEqual(for_each(str, range(100)), [str(number) for number in range(100)])

    def test_first_item_in_order_that_fails_is_told(self):
        def refuse(number: int) -> None:
            if number in (3, 7):
                raise ValueError(number)

        with self.assertRaisesMessage(ValueError, "3"):
            for_each(refuse, range(10))

    def test_as_many_items_are_worked_on_at_once_as_there_are_threads(self):
        met = threading.Barrier(THREADS)  # broken, with an error, unless all of them are there
        for_each(lambda _: met.wait(timeout=30), range(THREADS))


class CoresTests(FolderTestCase):
    def allotted(self, text: str) -> int:
        file = self.folder / "cpu.max"
        file.write_text(text)
        return cores(file)

    def test_container_may_use_what_it_is_allotted(self):
        self.assertEqual(self.allotted("100000 100000\n"), 1)
        self.assertEqual(self.allotted("50000 100000\n"), 1)

    def test_without_a_limit_all_cores_of_the_process_count(self):
        here = len(os.sched_getaffinity(0))
        self.assertEqual(self.allotted("max 100000\n"), here)
        self.assertEqual(self.allotted("100000000000 100000\n"), here)
        self.assertEqual(cores(self.folder / "none"), here)
