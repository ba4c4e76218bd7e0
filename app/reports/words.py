"""What every form says in the same words."""

from collections.abc import Sequence

from detection.heat import CAPTION, SINGLE_CAPTION
from nets.bundle import ROLES, Card

RESEARCH = "Research use only."
SYNTHETIC = "These networks were trained on synthetic exams and have never seen a patient."
SEE_CARDS = "What these networks were trained on stands in their cards, as far as it is known."
# How a card says that its network was trained on no patient.
NEVER = "never seen a patient"


def counted(count: int, thing: str) -> str:
    """``1 slice``, ``2 slices``; ``thing`` is one."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def be(count: int) -> str:
    return "is" if count == 1 else "are"


def about_heat(network: str) -> str:
    """What red means, below a picture with the heat of ``network``, single or scantype."""
    return " ".join((f"The {network} network.", CAPTION, *([SINGLE_CAPTION] if network == "single" else [])))


def banner(cards: Sequence[Card]) -> str:
    """What nobody may overlook; ``cards`` are those of the networks that are at hand."""
    synthetic = len(cards) == len(ROLES) and all(NEVER in each.intended_use for each in cards)
    return f"{RESEARCH} {SYNTHETIC if synthetic else SEE_CARDS}"
