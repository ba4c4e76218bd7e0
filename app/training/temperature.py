"""Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, ICML 2017): one number by which logits are
divided, so that probabilities mean what they say. It changes no order of slices."""

import numpy as np

from nets.bundle import SMALLEST_TEMPERATURE

LARGEST_TEMPERATURE = 100.0
GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 60  # shrink the range of the search by 1e-12


def fitted_temperature(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> float:
    """The temperature with the least negative log likelihood of ``labels`` (N,) bool, every slice weighed alike.

    ``logits`` (N, outputs). The likelihood has one maximum, so a golden-section search over the logarithm finds it.
    Raises ValueError when there are no positive or no negative slices: every temperature could then be made better.
    """
    if not 0 < np.count_nonzero(labels) < len(labels):
        raise ValueError("a temperature needs positive and negative slices")
    low, high = np.log(SMALLEST_TEMPERATURE), np.log(LARGEST_TEMPERATURE)
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        losses = [negative_log_likelihood(logits / np.exp(at), labels, positive_class) for at in (left, right)]
        low, high = (low, right) if losses[0] <= losses[1] else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> float:
    """Mean over slices, in nats, of the positive class against all others together."""
    logits = logits.astype(np.float64)
    others = np.delete(logits, positive_class, axis=1)
    odds = logits[:, positive_class] - np.logaddexp.reduce(others, axis=1)
    return float(np.logaddexp(0, np.where(labels, -odds, odds)).mean())
