import numpy as np
from django.test import SimpleTestCase

from reports import colours
from reports.colours import HEAT, Film, alone, blended, class_film, levels, overlay, ratio_film

# How the world looks without the cones for long, and for middle wavelengths (Machado et al., IEEE TVCG 2009;15:1291,
# severity 1.0), of linear RGB.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


def lightness(rgb: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """CIE L* of (N, 3) sRGB of 0 to 255."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    luminance = (linear @ np.transpose(seen)).clip(0, 1) @ (0.2126, 0.7152, 0.0722)
    return 116 * np.cbrt(luminance) - 16


class OverlayTests(SimpleTestCase):
    def test_heat_of_up_to_a_fifth_leaves_the_picture_as_it_is(self):
        grey = np.array([[0.0, 0.2, 0.5, 1.0]], np.float32)
        found = overlay(grey, np.array([[0.0, 0.1, 0.2, 0.2]], np.float32))
        self.assertEqual(found.tolist(), [[[0] * 3, [51] * 3, [128] * 3, [255] * 3]])

    def test_most_heat_is_red_of_seventy_percent(self):
        found = overlay(np.array([[0.0, 1.0]], np.float32), np.ones((1, 2), np.float32))
        self.assertEqual(found.tolist(), [[[159, 18, 20], [235, 95, 96]]])

    def test_half_of_the_opacity_comes_with_a_quarter_of_the_way(self):
        found = overlay(np.zeros((1, 1), np.float32), np.full((1, 1), 0.4, np.float32))
        np.testing.assert_allclose(found[0, 0], 0.35 * HEAT[102], atol=1)

    def test_picture_is_of_bytes_in_three_colours(self):
        found = overlay(np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32))
        self.assertEqual((found.shape, found.dtype), ((3, 5, 3), np.uint8))

    def test_colour_is_only_where_heat_is_given(self):
        grey = np.full((20, 30), 0.5, np.float32)
        heat = np.zeros((20, 30), np.float32)
        heat[4:7, 10:12] = 0.9
        coloured = np.ptp(overlay(grey, heat).astype(int), axis=2) > 0
        self.assertEqual(np.argwhere(coloured).min(axis=0).tolist(), [4, 10])
        self.assertEqual(np.argwhere(coloured).max(axis=0).tolist(), [6, 11])
        self.assertEqual(coloured.sum(), 6)


class MapTests(SimpleTestCase):
    def test_heat_runs_from_light_to_dark_for_every_reader(self):
        for name, seen in {"all colours": np.eye(3), **BLINDNESS}.items():
            self.assertLess(np.diff(lightness(HEAT, np.array(seen))).max(), 0, name)

    def test_curve_types_differ_in_lightness_for_every_reader(self):
        shown = np.array(list(colours.CURVE_TYPES.values()), float)
        for name, seen in {"all colours": np.eye(3), **BLINDNESS}.items():
            light = sorted(lightness(shown, np.array(seen)))
            self.assertGreater(light[-1] - light[-2], 20, name)

    def test_ratio_is_pale_in_the_middle_blue_below_and_red_above(self):
        found = levels(colours.RATIO, np.array([[0.0, 0.5, 1.0]]))[0]
        np.testing.assert_allclose(found, [(69, 117, 180), (255, 255, 191), (215, 48, 39)], atol=1)


class FilmTests(SimpleTestCase):
    def test_a_class_has_its_colour_and_none_leaves_the_picture(self):
        film = class_film(np.array([[0, 1, 3]], np.uint8), {1: (100, 0, 0), 3: (0, 200, 0)})
        found = blended(np.zeros((1, 3), np.float32), *film)
        self.assertEqual(found.tolist(), [[[0, 0, 0], [100, 0, 0], [0, 200, 0]]])

    def test_ratio_that_is_not_known_leaves_the_picture(self):
        film = ratio_film(np.array([[np.nan, 0.0, 2.0, 3.0]], np.float32), 2.0)
        self.assertEqual(film.opacity.tolist(), [[0, 0.65, 0.65, 0.65]])
        np.testing.assert_allclose(film.colour[0, 1:], [(69, 117, 180), (215, 48, 39), (215, 48, 39)], atol=1)

    def test_opacity_mixes(self):
        found = blended(np.ones((1, 1)), np.zeros((1, 1, 3)), np.full((1, 1), 0.25))
        self.assertEqual(found.tolist(), [[[191, 191, 191]]])

    def test_alone_it_holds_colour_and_opacity_and_nothing_where_it_shows_nothing(self):
        film = Film(np.array([[[10.4, 20.6, 30]] * 2], np.float32), np.array([[0.6, 0.0]]))
        self.assertEqual(alone(film).tolist(), [[[10, 21, 30, 153], [0, 0, 0, 0]]])
        self.assertEqual(alone(film).dtype, np.uint8)
