import numpy as np
from django.test import SimpleTestCase

from training.temperature import fitted_temperature, fitted_temperature_and_shift, negative_log_likelihood


def drawn(temperature: float, shift: float = 0.0, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is too sure by ``temperature``, and what was true."""
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 2, count)
    labels = rng.random(count) < 1 / (1 + np.exp(-odds))
    return np.stack([np.zeros(count), odds * temperature - shift], axis=1), labels


class TemperatureTests(SimpleTestCase):
    def test_network_that_is_three_times_too_sure_gets_temperature_three(self):
        self.assertAlmostEqual(fitted_temperature(*drawn(3.0)), 3.0, delta=0.1)

    def test_no_temperature_on_a_fine_grid_is_better(self):
        logits, labels = drawn(0.4, count=500)
        found = fitted_temperature(logits, labels)
        grid = np.geomspace(0.05, 20, 2000)
        best = min(grid, key=lambda each: negative_log_likelihood(logits / each, labels))
        self.assertAlmostEqual(found, best, delta=0.002)

    def test_likelihood_of_an_even_guess_is_the_logarithm_of_two(self):
        self.assertAlmostEqual(negative_log_likelihood(np.zeros((4, 2)), np.array([1, 0, 0, 1], bool)), np.log(2))

    def test_other_classes_count_together(self):
        # odds of 1 against two others of the same logit: a third
        self.assertAlmostEqual(negative_log_likelihood(np.zeros((1, 3)), np.array([True])), np.log(3))

    def test_slices_of_one_kind_fit_no_temperature(self):
        with self.assertRaisesMessage(ValueError, "a temperature needs positive and negative slices"):
            fitted_temperature(np.zeros((3, 2)), np.zeros(3, bool))


class ShiftTests(SimpleTestCase):
    def test_network_that_was_shown_too_much_tumour_is_shifted_back(self):
        temperature, shift = fitted_temperature_and_shift(*drawn(2.0, shift=1.5))
        self.assertAlmostEqual(temperature, 2.0, delta=0.1)
        self.assertAlmostEqual(shift, 1.5, delta=0.1)

    def test_slices_ranked_in_reverse_fit_nothing(self):
        logits, labels = drawn(1.0, count=500)
        with self.assertRaisesMessage(ValueError, "no temperature and shift fit these slices"):
            fitted_temperature_and_shift(-logits, labels)
