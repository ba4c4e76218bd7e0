"""``manage.py point``: whether the heat of the networks points at the tumour (docs/heat.md)."""

import itertools
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.labelled_data import refusals
from breastcancer_api.networks import device, identity, networks
from breastcancer_api.provenance import command, commit
from detection.heat import CAPTION, SINGLE_CAPTION
from training.heat_page import EXAMS_SHOWN, agreement_table, curves_table, draw, pointing_table, separation_table
from training.machine import machine
from training.pointing import OFF_SKIN, SPOT, compare, point, report

EXAMS, FIRST_SEED = 20, 12_000_000
FIGURES, PAGE, PICTURE = "heat.json", "heat.md", "heat.png"
HEAD = """# Heat: where the networks looked

Made by

    python {command}

at commit `{commit}` ({machine}; {precision}) on the phantom exams of {exams} seeds,
{with_tumour} of them with tumour. [Figures as JSON]({figures}).

For each network and slice this is where it found what speaks for its answer: gradient x activation (Shrikumar et al.,
arXiv 1605.01713) of the positive class's logit on the last layers of the second and of the third block of the VGG19:
64 x 64 and 32 x 32 cells in the scantype network, 32 x 32 and 16 x 16 in the single one. Both maps are laid over the
slice from where the layers' cells really lie, and multiplied. [Decision 13](decisions/0013-heat-is-of-two-layers.md)
says why. What stands beside pictures with heat:

> {caption}

> {single_caption}

## Does it point at the tumour?

Exams are drawn with a matrix of 144 to 256, written as DICOM files and read as an upload is. Distances are within the
slice. The pointing game counts the slices in which the place of the most heat lies in the tumour or within 5 mm of it;
"heat inside" is the mean share of heat in the tumour, "area" the share of the slice within 5 mm of it, which is what
heat spread evenly would reach. Intervals are of 95 %, bootstrapped over exams.

{pointing}

![Heat in slices with tumour](heat.png)

The first {shown} of these exams whose answer names a slice with tumour, each by the one that the scantype network finds
most probable. The tumour is outlined in yellow; red is heat, and brightness that of the first pass.

## Does it agree with what radiologists trust?

Each finding tells the share of the scantype network's heat that lies in tissue that takes up contrast, by type of its
curve (`app/detection/kinetics.py`), and warns when half of it or its peak lies in the air or in the chest
(`app/detection/body.py` says how those are told from geometry and pictures). Shares are means. The last three rows are
spots of {spot:.0f} mm (standard deviation) that were put where the phantom's truth has heart or great vessels, chest
wall (behind the pectoral muscle), or air at least {off_skin:.0f} mm from the skin: a warning is right there, and wrong
in the rows above.

{agreement}

## Is a finding one tumour's?

Positive slices side by side are one finding, and two where the scantype network sees something in each breast when that
breast is shown to it alone ([decision 16](decisions/0016-each-breast-alone.md)). Runs of such slices are counted by the
breasts in which they hold tumour: those of the exams above, and of the exams that the same seeds give with two tumours,
where these lie in both breasts and share slices. Two findings are wrong in the first row and right in the second. The
peak of each is in tumour when in every breast with tumour a finding points at it, within 5 mm, and no finding does so
elsewhere.

{separation}

A finding tells the most suspicious curve of its hot tissue, one of 3 x 3 pixels. This is how often its type is that of
the tumour as it was drawn, before noise, motion and what else lies in the same slice:

{curves}
"""


class Command(BaseCommand):
    help = "Measure on phantoms whether heat points at the tumour; with --out write heat.md, heat.json and heat.png."

    def add_arguments(self, parser):
        parser.add_argument("--exams", type=int, default=EXAMS, help=f"phantoms (default: {EXAMS})")
        told = f"of the phantoms (default: {FIRST_SEED})"
        parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help=told)
        parser.add_argument("--compare", action="store_true", help="try other methods and layers; writes no page")
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the figures (default: print them)")

    def handle(self, **options):
        exams, first = options["exams"], options["first_seed"]
        if exams < 1:
            raise CommandError("--exams begins at 1")
        seen_by = compare if options["compare"] else point
        with refusals():
            about = _about()  # told before: files may differ afterwards
            seeds = tqdm(range(first, first + exams), desc="phantoms", unit="exam")
            looked = list(seen_by(seeds, networks()))
        told = about | report(looked)
        self.stdout.write(pointing_table(told["pointing"]))
        if not options["compare"]:
            for table in _tables(told).values():
                self.stdout.write("\n" + table)
        if options["out"]:
            self._write(options["out"], told, looked, options["compare"])

    def _write(self, out: Path, told: dict, looked: list, compared: bool) -> None:
        out.mkdir(parents=True, exist_ok=True)
        name = f"compared-{FIGURES}" if compared else FIGURES
        (out / name).write_text(json.dumps(told, indent=2) + "\n")
        if not compared:
            shown = list(itertools.islice((each.shown for each in looked if each.shown), EXAMS_SHOWN))
            if shown:
                draw(shown, out / PICTURE)
            (out / PAGE).write_text(_page(told, len(shown)))
        self.stdout.write(f"{out / name}")


def _about() -> dict:
    return {
        "command": command(),
        "commit": commit(),
        "machine": machine(),
        "device": device().name,
        "precision": device().precision,
        "networks": [identity(card) for card in networks().cards()],
    }


def _tables(told: dict) -> dict[str, str]:
    tables = {"agreement": agreement_table, "separation": separation_table, "curves": curves_table}
    return {name: table(told[name]) for name, table in tables.items()}


def _page(told: dict, shown: int) -> str:
    return HEAD.format(
        command=told["command"],
        commit=told["commit"],
        machine=told["machine"],
        precision=told["precision"],
        exams=told["exams"],
        with_tumour=told["exams_with_tumour"],
        figures=FIGURES,
        caption=CAPTION,
        single_caption=SINGLE_CAPTION,
        pointing=pointing_table(told["pointing"]),
        **_tables(told),
        shown=shown,
        spot=SPOT,
        off_skin=OFF_SKIN,
    )
