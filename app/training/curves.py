"""A picture of how a training went."""

import csv
from pathlib import Path

from matplotlib.figure import Figure

LOSSES, SCORES = ("slice_loss", "place_loss"), ("validation_auc",)


def draw_curves(metrics: Path, picture: Path) -> None:
    """Draws the losses and the validation AUC by epoch from Lightning's ``metrics.csv``."""
    with metrics.open(newline="") as file:
        rows = list(csv.DictReader(file))
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, names in zip(figure.subplots(1, 2), (LOSSES, SCORES), strict=True):
        for name in names:
            points = [(int(row["epoch"]) + 1, float(row[name])) for row in rows if row.get(name)]
            axes.plot(*zip(*points, strict=True), marker=".", label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(picture)
