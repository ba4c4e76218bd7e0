import numpy as np
from django.test import SimpleTestCase

from training.temperature import NoFit, fitted_scaling, negative_log_likelihood


def drawn(temperature: float, shift: float = 0.0, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is too sure by ``temperature``, and what was true."""
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 2, count)
    labels = rng.random(count) < 1 / (1 + np.exp(-odds))
    return np.stack([np.zeros(count), odds * temperature - shift], axis=1), labels


class ScalingTests(SimpleTestCase):
    def test_network_that_is_too_sure_and_was_shown_too_much_tumour_is_mended(self):
        temperature, shift = fitted_scaling(*drawn(3.0, shift=1.5))
        self.assertAlmostEqual(temperature, 3.0, delta=0.1)
        self.assertAlmostEqual(shift, 1.5, delta=0.1)

    def test_no_pair_on_a_fine_grid_is_better(self):
        logits, labels = drawn(0.4, count=500)
        temperature, shift = fitted_scaling(logits, labels)

        def loss(temperature, shift):
            return negative_log_likelihood((logits + np.array([0, shift])) / temperature, labels)

        near = [(t, s) for t in np.linspace(0.8, 1.25, 31) * temperature for s in np.linspace(-0.2, 0.2, 31) + shift]
        self.assertLessEqual(loss(temperature, shift), min(loss(*each) for each in near) + 1e-7)

    def test_likelihood_of_an_even_guess_is_the_logarithm_of_two(self):
        self.assertAlmostEqual(negative_log_likelihood(np.zeros((4, 2)), np.array([1, 0, 0, 1], bool)), np.log(2))

    def test_other_classes_count_together(self):
        # odds of 1 against two others of the same logit: a third
        self.assertAlmostEqual(negative_log_likelihood(np.zeros((1, 3)), np.array([True])), np.log(3))

    def test_slices_of_one_kind_or_in_reverse_fit_nothing(self):
        logits, labels = drawn(1.0, count=500)
        with self.assertRaisesMessage(NoFit, "a temperature needs positive and negative slices"):
            fitted_scaling(np.zeros((3, 2)), np.zeros(3, bool))
        with self.assertRaisesMessage(NoFit, "no temperature and shift fit these slices"):
            fitted_scaling(-logits, labels)
