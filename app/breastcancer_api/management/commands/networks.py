"""``manage.py networks``: the cards of the networks in use as a page (docs/networks.md is its output)."""

from django.conf import settings
from django.core.management.base import BaseCommand

from nets.bundle import ROLES, Card, load
from training.cards import EVALUATION, PARITY
from training.figures import CUTS

HEAD = """# The networks in use

Made by `python manage.py networks`, from the networks' own cards. What every field means stands in
`app/nets/bundle.py`, what every figure means in [evaluation.md](evaluation.md). Intervals (95 %) are bootstrapped over
patients.

| | {names} |
|---|{rule}"""
UNKNOWN = "not known"


def page(cards: list[Card]) -> str:
    """A table with a column a card, then what each is for, as Markdown."""
    lines = [HEAD.format(names=" | ".join(card.role for card in cards), rule="---|" * len(cards))]
    rows = [_facts(card) for card in cards]
    lines += [f"| {name} | " + " | ".join(row[name] for row in rows) + " |" for name in rows[0]]
    lines += ["", *(f"{card.role}: {card.intended_use}" for card in cards)]
    return "\n".join(lines)


def _facts(card: Card) -> dict[str, str]:
    made = card.made_by
    return {
        "name, version": f"{card.name} {card.version}",
        "weights, SHA-256": f"`{card.weights_sha256[:16]}`",
        "normalised by": card.normalisation["maximum"],
        "temperature, shift": f"{card.temperature}, {card.shift}",
        "threshold": "largest logit" if card.threshold is None else str(card.threshold),
        **_figures(card.figures),
        "made by": ", then ".join(_runs(made)) if made else UNKNOWN,
        "calibrated by": _calibration(made.get("calibrated")),
        "made on": f"{made['machine']}, torch {made['torch']}" if made else UNKNOWN,
    }


def _figures(figures: dict) -> dict[str, str]:
    """What an evaluation found; in ``validation`` and ``test`` a card has more."""
    found = figures.get(EVALUATION)
    rounding = figures.get("validation", {})
    alike = figures.get(PARITY)
    told = {
        "evaluated by": found
        and f"`{found['command']}` at commit `{found['commit']}`, {found.get('precision', 'precision not told')}",
        "on the set of": found and _set(found["data"]),
        "exams, with tumour": found and "{exams_judged}, {exams_with_tumour}".format(**found["counts"]),
        "slices, positive, negative": found
        and "{slices}, {positive_slices}, {negative_slices}; the others are left out".format(**found["counts"]),
        "slice AUC": found and _cell(found["slice_auc"]),
        "slice AUC, lesions under 10 mm": found and _cell(found["slice_auc_below_10_mm"]),
        **_by_cut(found),
        "slice sensitivity": found and _cell(found["sensitivity"]),
        "slice specificity": found and _cell(found["specificity"]),
        "expected calibration error": found and str(found["expected_calibration_error"]),
        "both fused: slice sensitivity": found and _cell(found["fused"]["sensitivity"]),
        "both fused: slice specificity": found and _cell(found["fused"]["specificity"]),
        "both fused: slice AUC": found and _cell(found["fused"]["slice_auc"]),
        "both fused: slice AUC, lesions under 10 mm": found and _cell(found["fused"]["slice_auc_below_10_mm"]),
        "both fused: exam AUC": found and _cell(found["fused"]["exam_auc"]),
        "both fused: exam sensitivity": found and _later(found["fused"], "exam_sensitivity"),
        "both fused: exam specificity": found and _later(found["fused"], "exam_specificity"),
        "validation AUC with 8 bits, with floats": rounding
        and f"{rounding['slice_auc']}, {rounding['slice_auc_before_rounding']}",
        "answers as in float32, one slice at a time": alike and _parity(alike),
    }
    return {name: value or UNKNOWN for name, value in told.items()}


def _by_cut(found: dict | None) -> dict[str, str]:
    told = found.get("by_cut", {}) if found else {}
    return {
        f"slice AUC, tumour of {name}": f"{_cell(told[name]['auc'])}, {told[name]['slices']} slices" if told else ""
        for name in CUTS
    }


def _later(found: dict, name: str) -> str | None:
    """A figure that older cards do not have."""
    return _cell(found[name]) if name in found else None


def _parity(alike: dict) -> str:
    equal, most = f"{alike['decisions_equal']:.4%}", f"{alike['largest_difference']:.4f}"
    return (
        f"{equal} of decisions on {alike['slices']} slices in {alike['precision']}, probabilities within {most} "
        f"(`{alike['command']}` at commit `{alike['commit']}`)"
    )


def _set(data: dict) -> str:
    return f"`{data['command']}` at commit `{data['commit']}`" if "command" in data else data["source"]["kind"]


def _cell(figure: dict) -> str:
    if figure["value"] is None:
        return UNKNOWN
    low, high = figure["interval_95"] or (figure["value"],) * 2
    return f"{figure['value']:.4f} ({low:.3f} to {high:.3f})"


def _runs(made: dict) -> list[str]:
    """Each training run that led to a network, first to last."""
    before = _runs(made["started_from"]) if isinstance(made.get("started_from"), dict) else []
    data = f" on the set of {_set(made['data'])}" if "data" in made else ""
    return [*before, f"`{made['command']}` at commit `{made['commit']}` ({made['seconds']} s){data}"]


def _calibration(made: dict | None) -> str:
    if made is None:
        return "its own training"
    return f"`{made['command']}` at commit `{made['commit']}`, on {made['exams']} exams"


class Command(BaseCommand):
    help = "Print the cards of the networks in NETWORKS_DIR as Markdown."
    requires_system_checks = ()

    def handle(self, **_):
        self.stdout.write(page([load(settings.NETWORKS_DIR, role)[0] for role in ROLES]))
