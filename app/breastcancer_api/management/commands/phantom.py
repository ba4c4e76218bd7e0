"""``manage.py phantom``: a synthetic exam as series.zip with its truth beside it, or many as a tree like Duke's."""

import itertools
import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from phantom.dicom import write_zip
from phantom.exam import Exam, drawn_exam
from phantom.protocol import PLAIN, Protocol
from phantom.tree import tree_exams, write_tree

OUT = Path("series.zip")
# what the seed decides once all is drawn, and what only a single zip has
ASKED = ("rows", "slices", "tumours", "breasts_down")
OF_A_ZIP = ("out", "drawn")


class Command(BaseCommand):
    help = "Write a synthetic breast DCE-MRI exam as a zip, and what there is to find in it as <name>.truth.json."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, required=True, help="the same seed gives the same bytes")
        parser.add_argument("--out", type=Path, metavar="ZIP", help=f"default: {OUT}")
        parser.add_argument("--rows", type=int, help=f"rows and columns of a slice (default: {PLAIN.rows})")
        parser.add_argument("--slices", type=int, help=f"default: {PLAIN.slices}")
        parser.add_argument("--tumours", type=int, help="how many tumours (default: drawn, one or two)")
        parser.add_argument("--breasts-down", action="store_true", help="breasts to the bottom of the picture")
        parser.add_argument("--drawn", action="store_true", help="draw all of that too; every third exam has no tumour")
        parser.add_argument("--whole", action="store_true", help="with --drawn or --tree: the scanner's whole matrix")
        parser.add_argument("--tree", type=Path, metavar="DIR", help="instead of a zip: a tree like Duke's, two tables")
        parser.add_argument("--exams", type=int, help="with --tree: how many, from --seed on (default: 2)")

    def handle(self, **options):
        _check(options)
        if options["tree"]:
            count = options["exams"] or 2
            exams = itertools.islice(tree_exams(options["seed"], options["whole"]), count)
            write_tree(exams, options["tree"], _progress)
            self.stdout.write(f"{options['tree']}: {count} exams")
            return
        exam = drawn_exam(options["seed"], options["whole"]) if options["drawn"] else _asked(options)
        out = options["out"] or OUT
        truth = out.with_suffix(".truth.json")
        write_zip(exam, out, _progress)
        truth.write_text(json.dumps(exam.truth(), indent=2) + "\n")
        self.stdout.write(f"{out} ({out.stat().st_size / 1e6:.1f} MB), {truth}: tumour in {exam.positive_slices}")


def _check(options: dict) -> None:
    drawn = "--tree" if options["tree"] else "--drawn" if options["drawn"] else None
    refused = ASKED if drawn else ("whole",)
    refused += OF_A_ZIP if options["tree"] else ("exams",)
    for name in refused:
        if options[name] is not None and options[name] is not False:
            raise CommandError(f"--{name.replace('_', '-')} does not go with {drawn or 'an exam that is not drawn'}")
    for name in ("rows", "slices", "exams"):
        if options[name] is not None and options[name] < 1:
            raise CommandError(f"--{name} begins at 1")


def _asked(options: dict) -> Exam:
    rows = options["rows"] or PLAIN.rows
    protocol = Protocol(rows, rows, options["slices"] or PLAIN.slices, breasts_up=not options["breasts_down"])
    return Exam(options["seed"], protocol, options["tumours"])


def _progress(slices):
    return tqdm(slices, desc="phantom", unit="slice")
