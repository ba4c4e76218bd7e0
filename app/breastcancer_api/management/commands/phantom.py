"""``manage.py phantom``: a synthetic exam as series.zip, with its truth beside it."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand
from tqdm import tqdm

from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol


class Command(BaseCommand):
    help = "Write a synthetic breast DCE-MRI exam as a zip, and what there is to find in it as <name>.truth.json."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, required=True, help="the same seed gives the same bytes")
        parser.add_argument("--out", type=Path, default=Path("series.zip"))
        parser.add_argument("--rows", type=int, default=256, help="rows and columns of a slice")
        parser.add_argument("--slices", type=int, default=48)
        parser.add_argument("--tumours", type=int, help="how many tumours (default: drawn, one or two)")
        parser.add_argument("--breasts-down", action="store_true", help="breasts to the bottom of the picture")

    def handle(self, **options):
        protocol = Protocol(options["rows"], options["rows"], options["slices"], breasts_up=not options["breasts_down"])
        exam = Exam(options["seed"], protocol, options["tumours"])
        out, truth = options["out"], options["out"].with_suffix(".truth.json")
        write_zip(exam, out, lambda slices: tqdm(slices, desc="phantom", unit="slice"))
        truth.write_text(json.dumps(exam.truth(), indent=2) + "\n")
        self.stdout.write(f"{out} ({out.stat().st_size / 1e6:.1f} MB), {truth}: tumour in {exam.positive_slices}")
