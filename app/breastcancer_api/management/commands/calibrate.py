"""``manage.py calibrate``: networks with a temperature and thresholds of a site's own exams (docs/evaluation.md)."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.labelled_data import about, add_arguments, labelled_exams, pair_in, refusals
from breastcancer_api.provenance import command, commit
from nets.bundle import Card, copy_bundles, holds_bundles
from training.calibration import CALIBRATION_SET, calibrated, read_logits
from training.exam_set import VALIDATION


class Command(BaseCommand):
    help = "Fit temperature and thresholds to a site's labelled exams; write both networks as new bundles."

    def add_arguments(self, parser):
        add_arguments(parser, split=VALIDATION)
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder for both bundles")
        parser.add_argument("--specificity", type=float, default=0.95, help="of the fused answer, over slices")

    def handle(self, **options):
        source, out = options["bundle"] or settings.NETWORKS_DIR, options["out"]
        self._check(source, out, options["specificity"])
        with refusals():
            networks = pair_in(options["bundle"])
            logits = read_logits(labelled_exams(options["data"], options["split"]), networks)
            data = about(options["data"]) | {"split": options["split"]}
            made = {"command": command(), "commit": commit(), "data": data}
            cards = calibrated(networks.cards(), logits, options["specificity"], made)
            copy_bundles(source, out, cards)
        for card in cards:
            self.stdout.write(_line(card))
        self.stdout.write(f"{out}: both networks; the figures are of the exams they were fitted on")

    def _check(self, source: Path, out: Path, specificity: float) -> None:
        if out.exists():
            raise CommandError(f"{out}: is there already; calibrated networks are written to a new folder")
        if not 0 < specificity < 1:
            raise CommandError(f"--specificity is {specificity}, not between 0 and 1")
        if not holds_bundles(source):
            raise CommandError(f"{source}: holds a state dict of the old system, which has no card to calibrate")


def _line(card: Card) -> str:
    told = card.figures[CALIBRATION_SET]
    errors = [told[when][card.role]["expected_calibration_error"] for when in ("before", "after")]
    return (
        f"{card.name} {card.version}: temperature {card.temperature}, threshold {card.threshold}, "
        f"expected calibration error {errors[0]} before, {errors[1]} after"
    )
