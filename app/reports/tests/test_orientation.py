import numpy as np
from django.test import SimpleTestCase

from reports.orientation import Edges, edges


class EdgesTests(SimpleTestCase):
    def test_axial_with_the_breasts_up(self):
        self.assertEqual(edges((1, 0, 0, 0, 1, 0)), Edges(left="R", right="L", top="A", bottom="P"))

    def test_axial_with_the_breasts_down(self):
        self.assertEqual(edges((-1, 0, 0, 0, -1, 0)), Edges(left="L", right="R", top="P", bottom="A"))

    def test_sagittal(self):
        self.assertEqual(edges((0, 1, 0, 0, 0, -1)), Edges(left="A", right="P", top="H", bottom="F"))

    def test_coronal(self):
        self.assertEqual(edges((1, 0, 0, 0, 0, -1)), Edges(left="R", right="L", top="H", bottom="F"))

    def test_turn_of_more_than_15_degrees_names_a_second_side(self):
        for degrees, wanted in ((14, "L"), (16, "LP"), (44, "LP"), (46, "PL"), (76, "P")):
            turn = np.radians(degrees)
            found = edges((np.cos(turn), np.sin(turn), 0, -np.sin(turn), np.cos(turn), 0))
            self.assertEqual(found.right, wanted)

    def test_opposite_edges_show_opposite_sides(self):
        found = edges((0.8, 0.6, 0, 0, 0, -1))
        self.assertEqual((found.left, found.right, found.top, found.bottom), ("RA", "LP", "H", "F"))
