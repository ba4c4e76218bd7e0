"""The two networks of this process, loaded once."""

import logging
from functools import cache

from django.conf import settings

from detection.known_answers import check_answers, is_known
from detection.pipeline import normalisation
from nets.bundle import ROLES, Card, load_card
from nets.card_history import saw_phantoms_only
from nets.device import Device, choose
from nets.runtime import Networks, load_networks

RESEARCH = "Research use only."
SYNTHETIC = "These networks were trained on synthetic exams and have never seen a patient."
log = logging.getLogger(__name__)


@cache
def device() -> Device:
    """What this process computes on. Raises nets.device.DeviceMissing."""
    return choose(settings.DEVICE, settings.PRECISION)


@cache
def networks() -> Networks:
    """Raises nets.bundle.BundleError when NETWORKS_DIR holds no usable pair, nets.device.DeviceMissing."""
    loaded = load_networks(settings.NETWORKS_DIR, device())
    for card in loaded.cards():
        normalisation(card)  # a card that asks for an unknown one stops the start, not the first upload
    return loaded


@cache
def ready_networks() -> Networks:
    """``networks``, once they have computed, and answered rightly on slices whose answer is known.

    Raises as ``networks`` does, detection.known_answers.WrongAnswer, ArithmeticError.
    """
    loaded = networks()
    loaded.warm()
    check_answers(loaded)
    for card in loaded.cards():
        if not is_known(card):
            log.warning("network %s %s: its right answer is not known, and not checked", card.role, card.name)
    return loaded


def cards() -> tuple[Card, Card]:
    """The cards of ``networks``; where workers have those, this process reads their cards alone. Raises BundleError."""
    return networks().cards() if settings.EXECUTION == "inline" else _cards_alone()


@cache
def _cards_alone() -> tuple[Card, Card]:
    single, scantype = (load_card(settings.NETWORKS_DIR, role) for role in ROLES)
    return single, scantype


def identity(card: Card) -> dict:
    """What tells one network from another, for results and headers."""
    return {"role": card.role, "name": card.name, "version": card.version, "sha256": card.weights_sha256}


def networks_header(identities: list[dict]) -> str:
    """Value of ``X-BreastWise-Networks``: who answered, and what the answer is for."""
    told = [f"{each['role']} {each['name']}/{each['version']} sha256:{each['sha256'][:12]}" for each in identities]
    return ", ".join(told) + "; research use only"


def research_line() -> str:
    """What a reader must know of the networks in use before anything else: of any but the shipped kind, what its card
    says it is for."""
    if all(saw_phantoms_only(card.made_by) for card in cards()):
        return f"{RESEARCH} {SYNTHETIC}"
    return " ".join((RESEARCH, *dict.fromkeys(card.intended_use for card in cards())))
