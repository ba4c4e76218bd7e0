"""``manage.py benchmark``: how fast this machine reads and answers exams, beside what it could do at most."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from breastcancer_api.benchmarks.run import Run
from breastcancer_api.benchmarks.table import draw, markdown, page
from breastcancer_api.networks import device
from breastcancer_api.provenance import command, commit
from training.machine import machine

PARTS = ("networks", "reading", "requests", "forms", "plain", "uploads", "endurance")
ON_REQUEST = ("alternatives",)  # needs packages that BreastWise itself does not
# a page is written of these alone: its words describe them
USUAL = {"parts": [], "slices": [64, 160, 320], "side": 512, "at_once": [1, 2, 4, 8], "exams": 200, "rounds": 5}
FIGURES, PAGE, PICTURE = "performance.json", "performance.md", "performance.png"


class Command(BaseCommand):
    help = "Measure on this machine. Nothing else should run on it meanwhile; compare figures of one run only."

    def add_arguments(self, parser):
        parser.add_argument("parts", nargs="*", choices=[*PARTS, *ON_REQUEST, []], help=f"default: {' '.join(PARTS)}")
        parser.add_argument("--slices", nargs="+", type=int, default=USUAL["slices"], help="of the exams, rising")
        parser.add_argument("--side", type=int, default=USUAL["side"], help="rows and columns of a slice")
        parser.add_argument("--seed", type=int, default=7, help="of the exams, which are phantoms")
        parser.add_argument("--at-once", nargs="+", type=int, default=USUAL["at_once"], help="uploads")
        parser.add_argument("--exams", type=int, default=USUAL["exams"], help="in a row")
        parser.add_argument("--rounds", type=int, default=USUAL["rounds"])
        parser.add_argument(
            "--out",
            type=Path,
            metavar="DIR",
            help="default: STATE_DIR/benchmark; a page is written there of a run without other options",
        )

    def handle(self, **options):
        out = options["out"] or settings.STATE_DIR / "benchmark"
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="breastwise-benchmark-") as folder:
            run = Run(Path(folder), **{name: options[name] for name in ("slices", "side", "seed", "rounds")})
            parts = options["parts"] or PARTS
            for part in parts:
                measure = getattr(run, part)
                measure(*{"uploads": [options["at_once"]], "endurance": [options["exams"]]}.get(part, []))
        about = {"command": command(), "commit": commit(), "machine": machine(), "device": device().name}
        about["precision"] = device().precision
        figures = [asdict(line) for line in run.lines]
        (out / FIGURES).write_text(json.dumps(about | {"figures": figures}, indent=2) + "\n")
        if all(options[name] == value for name, value in USUAL.items()):
            (out / PAGE).write_text(page(about, run.lines))
            draw(run.bars, out / PICTURE)
        self.stdout.write(f"{about['machine']}, commit {about['commit']}\n{markdown(run.lines)}\n{out}")
        missed = sum(line.verdict == "missed" for line in run.lines)
        self.stdout.write(f"{missed} goals are missed")
