from dataclasses import replace

from django.test import SimpleTestCase
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String

from reports.charts import BRIGHTEST, SHADE, Axes, probabilities, uptake
from reports.document_fonts import register
from reports.tests.reports import a_report


def shapes(drawing: Drawing, kind: type) -> list:
    return [each for each in drawing.contents if isinstance(each, kind)]


def words(drawing: Drawing) -> list[str]:
    return [each.text for each in shapes(drawing, String)]


class AxesTests(SimpleTestCase):
    def test_edges_of_the_field_stand_for_its_ends(self):
        axes = Axes(10, 20, 100, 50, (1, 5), (0, 2))
        self.assertEqual([axes.at(1, 0), axes.at(5, 2), axes.at(3, 1)], [(10, 20), (110, 70), (60, 45)])


class ProbabilitiesTests(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        register()
        cls.report = a_report("axial")
        cls.drawing = probabilities(cls.report, 400, 140)

    def test_a_line_a_network_rises_with_its_probability(self):
        # the field is 370 wide from 26 on, 104 high from 22 on; 14 slices
        for line, role in zip(shapes(self.drawing, PolyLine), ("single", "scantype"), strict=True):
            for k, each in enumerate(self.report.slices):
                x, y = line.points[2 * k : 2 * k + 2]
                self.assertAlmostEqual(x, 26 + 370 * (k + 0.5) / 14)
                self.assertAlmostEqual(y, 22 + 104 * getattr(each, f"{role}_probability"))

    def test_positive_slices_are_shaded(self):
        shaded = [each.x for each in shapes(self.drawing, Rect) if each.fillColor == SHADE][:-1]  # less the legend's
        for x, number in zip(shaded, self.report.positive_slices, strict=True):
            self.assertAlmostEqual(x, 26 + 370 * (number - 1) / 14)

    def test_thresholds_are_drawn_and_told_where_they_are_known(self):
        heights = [each.y1 for each in shapes(self.drawing, Line) if each.strokeDashArray == (1, 2)]
        self.assertEqual(heights, [22 + 104 * card.threshold for card in self.report.cards])
        self.assertIn("single, threshold 0.055", words(self.drawing))
        without = probabilities(replace(self.report, cards=[]), 400, 140)
        self.assertIn("single", words(without))

    def test_numbers_of_slices_do_not_crowd(self):
        self.assertIn("14", words(self.drawing))
        many = words(probabilities(replace(self.report, slices=list(self.report.slices) * 12), 400, 140))
        self.assertEqual(many[many.index("20") - 1 :][:9], ["1", *map(str, range(20, 161, 20))])


class UptakeTests(SimpleTestCase):
    def drawn(self, curve: tuple[float, ...], seconds=None) -> Drawing:
        register()
        return uptake(replace(a_report("axial").findings[0].peak, curve=curve), seconds, 140, 82)

    def test_curve_rises_with_brightness_at_even_steps(self):
        # the field is 100 wide from 24 on, 50 high from 18 on, from 0.5 to 2.0
        (line,) = shapes(self.drawn((1.0, 2.0, 1.75, 1.5)), PolyLine)
        self.assertEqual([round(each, 3) for each in line.points[::2]], [24, 57.333, 90.667, 124])
        self.assertEqual([round(each, 3) for each in line.points[1::2]], [34.667, 68, 59.667, 51.333])

    def test_minutes_are_told_where_they_are_known(self):
        self.assertIn("1.5 min", words(self.drawn((1, 2, 2, 2), seconds=(0, 90, 180, 270))))
        self.assertFalse([each for each in words(self.drawn((1, 2, 2, 2))) if "min" in each])

    def test_wild_curve_is_cut(self):
        (line,) = shapes(self.drawn((1, 900, 2, 0)), PolyLine)
        self.assertEqual(max(line.points[1::2]), 18 + 50)
        self.assertIn(f"{BRIGHTEST:g}", words(self.drawn((1, 900, 2, 0))))
