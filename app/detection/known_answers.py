"""Slices whose answer is known: networks that compute wrongly are found out before they read an exam.

The slices are a phantom's, stored as the networks take them; what a network says of them stands in its card, computed
when it was made, on a processor in float32. So a driver, a device or a library that computes otherwise is seen.
"""

from functools import cache
from pathlib import Path

import numpy as np

from detection.analysis import Analysis, analyse_scantype, analyse_single, interpreted
from nets.bundle import Card, sha256
from nets.runtime import Network, Networks

# (N, 4, 128, 128) uint8 under "slices": pre and the three passes. test_known_answers.py tells which exam that is.
FILE = Path(__file__).with_name("known_slices.npz")
TOLERANCE = 0.02  # of a probability; bfloat16 moves it by less
ANALYSE = {"single": analyse_single, "scantype": analyse_scantype}
CHANNELS = {"single": slice(0, 1), "scantype": slice(1, 4)}


class WrongAnswer(Exception):
    """A network does not say of the stored slices what its card says that it does."""


def known_answer(network: Network) -> dict:
    """For ``Card.known_answer``: which slices, and the logits of each. ``network`` is to compute in float32."""
    logits = network.exact_logits(_slices(network.card.role))
    return {"slices_sha256": _slices_sha256(), "logits": np.round(logits.astype(float), 4).tolist()}


def is_known(card: Card) -> bool:
    """Whether the card tells what its network says of these slices; cards of the old system's state dicts do not."""
    return card.known_answer.get("slices_sha256") == _slices_sha256()


def check_answers(networks: Networks) -> None:
    """Has both networks read the stored slices as they read an exam.

    Raises WrongAnswer where a probability differs by more than TOLERANCE from what the network's card tells,
    ArithmeticError for an answer that is not a number.
    """
    for network in (networks.single, networks.scantype):
        card = network.card
        found = ANALYSE[card.role](_slices(card.role), network)
        if is_known(card):
            _check_same(found, interpreted(np.array(card.known_answer["logits"], np.float32), card), card)


def _check_same(found: Analysis, expected: Analysis, card: Card) -> None:
    furthest = float(np.abs(found.probabilities - expected.probabilities).max())
    if furthest > TOLERANCE:
        told = f"{card.name} {card.version} answers wrongly on stored slices: a probability differs by {furthest:.3f}"
        raise WrongAnswer(f"{told}, and {TOLERANCE} is the most")


@cache
def _slices_sha256() -> str:
    return sha256(FILE)


def _slices(role: str) -> np.ndarray:
    """(N, channels, 128, 128) float32, 0..255."""
    with np.load(FILE, allow_pickle=False) as stored:
        return stored["slices"][:, CHANNELS[role]].astype(np.float32)
