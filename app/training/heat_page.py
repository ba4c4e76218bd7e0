"""The figures and the picture of where heat lies, as docs/heat.md shows them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes

from nets.bundle import ROLES
from training.pointing import Shown

matplotlib.use("Agg")
EXAMS_SHOWN = 6
# How much of the brightness below heat of 1 hides.
OPACITY = 0.6
GROUPS = {"detected": "it detects", "answered": "the answer names"}
SHARES = ("enhancing", "wash_out", "plateau", "persistent", "air", "chest")
PLACES = {
    "tumour": "tumour (slices of the answer)",
    "finding": "tumour (best slices of findings)",
    "heart": "put into the heart",
    "chest wall": "put into the chest wall",
    "air": "put into the air",
}


def pointing_table(pointing: Mapping[str, Mapping]) -> str:
    """Markdown of ``pointing.report``'s ``pointing``: a row for each method, network and group of slices."""
    head = (
        "heat",
        "network",
        "slices with tumour that",
        "slices",
        "peak within 5 mm",
        "heat inside",
        "within 5 mm",
        "area",
    )
    rows = [
        (
            method,
            role,
            words,
            str(found["slices"]),
            *(_cell(found[name]) for name in ("pointing", "inside", "near", "chance")),
        )
        for method, by_role in pointing.items()
        for role in ROLES
        for group, words in GROUPS.items()
        for found in (by_role[role][group],)
    ]
    return _table(head, rows)


def agreement_table(agreements: Mapping[str, Mapping]) -> str:
    """Markdown of ``pointing.report``'s ``agreement``: a row for each place."""
    head = ("heat on or", "slices", "warned", *(name.replace("_", "-") for name in SHARES))
    rows = [
        (words, str(found["slices"]), _cell(found["warned"]), *(_value(found[name]) for name in SHARES))
        for place, words in PLACES.items()
        if (found := agreements.get(place))
    ]
    return _table(head, rows)


def separation_table(told: Mapping[str, Mapping]) -> str:
    """Markdown of ``pointing.report``'s ``separation``: a row for runs with tumour in one breast and in both."""
    head = (
        "positive slices side by side that hold tumour in",
        "such runs",
        "two findings",
        "the peak of each in tumour",
    )
    rows = [
        (words, str(found["runs"]), _cell(found["two_findings"]), _cell(found["right"]))
        for words, found in told.items()
    ]
    return _table(head, rows)


def curves_table(told: Mapping[str, Mapping[str, int]]) -> str:
    """Markdown of ``pointing.report``'s ``curves``: a row for each type that the tumour's curve has."""
    kinds = list(dict.fromkeys(kind for found in told.values() for kind in found))
    rows = [(tumour, *(str(found[kind]) for kind in kinds)) for tumour, found in told.items()]
    return _table(("the tumour's curve", *(f"told: {kind}" for kind in kinds)), rows)


def draw(shown: Sequence[Shown], file: Path) -> None:
    """Writes a PNG: a column a slice; brightness with the tumour's outline, and beneath the heat of both networks."""
    size = (2.2 * len(shown) + 0.4, 2.2 * (1 + len(ROLES)) + 0.4)
    picture, grid = pyplot.subplots(1 + len(ROLES), len(shown), figsize=size, layout="constrained", squeeze=False)
    for axes, name in zip(grid[:, 0], ("first pass", *ROLES[::-1]), strict=True):
        axes.set_ylabel(name)
    for column, each in zip(grid.T, shown, strict=True):
        column[0].set_title(each.label, fontsize=8)
        for axes, role in zip(column, (None, *ROLES[::-1]), strict=True):
            _paint(axes, each, role)
    picture.savefig(file, dpi=100)
    pyplot.close(picture)


def _paint(axes: Axes, shown: Shown, role: str | None) -> None:
    axes.imshow(shown.brightness, cmap="gray", vmin=0, vmax=np.percentile(shown.brightness, 99.8))
    if role:
        red = np.zeros((*shown.heat[role].shape, 4))
        red[..., 0], red[..., 3] = 1, OPACITY * shown.heat[role]
        axes.imshow(red)
    axes.contour(shown.tumour, levels=[0.5], colors="yellow", linewidths=0.6)
    axes.set(xticks=[], yticks=[])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def _value(told: Mapping) -> str:
    return "-" if told["value"] is None else f"{told['value']:.2f}"


def _cell(told: Mapping) -> str:
    if told["value"] is None or not told["interval_95"]:
        return _value(told)
    low, high = told["interval_95"]
    return f"{told['value']:.3f} ({low:.3f} to {high:.3f})"
