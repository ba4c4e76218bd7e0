import threading

from django.test import SimpleTestCase

from imaging.parallel import THREADS, for_each


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
