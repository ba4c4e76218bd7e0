"""``manage.py evaluate``: what networks are worth on labelled exams (docs/evaluation.md)."""

import json
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.labelled_data import about, add_arguments, labelled_exams, pair_in, refusals
from breastcancer_api.networks import device, identity
from breastcancer_api.provenance import command, commit
from nets.bundle import Card, holds_bundles, rewrite_card
from nets.runtime import Networks
from training.cards import with_evaluation
from training.comparison import compare, write_differences
from training.evaluate import Evaluation, evaluate, report
from training.exam_set import TEST, TRAINING
from training.figures import counts
from training.pictures import draw
from training.seen import seen_before
from training.tables import comparison_table, tables

METRICS, DIFFERENCES = "metrics.json", "differences.csv"


class Command(BaseCommand):
    help = "Show labelled exams to the networks as an upload would be; print figures, write metrics.json and pictures."

    def add_arguments(self, parser):
        add_arguments(parser, split=TEST)
        parser.add_argument("--compare", type=Path, metavar="DIR", help="another pair of networks on the same exams")
        parser.add_argument("--into-cards", action="store_true", help="keep the figures in the networks' cards")
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: STATE_DIR/evaluation/<data>)")

    def handle(self, **options):
        folder = options["bundle"] or settings.NETWORKS_DIR
        if options["into_cards"] and not holds_bundles(folder):
            raise CommandError(f"{folder}: holds a state dict of the old system, which has no card")
        out = options["out"] or settings.STATE_DIR / "evaluation" / options["data"].resolve().name
        with refusals():
            pairs = [pair_in(options["bundle"]), *([pair_in(options["compare"])] if options["compare"] else [])]
            exams = labelled_exams(options["data"], options["split"])
            data = about(options["data"]) | {"split": options["split"]}
            if options["into_cards"]:
                _check_unseen(pairs[0].cards(), data)
            out.mkdir(parents=True, exist_ok=True)
            found = evaluate(exams, pairs)
            told = {"data": data} | _told(found, pairs)
            if options["into_cards"]:
                for card in with_evaluation(pairs[0].cards(), told):
                    rewrite_card(folder / card.role, card)
        (out / METRICS).write_text(json.dumps(told, indent=2) + "\n")
        draw(found, found.pairs[0], told["readers"], out)
        self.stdout.write(tables(told))
        if len(pairs) == 2:
            write_differences(out / DIFFERENCES, found.exams, *found.pairs, found.cohort)
            self.stdout.write(comparison_table(told["comparison"]))
        self.stdout.write(f"figures and pictures: {out}")


def _check_unseen(cards: Sequence[Card], data: dict) -> None:
    """Figures in a card are of exams that its network has not met, as far as the card can tell."""
    if data["split"] == TRAINING:
        raise CommandError("figures of exams that networks learn from do not belong into their cards")
    if seen := seen_before(cards, data, data["split"]):
        raise CommandError(
            f"some of these phantoms trained, chose or calibrated {' and '.join(seen)}: figures of them do not belong "
            "into the card (manage.py prepare --first-seeds makes others)"
        )


def _told(found: Evaluation, pairs: list[Networks]) -> dict:
    """What ``metrics.json`` holds."""
    told = {
        "command": command(),
        "commit": commit(),
        "precision": device().precision,
        "device": device().name,
        "networks": [identity(card) for card in pairs[0].cards()],
        "counts": counts(found.cohort),
        "left_out": found.left_out,
        "readers": report(found, found.pairs[0]),
    }
    if len(pairs) == 2:
        told["compared_with"] = [identity(card) for card in pairs[1].cards()]
        told["readers_compared"] = report(found, found.pairs[1])
        told["comparison"] = compare(*found.pairs, found.cohort)
    return told
