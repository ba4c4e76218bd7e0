"""Prepared slices -> what each network says about them."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from detection.watch import UNWATCHED, Watch
from nets.bundle import Card
from nets.runtime import Network

# Slices whose logits lie closer to another decision than bfloat16 may move them are computed again in float32, so that
# an exam is answered alike on every machine. ``manage.py parity`` counts how often that fails.
ROUNDING = 0.06


@dataclass(frozen=True)
class Analysis:
    """One network's answer, a row a slice.

    ``logits`` (N, outputs) float32 as the network gives them; ``probabilities`` (N,) float64 of tumour; ``decisions``
    (N,) int, 1 positive and 0 negative.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    decisions: np.ndarray


def analyse_single(images: np.ndarray, network: Network, watch: Watch = UNWATCHED) -> Analysis:
    """The fat-saturated slices (N, 1, 128, 128), 0..255, through the single network.

    Raises ValueError for another number of channels, ArithmeticError for an answer that is not a number.
    """
    return _analyse(images, network, watch)


def analyse_scantype(images: np.ndarray, network: Network, watch: Watch = UNWATCHED) -> Analysis:
    """The three passes (N, 3, 128, 128), 0..255, channels in pass order, through the scantype network.

    Raises ValueError for another number of channels, ArithmeticError for an answer that is not a number.
    """
    return _analyse(images, network, watch)


def _analyse(images: np.ndarray, network: Network, watch: Watch) -> Analysis:
    card = network.card
    if images.shape[1] != card.topology.channels:
        raise ValueError(f"{card.name} takes {card.topology.channels} channels, got {images.shape[1]}")
    logits = network.logits(images, watch.check, partial(watch.computed, card.role))
    if network.rounds:
        close = np.flatnonzero(_close(interpreted(logits, card), card))
        logits[close] = network.exact_logits(images[close], watch.check)
    return interpreted(logits, card)


def _close(analysis: Analysis, card: Card) -> np.ndarray:
    """(N,) bool: slices whose logits lie within ROUNDING of another decision."""
    if card.threshold is None:
        others = np.delete(analysis.logits, card.positive_class, axis=1).max(axis=1)
        return np.abs(analysis.logits[:, card.positive_class] - others) < ROUNDING
    with np.errstate(divide="ignore", invalid="ignore"):  # a probability or threshold of 0 or 1
        return card.temperature * np.abs(_odds(analysis.probabilities) - _odds(card.threshold)) < ROUNDING


def _odds(probability: np.ndarray | float) -> np.ndarray:
    return np.log(probability) - np.log1p(-np.asarray(probability))


def interpreted(logits: np.ndarray, card: Card) -> Analysis:
    """What logits (N, outputs) mean by the card. Raises ArithmeticError when one of them is not a number."""
    shifted = logits.astype(np.float64)
    shifted[:, card.positive_class] += card.shift
    probabilities = _softmax(shifted / card.temperature)[:, card.positive_class]
    if not (np.isfinite(logits).all() and np.isfinite(probabilities).all()):
        raise ArithmeticError(f"{card.name} answered with a value that is not a number")
    if card.threshold is None:
        decisions = logits.argmax(axis=1) == card.positive_class
    else:
        decisions = probabilities >= card.threshold
    return Analysis(logits, probabilities, decisions.astype(int))


def _softmax(logits: np.ndarray) -> np.ndarray:
    relative = np.exp(logits - logits.max(axis=1, keepdims=True))
    return relative / relative.sum(axis=1, keepdims=True)
