"""From a trained network to the bundle that is used: 8 bits and a picture of how training went."""

from pathlib import Path

from nets.bundle import Card, save_bundle
from training.curves import draw_curves


def finish(card: Card, state: dict, run: Path, out: Path) -> Card:
    """Writes the bundle to ``out`` and a picture of the losses to ``run``."""
    draw_curves(run / "log" / "metrics.csv", run / "loss.png")
    return save_bundle(out, card, state)
