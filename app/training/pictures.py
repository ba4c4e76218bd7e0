"""Pictures of an evaluation: curves, reliability, sensitivity by lesion size, and what went wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib import pyplot
from matplotlib.axes import Axes
from torchmetrics.functional.classification import binary_precision_recall_curve, binary_roc

from training.comparison import slice_numbers
from training.evaluate import BASELINE, Evaluation
from training.exam_set import NEGATIVE, POSITIVE
from training.figures import Cohort, Opinion, calibration, worth
from training.labelled_exams import LabelledExam

matplotlib.use("Agg")
COLOURS = {"single": "tab:blue", "scantype": "tab:orange", "fused": "tab:green", BASELINE: "tab:gray"}
WORST = 6  # slices a row
PASSES_SHOWN = {"before contrast": 0, "first pass": 1, "last pass": 3}


def draw(evaluation: Evaluation, pair: dict[str, Opinion], figures: dict, folder: Path) -> list[Path]:
    """Writes the pictures of one pair of networks, whose figures are ``evaluate.report``'s, as PNG files."""
    cohort = evaluation.cohort
    opinions = pair | {BASELINE: evaluation.kinetic}
    drawn = [_save(folder / "reliability.png", lambda axes: _reliability(axes, figures))]
    if 0 < cohort.slice_cases.labels.sum() < len(cohort.slice_cases.labels):
        drawn += [
            _save(folder / "roc.png", lambda axes: _roc(axes, opinions, figures, cohort)),
            _save(folder / "precision_recall.png", lambda axes: _precision_recall(axes, opinions, cohort)),
            _save(folder / "lesion_size.png", lambda axes: _lesion_size(axes, figures)),
        ]
    for name, rows in worst(pair["fused"], cohort).items():
        if len(rows):
            drawn.append(_strip(folder / f"{name}.png", evaluation.exams, cohort, pair, rows))
    return drawn


def draw_network(role: str, opinion: Opinion, cohort: Cohort, folder: Path) -> list[Path]:
    """Writes the curves and the reliability of one network as PNG files."""
    judged = opinion.rows(cohort.judged)
    told = {
        "slices": worth(judged, cohort.slice_cases),
        "calibration": calibration(judged.scores, cohort.slice_cases.labels),
    }
    return [
        _save(folder / "roc.png", lambda axes: _roc(axes, {role: opinion}, {role: told}, cohort)),
        _save(folder / "precision_recall.png", lambda axes: _precision_recall(axes, {role: opinion}, cohort)),
        _save(folder / "reliability.png", lambda axes: _reliability(axes, {role: told})),
    ]


def worst(fused: Opinion, cohort: Cohort) -> dict[str, np.ndarray]:
    """Rows of the positive slices that are missed with the lowest scores, and of the negative slices that are taken
    for positive with the highest, worst first, one an exam."""
    missed = np.flatnonzero((cohort.labels == POSITIVE) & ~fused.decisions)
    alarms = np.flatnonzero((cohort.labels == NEGATIVE) & fused.decisions)
    return {
        "worst_misses": _one_an_exam(missed[np.argsort(fused.scores[missed], kind="stable")], cohort),
        "worst_false_alarms": _one_an_exam(alarms[np.argsort(-fused.scores[alarms], kind="stable")], cohort),
    }


def _one_an_exam(rows: np.ndarray, cohort: Cohort) -> np.ndarray:
    _, first = np.unique(cohort.exams[rows], return_index=True)
    return rows[np.sort(first)][:WORST]


def _save(file: Path, paint: Callable[[Axes], None]) -> Path:
    picture, axes = pyplot.subplots(figsize=(6, 5), layout="constrained")
    paint(axes)
    picture.savefig(file, dpi=120)
    pyplot.close(picture)
    return file


def _roc(axes: Axes, opinions: dict[str, Opinion], figures: dict, cohort: Cohort) -> None:
    for name, opinion in opinions.items():
        false, true, _ = binary_roc(*_tensors(opinion, cohort))
        told = figures[name]["slices"]["auc"]["value"]
        axes.plot(false, true, color=COLOURS[name], label=f"{name}, AUC {told:.3f}")
    axes.plot([0, 1], [0, 1], ":", color="black", linewidth=0.8)
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", title="Slices: receiver operating characteristic")
    axes.legend(loc="lower right")


def _precision_recall(axes: Axes, opinions: dict[str, Opinion], cohort: Cohort) -> None:
    for name, opinion in opinions.items():
        precision, recall, _ = binary_precision_recall_curve(*_tensors(opinion, cohort))
        axes.plot(recall, precision, color=COLOURS[name], label=name)
    axes.axhline(cohort.slice_cases.labels.mean(), linestyle=":", color="black", linewidth=0.8)
    axes.set(xlabel="sensitivity", ylabel="positive predictive value", title="Slices: precision and recall")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left")


def _reliability(axes: Axes, figures: dict) -> None:
    for role in figures:
        if "calibration" not in figures[role]:
            continue  # the fused answer and the baseline give no probabilities
        told = figures[role]["calibration"]
        points = [(each["mean_probability"], each["positive_share"]) for each in told["bins"]]
        label = f"{role}, expected error {told['expected_calibration_error']}"
        axes.plot(*np.reshape(points, (-1, 2)).T, "o-", color=COLOURS[role], label=label)
    axes.plot([0, 1], [0, 1], ":", color="black", linewidth=0.8)
    axes.set(xlabel="mean probability of tumour", ylabel="share with tumour", title="Slices: reliability")
    axes.legend(loc="upper left")


def _lesion_size(axes: Axes, figures: dict) -> None:
    sizes = [size for size in figures["fused"]["by_lesion_size"] if size != "unknown"]
    for shift, (name, told) in enumerate(figures.items()):
        for place, size in enumerate(sizes):
            found = told["by_lesion_size"][size]["sensitivity"]
            if found["value"] is not None:
                low, high = found["interval_95"] or [found["value"]] * 2
                at = place + 0.2 * (shift - 1.5)
                axes.bar(at, found["value"], 0.18, color=COLOURS[name])
                axes.vlines(at, low, high, color="black", linewidth=1)
    counts = [figures["fused"]["by_lesion_size"][size]["slices"] for size in sizes]
    axes.set_xticks(range(len(sizes)), [f"{size}\n{n} slices" for size, n in zip(sizes, counts, strict=True)])
    axes.set(ylabel="sensitivity", ylim=(0, 1.02), title="Slices: sensitivity by size of the lesion")
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[name], label=name) for name in figures]
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _strip(
    file: Path, exams: Sequence[LabelledExam], cohort: Cohort, pair: dict[str, Opinion], rows: np.ndarray
) -> Path:
    """A column a slice: what it looks like, and both networks' probabilities."""
    numbers = slice_numbers(cohort)
    size = (2.2 * len(rows) + 0.6, 2.2 * len(PASSES_SHOWN) + 0.6)
    picture, grid = pyplot.subplots(len(PASSES_SHOWN), len(rows), figsize=size, layout="constrained", squeeze=False)
    for axes, name in zip(grid[:, 0], PASSES_SHOWN, strict=True):
        axes.set_ylabel(name)
    for column, row in zip(grid.T, rows, strict=True):
        exam, number = numbers[row]
        with exams[exam].open() as opened:
            brightness = opened.brightness()
        white = np.percentile(brightness[:, 1], 99.9)
        for axes, k in zip(column, PASSES_SHOWN.values(), strict=True):
            axes.imshow(brightness[number - 1, k], cmap="gray", vmin=0, vmax=white)
            axes.set(xticks=[], yticks=[])
        told = f"single {pair['single'].scores[row]:.2f}, scantype {pair['scantype'].scores[row]:.2f}"
        column[0].set_title(f"exam {exam + 1}, slice {number}\n{told}", fontsize=8)
    picture.savefig(file, dpi=120)
    pyplot.close(picture)
    return file


def _tensors(opinion: Opinion, cohort: Cohort) -> tuple[torch.Tensor, torch.Tensor]:
    # ranks, because torchmetrics takes what leaves 0..1 for logits
    _, ranks = np.unique(opinion.scores[cohort.judged], return_inverse=True)
    return torch.from_numpy(ranks / max(ranks.max(), 1)), torch.from_numpy(cohort.slice_cases.labels.astype(int))
