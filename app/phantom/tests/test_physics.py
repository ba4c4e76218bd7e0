import numpy as np
from django.test import SimpleTestCase

from phantom.physics import blood_concentration, shortened, spoiled_gradient_echo, tissue_concentration


class SignalTests(SimpleTestCase):
    def test_signal_is_ernsts_formula(self):
        # E = exp(-4 / 1000), sin 12 = 0.20791, cos 12 = 0.97815
        self.assertAlmostEqual(float(spoiled_gradient_echo(1000, 4, 12)), 0.20791 * 0.003992 / 0.025759, places=4)

    def test_short_t1_is_brighter_than_long_t1(self):
        short, long = spoiled_gradient_echo(np.array([300, 1200]), 4.1, 12)
        self.assertGreater(short, 2 * long)

    def test_one_millimole_of_relaxivity_4_shortens_one_second_to_a_fifth(self):
        self.assertAlmostEqual(float(shortened(1000, np.array(1.0), 4.0)), 200.0)


class ContrastTests(SimpleTestCase):
    def test_no_agent_before_it_arrives(self):
        self.assertEqual(blood_concentration(np.array([-1.0, 0.0])).tolist(), [0.0, 0.0])

    def test_blood_peaks_at_six_millimoles_after_a_sixth_of_a_minute(self):
        minutes = np.arange(0, 5, 0.005)
        blood = blood_concentration(minutes)
        self.assertAlmostEqual(blood.max(), 6.0, delta=0.2)
        self.assertAlmostEqual(minutes[blood.argmax()], 0.17, delta=0.01)

    def test_blood_holds_nine_tenths_of_a_millimole_after_one_minute(self):
        self.assertAlmostEqual(float(blood_concentration(np.array(1.0))), 0.89, delta=0.01)

    def test_plasma_alone_follows_the_blood(self):
        minutes = np.array([1.0, 3.0])
        found = tissue_concentration(0, 0.2, 0.58, minutes)
        np.testing.assert_allclose(found, blood_concentration(minutes), rtol=1e-3)

    def test_leak_without_return_is_the_area_under_the_plasma(self):
        grid = np.arange(0, 2 + 1e-9, 1e-4)
        area = np.trapezoid(blood_concentration(grid) / 0.58, grid)
        found = tissue_concentration(0.1, 1e6, 0, np.array([2.0]))
        self.assertAlmostEqual(float(found[0]), 0.1 * area, delta=0.003)

    def test_much_room_keeps_filling_and_little_room_washes_out(self):
        minutes = np.array([1.5, 4.5])
        roomy, full = (tissue_concentration(0.1, 0.8, 0, minutes), tissue_concentration(0.8, 0.2, 0, minutes))
        self.assertGreater(roomy[1], 1.2 * roomy[0])
        self.assertLess(full[1], 0.8 * full[0])
