"""``manage.py train``: a network learns from phantoms and becomes a bundle."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from breastcancer_api.provenance import command, commit
from training.train import ROLES, Knobs, train

NUMBERS = (
    "exams",
    "validation_exams",
    "test_exams",
    "epochs",
    "window_epochs",
    "validate_every",
    "steps",
    "batch",
    "seed",
)
OTHERS = ("learning_rate", "start", "precision")


class Command(BaseCommand):
    help = "Train a network on phantoms and write it as a bundle. The same command goes on where it was interrupted."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--network", required=True, choices=ROLES, dest="role")
        parser.add_argument("--out", type=Path, help="folder for the bundle (default: NETWORKS_DIR/<network>)")
        parser.add_argument("--work", type=Path, help="folder for data and checkpoints (default: STATE_DIR/training)")
        for name in NUMBERS:
            parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Knobs, name))
        parser.add_argument("--learning-rate", type=float, default=Knobs.learning_rate)
        parser.add_argument(
            "--start", default=Knobs.start, help="name of an earlier run in the work folder to start from"
        )
        parser.add_argument("--precision", choices=("32-true", "bf16-mixed"), default=Knobs.precision)

    def handle(self, **options):
        role = options["role"]
        knobs = Knobs(role=role, **{name: options[name] for name in (*NUMBERS, *OTHERS)})
        card = train(
            knobs,
            work=options["work"] or settings.STATE_DIR / "training",
            out=options["out"] or settings.NETWORKS_DIR / role,
            command=command(),
            commit=commit(),
        )
        self.stdout.write(f"{card.name} {card.version}: threshold {card.threshold}, {card.figures['phantoms']}")
