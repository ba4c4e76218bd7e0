"""``manage.py evaluate``: what the networks in use are worth on phantom exams they have not seen."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from breastcancer_api.networks import networks
from training.evaluate import fused_figures
from training.phantoms import phantom_set

# Neither training nor the cards use these seeds.
FIRST_SEED = 4_000_000


class Command(BaseCommand):
    help = "Print figures of both networks and of the fused decision on unseen phantom exams, as JSON."

    def add_arguments(self, parser):
        parser.add_argument("--exams", type=int, default=20)
        parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
        parser.add_argument("--work", type=Path, help="folder for the exams (default: STATE_DIR/training/data)")

    def handle(self, **options):
        first = options["first_seed"]
        folder = options["work"] or settings.STATE_DIR / "training" / "data"
        figures = fused_figures(networks(), phantom_set(range(first, first + options["exams"]), folder))
        self.stdout.write(json.dumps(figures, indent=2))
