"""``manage.py illustrate``: the pictures of docs/results.md, of one phantom exam in each form."""

import tempfile
import uuid
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.scanning import read
from phantom.dicom import write_zip
from phantom.exam import drawn_exam
from reports.showcase import files
from reports.words import counted

# The first exam, as large as scanners make them, in which the networks find something.
SEED = 1


class Command(BaseCommand):
    help = "Read a phantom exam and write its result in each form, for docs/results.md."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--out", type=Path, default=Path("../docs/results"), help="folder")

    def handle(self, **options):
        seed, out = options["seed"], options["out"]
        with tempfile.TemporaryDirectory(prefix="breastwise-illustrate-") as name:
            archive = Path(name, "series.zip")
            write_zip(drawn_exam(seed, whole=True), archive, partial(tqdm, desc="exam", unit="slice"))
            with (
                archive.open("rb") as file,
                read(file, uuid.uuid5(uuid.NAMESPACE_OID, f"phantom {seed}")) as (_, report),
            ):
                if not report.findings:
                    raise CommandError(f"the networks find nothing in the exam of seed {seed}; take another")
                out.mkdir(parents=True, exist_ok=True)
                for each, content in files(report):
                    (out / each).write_bytes(content)
        found = counted(len(report.findings), "finding")
        self.stdout.write(f"{out}: {found} in {counted(len(report.slices), 'slice')}")
