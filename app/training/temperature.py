"""Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, ICML 2017): one number by which logits are
divided, so that probabilities mean what they say. It changes no order of slices."""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from nets.bundle import SMALLEST_TEMPERATURE

LARGEST_TEMPERATURE = 100.0
GOLDEN = (np.sqrt(5) - 1) / 2
STEPS = 60  # shrink the range of the search by 1e-12


def fitted_temperature(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> float:
    """The temperature with the least negative log likelihood of ``labels`` (N,) bool, every slice weighed alike.

    ``logits`` (N, outputs). The likelihood has one maximum, so a golden-section search over the logarithm finds it.
    Raises ValueError when there are no positive or no negative slices: every temperature could then be made better.
    """
    _check_both(labels)
    low, high = np.log(SMALLEST_TEMPERATURE), np.log(LARGEST_TEMPERATURE)
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        losses = [negative_log_likelihood(logits / np.exp(at), labels, positive_class) for at in (left, right)]
        low, high = (low, right) if losses[0] <= losses[1] else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


def fitted_temperature_and_shift(
    logits: np.ndarray, labels: np.ndarray, positive_class: int = 1
) -> tuple[float, float]:
    """Temperature, and what is first added to the logit of the positive class (Platt, Advances in Large Margin
    Classifiers, 1999), with the least negative log likelihood.

    A network that was shown half tumour and half none says tumour too often where it is rare, and no temperature mends
    that. The shift belongs into the bias of its last layer. Raises ValueError as ``fitted_temperature``, and when
    no temperature a card may have fits: the slices are ranked in reverse, or by chance.
    """
    _check_both(labels)
    told, truth = (torch.from_numpy(each.astype(float)) for each in (odds(logits, positive_class), np.asarray(labels)))
    line = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # slope and intercept; the loss is convex in them
    fit = torch.optim.LBFGS([line], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        fit.zero_grad()
        value = binary_cross_entropy_with_logits(line[0] * told + line[1], truth)
        value.backward()
        return value

    fit.step(loss)
    slope, intercept = line.tolist()
    if not 1 / LARGEST_TEMPERATURE <= slope <= 1 / SMALLEST_TEMPERATURE:
        raise ValueError("no temperature and shift fit these slices")
    return round(1 / slope, 4), round(intercept / slope, 4)


def _check_both(labels: np.ndarray) -> None:
    if not 0 < np.count_nonzero(labels) < len(labels):
        raise ValueError("a temperature needs positive and negative slices")


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> float:
    """Mean over slices, in nats, of the positive class against all others together."""
    told = odds(logits, positive_class)
    return float(np.logaddexp(0, np.where(labels, -told, told)).mean())


def odds(logits: np.ndarray, positive_class: int) -> np.ndarray:
    """(N,) float64: logarithm of the odds of the positive class against all others."""
    logits = logits.astype(np.float64)
    return logits[:, positive_class] - np.logaddexp.reduce(np.delete(logits, positive_class, axis=1), axis=1)
