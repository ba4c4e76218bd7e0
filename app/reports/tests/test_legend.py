import numpy as np
from django.test import SimpleTestCase

from reports.colours import HEAT
from reports.legend import BACKGROUND, NARROWEST, Ramp, Swatch, corner, framed, letter_places, wrapped
from reports.orientation import Edges

AXIAL = Edges(left="R", right="L", top="A", bottom="P")
GREEN = np.full((500, 600, 3), (0, 200, 0), np.uint8)


def ink(frame: np.ndarray) -> np.ndarray:
    return (frame != BACKGROUND).any(axis=2)


class FrameTests(SimpleTestCase):
    def test_picture_is_left_as_it_is(self):
        left, top = corner(600, AXIAL)
        frame = framed(GREEN, ["Slice 1"], edges=AXIAL, millimetres=0.7)
        np.testing.assert_array_equal(frame[top : top + 500, left : left + 600], GREEN)
        self.assertEqual((frame == (0, 200, 0)).all(axis=2).sum(), 500 * 600)

    def test_letters_stand_beside_the_middle_of_each_edge(self):
        frame = framed(GREEN, ["Slice 1"], edges=AXIAL)
        left, top = corner(600, AXIAL)
        places = {letters: place for place, letters in letter_places(500, 600, AXIAL)}
        self.assertEqual(places["R"], (left / 2, top + 250))
        self.assertEqual(places["L"], (left + 600 + left / 2, top + 250))
        self.assertEqual(places["A"], (left + 300, top / 2))
        self.assertEqual(places["P"], (left + 300, top + 500 + top / 2))
        for x, y in places.values():
            self.assertTrue(ink(frame)[round(y) - 6 : round(y) + 6, round(x) - 6 : round(x) + 6].any())

    def test_nothing_but_letters_stands_beside_the_picture(self):
        frame = ink(framed(GREEN, ["Slice 1"], edges=AXIAL))
        left, top = corner(600, AXIAL)
        frame[:, left : left + 600] = False
        rows = np.flatnonzero(frame[: top + 500].any(axis=1))
        self.assertGreater(rows.min(), top + 250 - 10)
        self.assertLess(rows.max(), top + 250 + 10)

    def test_without_geometry_there_are_no_letters(self):
        frame = ink(framed(GREEN, ["Slice 1"]))
        left, top = corner(600, None)
        self.assertFalse(frame[:top].any() or frame[:, :left][: top + 500].any())

    def test_scale_bar_is_as_long_as_it_says(self):
        below = ink(framed(GREEN, [""], millimetres=0.5))[520:]
        longest = max(len(run) for row in below for run in "".join(" #"[each] for each in row.tolist()).split())
        self.assertEqual(longest, 201)  # 100 mm are 200 pixels from end to end

    def test_scale_bar_takes_no_more_than_a_third(self):
        self.assertEqual(framed(GREEN, [""], millimetres=1000.0).shape, framed(GREEN, [""]).shape)

    def test_key_shows_its_colours_below_the_picture(self):
        frame = framed(GREEN, ["Slice 1"], key=(Swatch((1, 2, 250), "wash-out"), Ramp(HEAT, "less", "most")))
        self.assertGreater((frame[516:] == (1, 2, 250)).all(axis=2).sum(), 100)
        self.assertTrue((frame[516:] == HEAT[-1].round()).all(axis=2).any())
        self.assertTrue((frame[516:] == HEAT[0].round()).all(axis=2).any())

    def test_small_picture_has_room_for_words_below(self):
        frame = framed(GREEN[:64, :64], ["Slice 1"], edges=AXIAL)
        self.assertGreaterEqual(frame.shape[1], NARROWEST)
        left, top = corner(64, AXIAL)
        np.testing.assert_array_equal(frame[top : top + 64, left : left + 64], GREEN[:64, :64])

    def test_more_words_make_it_higher(self):
        one, two = (framed(GREEN, ["Slice 1", *more]).shape[0] for more in ([], ["word " * 60]))
        self.assertGreater(two, one + 2 * 15)


class WrappingTests(SimpleTestCase):
    def test_lines_break_between_words(self):
        self.assertEqual(list(wrapped("one two three", 1)), ["one", "two", "three"])
        self.assertEqual(list(wrapped("one two three", 1000)), ["one two three"])
        self.assertEqual(list(wrapped("", 10)), [])
