from dataclasses import replace

import numpy as np
from django.test import SimpleTestCase

from reports.layers import CURVE_KEY
from reports.legend import GAP
from reports.montage import LETTER, MOST, captioned, columns_of, evenly, montage, tile
from reports.pictures import KINDS, picture
from reports.tests.reports import UNPLACED, a_report, heat, true_slices


class ChoiceTests(SimpleTestCase):
    def test_all_are_shown_where_there_are_no_more(self):
        self.assertEqual(evenly([3, 4, 9], 3), [3, 4, 9])
        self.assertEqual(evenly([], 3), [])

    def test_more_are_chosen_evenly_with_both_ends(self):
        self.assertEqual(evenly(list(range(1, 10)), 3), [1, 5, 9])
        self.assertEqual(evenly(list(range(10, 17)), 4), [10, 12, 14, 16])

    def test_none_is_chosen_twice(self):
        for count in range(MOST, 60):
            self.assertEqual(len(set(evenly(list(range(count)), MOST))), MOST)


class GridTests(SimpleTestCase):
    def test_rows_are_as_even_as_can_be(self):
        self.assertEqual([columns_of(count) for count in range(1, 13)], [1, 2, 3, 4, 3, 3, 4, 4, 3, 4, 4, 4])


class MontageTests(SimpleTestCase):
    def test_every_positive_slice_has_a_tile_with_its_heat(self):
        report = a_report("axial")
        numbers = true_slices("axial")
        tiles = [tile(report, each, heat("axial", [each])[0, 1]) for each in numbers]
        rows, columns, _ = tiles[0].shape
        found = montage(report, legend=False)
        self.assertEqual(found.shape, (2 * rows, 3 * columns, 3))
        for place, each in enumerate(tiles):
            y, x = divmod(place, 3)
            np.testing.assert_array_equal(found[y * rows :, x * columns :][:rows, :columns], each)

    def test_marked_place_has_a_ring_around_it(self):
        report = a_report("axial")
        number = true_slices("axial")[0]
        plain, marked = (tile(report, number, heat("axial", [number])[0, 1], mark) for mark in (None, (0.25, 0.5)))
        rows, columns = np.nonzero((plain != marked).any(axis=2))
        middle = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
        # 128 x 144 pixels of one size: 267 x 300 in a tile, below a letter and right of one
        np.testing.assert_allclose(middle, (LETTER + GAP + 0.25 * 267, plain.shape[1] / 2), atol=1)
        self.assertLess(np.ptp(rows), 40)

    def test_heat_is_of_the_network_that_is_asked_for(self):
        report = a_report("axial")
        blank = replace(report, heat=lambda numbers: heat("axial", numbers) * np.array([1, 0]).reshape(1, 2, 1, 1))
        of_single, of_scantype = (montage(blank, network=each, legend=False) for each in ("single", "scantype"))
        self.assertTrue((np.ptp(of_single.astype(int), axis=2) > 0).any())
        self.assertFalse((np.ptp(of_scantype.astype(int), axis=2) > 0).any())

    def test_no_more_are_shown_than_fit(self):
        report = a_report("axial")
        shown = []
        few = replace(report, heat=lambda numbers: shown.extend(numbers) or heat("axial", numbers))
        montage(few, most=2)
        self.assertEqual(shown, [true_slices("axial")[0], true_slices("axial")[-1]])

    def test_without_a_positive_slice_it_says_so(self):
        report = a_report("axial", positive=False)
        found = montage(replace(report, heat=None))
        self.assertGreater((found > 100).any(axis=2).sum(), 500)

    def test_exam_without_geometry_and_oblique_ones_are_shown(self):
        for kind in (UNPLACED, "oblique", "sagittal"):
            self.assertGreater(montage(a_report(kind)).size, 0, kind)


class ClassesTests(SimpleTestCase):
    key = frozenset(each.colour for each in CURVE_KEY)

    def colours(self, classes: bool) -> set[tuple[int, ...]]:
        """Of a picture of all curve types side by side, made smaller; grey is none."""
        stripes = np.resize([*self.key, (90, 90, 90)], (1, 700, 3)).astype(np.uint8).repeat(500, axis=0)
        shown = captioned(stripes, None, "slice 1", "curve types", classes=classes).reshape(-1, 3)
        return {tuple(map(int, each)) for each in np.unique(shown, axis=0) if len(set(each)) > 1}

    def test_classes_that_are_made_smaller_have_the_colours_of_the_key(self):
        self.assertEqual(self.colours(classes=True), self.key)
        self.assertGreater(len(self.colours(classes=False)), len(self.key))

    def test_a_map_of_classes_has_the_colours_of_its_key_alone(self):
        report, number = a_report("axial"), true_slices("axial")[2]
        for kind in ("curve_types", "initial_rise"):
            shown = captioned(picture(report, number, kind), None, "", "", classes=True).reshape(-1, 3)
            coloured = {tuple(map(int, each)) for each in np.unique(shown, axis=0) if len(set(each)) > 1}
            self.assertLessEqual(coloured, {each.colour for each in KINDS[kind].key})
            self.assertGreater(len(coloured), 1)
