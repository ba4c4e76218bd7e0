"""Platt scaling: two numbers, temperature and shift, so that probabilities mean what they say. It changes no order.

Platt, Advances in Large Margin Classifiers, 1999; with the temperature alone, Guo et al., ICML 2017. A network that was
shown half tumour and half none says tumour too often where it is rare, and no temperature alone mends that.
"""

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from nets.bundle import SMALLEST_TEMPERATURE

LARGEST_TEMPERATURE = 100.0


class NoFit(Exception):
    """No temperature and shift fit the slices; the text says why."""


def fitted_scaling(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> tuple[float, float]:
    """Temperature and shift (``nets.bundle.Card``) with the least negative log likelihood of ``labels`` (N,) bool,
    every slice weighed alike.

    ``logits`` (N, outputs). Raises NoFit when there are no positive or no negative slices, or when no temperature a
    card may have fits: the slices are ranked by chance, or in reverse.
    """
    if not 0 < np.count_nonzero(labels) < len(labels):
        raise NoFit("a temperature needs positive and negative slices")
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
        raise NoFit("no temperature and shift fit these slices: they are ranked by chance, or in reverse")
    return round(1 / slope, 4), round(intercept / slope, 4)


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray, positive_class: int = 1) -> float:
    """Mean over slices, in nats, of the positive class against all others together."""
    told = odds(logits, positive_class)
    return float(np.logaddexp(0, np.where(labels, -told, told)).mean())


def odds(logits: np.ndarray, positive_class: int) -> np.ndarray:
    """(N,) float64: logarithm of the odds of the positive class against all others."""
    logits = logits.astype(np.float64)
    return logits[:, positive_class] - np.logaddexp.reduce(np.delete(logits, positive_class, axis=1), axis=1)
