"""How a training went: one table of its metrics by epoch, and a picture of them."""

import csv
from pathlib import Path

from matplotlib.figure import Figure

LOSSES, SCORES = ("slice_loss", "place_loss"), ("validation_auc",)


def join_metrics(logs: Path, table: Path) -> None:
    """Writes the ``metrics.csv`` of each start, folders in ``logs`` in order of their names, as one table with a row an
    epoch, counted from 1; where two starts saw an epoch the later one tells."""
    epochs: dict[int, dict] = {}
    for file in sorted(logs.glob("*/metrics.csv")):
        with file.open(newline="") as stream:
            for row in csv.DictReader(stream):
                told = {name: row[name] for name in (*LOSSES, *SCORES) if row.get(name)}
                epochs.setdefault(int(row["epoch"]) + 1, {}).update(told)
    with table.open("w", newline="") as stream:
        rows = csv.DictWriter(stream, ["epoch", *LOSSES, *SCORES])
        rows.writeheader()
        rows.writerows({"epoch": epoch} | told for epoch, told in sorted(epochs.items()))


def draw_curves(table: Path, picture: Path) -> None:
    """Draws the losses and the validation AUC by epoch from what ``join_metrics`` wrote."""
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axes, names in zip(figure.subplots(1, 2), (LOSSES, SCORES), strict=True):
        for name in names:
            told = [row for row in rows if row[name]]
            values = [float(row[name]) for row in told]
            axes.plot([int(row["epoch"]) for row in told], values, marker=".", label=name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(picture)
