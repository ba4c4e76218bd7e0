"""``manage.py networks``: the cards of the networks in use as a page (docs/networks.md is its output)."""

from django.conf import settings
from django.core.management.base import BaseCommand

from nets.bundle import ROLES, Card, load

HEAD = """# The networks in use

Made by `python manage.py networks`, from the networks' own cards. What every field means stands in
`app/nets/bundle.py`. AUC is per slice, its 95 % interval bootstrapped over exams.

| | {names} |
|---|{rule}"""


def page(cards: list[Card]) -> str:
    """A table with a column a card, then what each is for, as Markdown."""
    lines = [HEAD.format(names=" | ".join(card.role for card in cards), rule="---|" * len(cards))]
    rows = [_facts(card) for card in cards]
    lines += [f"| {name} | " + " | ".join(row[name] for row in rows) + " |" for name in rows[0]]
    lines += ["", *(f"{card.role}: {card.intended_use}" for card in cards)]
    return "\n".join(lines)


def _facts(card: Card) -> dict[str, str]:
    found, made = card.figures.get("phantoms", {}), card.made_by
    unknown = "not known"
    return {
        "name, version": f"{card.name} {card.version}",
        "weights, SHA-256": f"`{card.weights_sha256[:16]}`",
        "normalised by": card.normalisation["maximum"],
        "threshold": "largest logit" if card.threshold is None else str(card.threshold),
        "phantom exams, slices, positive": "{exams}, {slices}, {positive_slices}".format(**found) if found else unknown,
        "slice AUC": "{slice_auc} ({slice_auc_95[0]} to {slice_auc_95[1]})".format(**found) if found else unknown,
        "sensitivity, specificity": "{sensitivity}, {specificity}".format(**found) if found else unknown,
        "made by": ", then ".join(_runs(made)) if made else unknown,
        "made on": f"{made['machine']}, torch {made['torch']}" if made else unknown,
    }


def _runs(made: dict) -> list[str]:
    """Each training run that led to a network, first to last."""
    before = _runs(made["started_from"]) if made.get("started_from") else []
    return [*before, f"`{made['command']}` at commit `{made['commit']}` ({made['seconds']} s)"]


class Command(BaseCommand):
    help = "Print the cards of the networks in NETWORKS_DIR as Markdown."
    requires_system_checks = ()

    def handle(self, **_):
        self.stdout.write(page([load(settings.NETWORKS_DIR, role)[0] for role in ROLES]))
