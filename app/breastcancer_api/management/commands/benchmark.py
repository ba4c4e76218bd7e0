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

PARTS = ("networks", "reading", "requests", "plain", "uploads", "endurance")
ON_REQUEST = ("alternatives",)  # needs packages that BreastWise itself does not
FIGURES, PAGE, PICTURE = "performance.json", "performance.md", "performance.png"


class Command(BaseCommand):
    help = "Measure on this machine. Nothing else should run on it meanwhile; compare figures of one run only."

    def add_arguments(self, parser):
        parser.add_argument("parts", nargs="*", choices=[*PARTS, *ON_REQUEST, []], help=f"default: {' '.join(PARTS)}")
        parser.add_argument("--slices", nargs="+", type=int, default=[64, 160, 320], help="of the exams, rising")
        parser.add_argument("--side", type=int, default=512, help="rows and columns of a slice")
        parser.add_argument("--seed", type=int, default=7, help="of the exams, which are phantoms")
        parser.add_argument("--at-once", nargs="+", type=int, default=[1, 2, 4, 8], help="uploads")
        parser.add_argument("--exams", type=int, default=200, help="in a row")
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder (default: STATE_DIR/benchmark)")

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
        (out / PAGE).write_text(page(about, run.lines))
        if run.bars:
            draw(run.bars, out / PICTURE)
        self.stdout.write(f"{about['machine']}, commit {about['commit']}\n{markdown(run.lines)}\n{out}")
