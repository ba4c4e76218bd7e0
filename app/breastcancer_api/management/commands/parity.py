"""``manage.py parity``: whether exams are answered as by float32, one slice at a time, without batches or threads."""

from dataclasses import replace

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.benchmarks.parity import Parity, parity
from breastcancer_api.networks import device, networks
from breastcancer_api.provenance import command, commit
from nets.bundle import Card, holds_bundles, rewrite_card
from training.cards import PARITY
from training.machine import machine

EXAMS, FIRST_SEED = 50, 8_000_000


class Command(BaseCommand):
    help = "Compare what the service answers with what the plain recipe says: float32, one slice at a time."

    def add_arguments(self, parser):
        parser.add_argument("--exams", type=int, default=EXAMS, help=f"phantoms (default: {EXAMS})")
        told = f"of the phantoms (default: {FIRST_SEED})"
        parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=told)
        parser.add_argument("--into-cards", action="store_true", help="keep the figures in the networks' cards")

    def handle(self, **options):
        folder, first, exams = settings.NETWORKS_DIR, options["first_seed"], options["exams"]
        if exams < 1:
            raise CommandError("--exams begins at 1")
        if options["into_cards"] and not holds_bundles(folder):
            raise CommandError(f"{folder}: holds a state dict of the old system, which has no card")
        found = parity(tqdm(range(first, first + exams), desc="parity", unit="exam"), folder, networks())
        # all told before a card is written, after which the code counts as changed
        for card, told in [(card, _told(found, card.role)) for card in networks().cards()]:
            self.stdout.write(_line(card.role, told))
            if options["into_cards"]:
                rewrite_card(folder / card.role, _with(card, told))
        self.stdout.write(f"both fused: {found.fused_equal:.4%} of {found.slices} slices equal")


def _told(found: Parity, role: str) -> dict:
    return {
        "command": command(),
        "commit": commit(),
        "machine": machine(),
        "device": device().name,
        "precision": device().precision,
        "exams": found.exams,
        "slices": found.slices,
        "decisions_equal": found.decisions_equal[role],
        "largest_difference": found.probability[role],
        "fused_equal": found.fused_equal,
    }


def _with(card: Card, told: dict) -> Card:
    return replace(card, figures=card.figures | {PARITY: told})


def _line(role: str, told: dict) -> str:
    equal, most = told["decisions_equal"], told["largest_difference"]
    return f"{role} in {told['precision']}: {equal:.4%} of decisions equal, probabilities differ by at most {most:.4f}"
