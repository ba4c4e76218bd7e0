"""``manage.py train``: a network learns from a prepared set and becomes a bundle."""

from dataclasses import fields
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.provenance import command, commit
from nets.vgg import HEADS
from training.exam_set import SetError, open_set
from training.initial import WeightsMissing
from training.train import INITS, MEANINGS, ROLES, Knobs, KnobsDiffer, KnobsError, Machines, train

CHOICES = {"head": HEADS, "init": INITS, "precision": ("bf16-mixed", "16-mixed", "32-true")}
KINDS = (Knobs, Machines)


class Command(BaseCommand):
    help = (
        "Train a network on a prepared set (manage.py prepare) and write it as a bundle. The same command goes on "
        "where it was interrupted."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--network", required=True, choices=ROLES, dest="role")
        parser.add_argument("--data", required=True, type=Path, help="folder of the prepared set")
        parser.add_argument("--out", required=True, type=Path, help="folder for the bundle, checkpoints and pictures")
        for knob in fields(Knobs)[1:]:
            name = f"--{knob.name.replace('_', '-')}"
            parser.add_argument(
                name,
                type=knob.type,
                default=knob.default,
                choices=CHOICES.get(knob.name),
                help=f"{MEANINGS[knob.name]} (default: {knob.default or 'none'})",
            )
        for name, default in ((field.name, field.default) for field in fields(Machines)):
            told = f"as Lightning takes it (default: {default})"
            parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default, help=told)

    def handle(self, **options):
        knobs, machines = (
            kind(**{each.name: options[each.name] for each in fields(kind)}) for kind in (Knobs, Machines)
        )
        try:
            card = train(knobs, open_set(options["data"]), options["out"], machines, command(), commit())
        except (SetError, KnobsDiffer, KnobsError, WeightsMissing) as error:
            raise CommandError(str(error)) from error
        if card:
            self.stdout.write(f"{card.name} {card.version} in {options['out']}: threshold {card.threshold}")
            if reason := card.made_by.get("not_calibrated"):
                self.stderr.write(f"its probabilities are not calibrated: {reason}")
