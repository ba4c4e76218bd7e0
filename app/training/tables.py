"""Figures of an evaluation as tables for a terminal."""

COLUMNS = ("auc", "sensitivity", "specificity", "ppv", "npv", "accuracy")


def tables(told: dict) -> str:
    """What ``metrics.json`` tells, the most important of it."""
    readers, amounts = told["readers"], told["counts"]
    parts = [", ".join(f"{count} {name.replace('_', ' ')}" for name, count in amounts.items())]
    if told["left_out"]:
        parts.append("exams left out: " + ", ".join(f"{count} {code}" for code, count in told["left_out"].items()))
    for of in ("slices", "exams"):
        rows = [[name, *(_cell(figures[of][column]) for column in COLUMNS)] for name, figures in readers.items()]
        parts.append(_table([of, *COLUMNS], rows))
    parts += [_by_size(readers, "by_lesion_size", "sensitivity"), _by_size(readers, "by_cut", "auc")]
    parts += [_operating(readers), _calibration(readers)]
    return "\n\n".join(parts)


def comparison_table(comparison: dict) -> str:
    """How two pairs of networks differ."""
    rows = []
    for name, count in comparison["decisions_that_differ"].items():
        apart = comparison["probabilities"].get(name, {})
        by = [_cell(comparison["auc_difference"][name][of]) for of in ("slices", "exams")]
        rows.append([name, str(count), str(apart.get("largest_difference", "-")), *by])
    head = ["compared", "decisions differ", "probability at most", "AUC of slices", "AUC of exams"]
    other = comparison["exams_with_another_answer"]
    told = f"exams with other slices: {other['other_slices']}, with another answer: {other['tumour_or_none']}"
    return f"\n{_table(head, rows)}\n{told}"


def _by_size(readers: dict, groups: str, of: str) -> str:
    sizes = [size for size in next(iter(readers.values()))[groups] if size != "unknown"]
    rows = [[name, *(_cell(figures[groups][size][of]) for size in sizes)] for name, figures in readers.items()]
    return _table([of, *sizes], rows)


def _operating(readers: dict) -> str:
    """Specificity at each sensitivity, then sensitivity at each specificity."""
    head, rows = ["at"], []
    for name, figures in readers.items():
        points = figures["operating_points"]
        cells = [_cell(each["specificity"]) for each in points["at_sensitivity"]]
        rows.append([name, *cells, *(_cell(each["sensitivity"]) for each in points["at_specificity"])])
        head = ["at", *(f"sens. {each['asked']:.1%}" for each in points["at_sensitivity"])]
        head += [f"spec. {each['asked']:.1%}" for each in points["at_specificity"]]
    return _table(head, rows)


def _calibration(readers: dict) -> str:
    errors = {name: figures["calibration"] for name, figures in readers.items() if "calibration" in figures}
    told = ", ".join(f"{name} {each['expected_calibration_error']}" for name, each in errors.items())
    return f"expected calibration error: {told}"


def _cell(told: dict | None) -> str:
    if told is None or told["value"] is None:
        return "-"
    interval = told["interval_95"]
    return f"{told['value']:.3f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return "\n".join(line.rstrip() for line in lines)
