import numpy as np
from django.test import SimpleTestCase

from detection.kinetics import curve_types, floor_of, smoothed
from reports import colours
from reports.layers import HEATS, LAYERS, MAPS, layer
from reports.pictures import grey, picture
from reports.tests.reports import a_report, true_mask, true_slices


def unasked(_):
    raise AssertionError("no heat is needed")


class LayerTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = a_report("oblique")
        cls.exam = cls.report.exam
        cls.number = true_slices("oblique")[1]

    def layer(self, name: str) -> np.ndarray:
        return layer(name, self.exam, self.number, self.report.heat if name in HEATS else unasked)

    def test_names_in_the_order_in_which_they_are_offered(self):
        names = ["heat-scantype", "heat-single", "initial_rise", "curve_types", "signal_enhancement_ratio"]
        self.assertEqual(list(LAYERS), names)

    def test_each_is_of_the_slice_as_it_is_stored(self):
        for name in LAYERS:
            found = self.layer(name)
            self.assertEqual((found.shape, found.dtype), ((128, 144, 4), np.uint8), name)
            self.assertGreater(found[..., 3].max(), 100, name)

    def test_over_grey_it_is_what_the_picture_shows(self):
        report = a_report("axial")  # its pixels are square
        under = 255 * grey(report.exam, "1st_pass", 5)[..., None]
        for name in LAYERS:
            over = layer(name, report.exam, 5, report.heat).astype(float)
            shown = under + over[..., 3:] / 255 * (over[..., :3] - under)
            asked = {"heat": HEATS[name]} if name in HEATS else {"kind": name}
            np.testing.assert_allclose(shown, picture(report, 5, **asked), atol=1.6, err_msg=name)

    def test_heat_lies_where_the_network_looked(self):
        for name in HEATS:
            np.testing.assert_array_equal(self.layer(name)[..., 3] > 0, true_mask("oblique", self.number))

    def test_each_network_has_its_own_heat(self):
        heat = np.zeros((1, 2, 128, 144), np.float32)
        heat[0, 0, 5, 7] = heat[0, 1, 9, 11] = 1
        for name, place in (("heat-single", [5, 7]), ("heat-scantype", [9, 11])):
            found = layer(name, self.exam, 3, lambda _: heat)
            self.assertEqual(np.argwhere(found[..., 3]).tolist(), [place])

    def test_classes_are_not_mixed(self):
        kinds = curve_types(smoothed(self.exam.passes(self.number)), floor_of(self.exam))
        found = self.layer("curve_types")
        np.testing.assert_array_equal(found[..., 3] > 0, kinds > 0)
        for kind, colour in colours.CURVE_TYPES.items():
            self.assertEqual(np.unique(found[kinds == kind], axis=0).tolist(), [[*colour, 255]])

    def test_each_says_what_it_shows(self):
        self.assertEqual(
            {name: each.caption.partition(":")[0] for name, each in MAPS.items()}["curve_types"],
            "Of tissue that gains 50 % or more from before contrast to the first pass",
        )
        for each in LAYERS.values():
            self.assertTrue(each.title and each.caption and each.key)

    def test_what_there_is_not_is_refused(self):
        with self.assertRaises(KeyError):
            self.layer("heat-both")
