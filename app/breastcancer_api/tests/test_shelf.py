import uuid
from contextlib import contextmanager
from unittest import mock

from django.test import SimpleTestCase

from breastcancer_api import shelf
from breastcancer_api.shelf import Shelf

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


class ShelfTests(SimpleTestCase):
    def setUp(self):
        self.told: list[tuple[str, int]] = []
        self.shelf = Shelf(self.opening)

    @contextmanager
    def opening(self, key: uuid.UUID):
        self.told.append(("opened", key.int))
        yield f"exam {key.int}"
        self.told.append(("closed", key.int))

    def look(self, *keys: uuid.UUID) -> None:
        for key in keys:
            with self.shelf.borrowed(key) as exam:
                self.assertEqual(exam, f"exam {key.int}")

    def test_exam_that_is_looked_at_again_is_open(self):
        self.look(ONE, ONE, OTHER, ONE)
        self.assertEqual(self.told, [("opened", 1), ("opened", 2)])

    def test_two_read_the_same(self):
        with self.shelf.borrowed(ONE) as exam, self.shelf.borrowed(ONE) as same:
            self.assertIs(exam, same)

    def test_those_that_were_looked_at_longest_ago_are_closed(self):
        with mock.patch.object(shelf, "MOST", 2):
            self.look(ONE, OTHER, ONE, uuid.UUID(int=3))
        self.assertEqual(self.told[-1], ("closed", 2))
        self.look(ONE)
        self.assertEqual(len(self.told), 4)

    def test_what_is_dropped_is_closed_by_its_last_reader(self):
        with self.shelf.borrowed(ONE):
            with self.shelf.borrowed(ONE):
                self.shelf.drop(ONE)
            self.assertEqual(self.told, [("opened", 1)])
        self.assertEqual(self.told, [("opened", 1), ("closed", 1)])
        self.look(ONE)
        self.assertEqual(self.told[-1], ("opened", 1))

    def test_what_is_not_there_is_dropped_in_silence(self):
        self.shelf.drop(ONE)
        self.assertEqual(self.told, [])

    def test_what_nobody_looks_at_for_a_minute_is_closed(self):
        with mock.patch.object(shelf.time, "monotonic", return_value=100.0) as clock:
            self.look(ONE)
            clock.return_value = 130.0
            self.look(OTHER)
            clock.return_value = 161.0
            self.shelf.tidy()
        self.assertEqual(self.told[2:], [("closed", 1)])

    def test_second_opening_at_the_same_time_takes_the_place_of_the_first(self):
        opening = self.opening

        def slow(key: uuid.UUID):
            self.shelf._opening = opening
            self.look(key)
            return opening(key)

        self.shelf._opening = slow
        self.look(ONE)
        self.assertEqual(self.told, [("opened", 1), ("opened", 1), ("closed", 1)])

    def test_reader_that_fails_leaves_it_open_for_the_next(self):
        with self.assertRaises(KeyError), self.shelf.borrowed(ONE):
            raise KeyError
        self.look(ONE)
        self.assertEqual(self.told, [("opened", 1)])

    def test_what_cannot_be_opened_is_not_there(self):
        self.shelf._opening = mock.Mock(side_effect=OSError)
        with self.assertRaises(OSError), self.shelf.borrowed(ONE):
            self.fail("it was opened")
