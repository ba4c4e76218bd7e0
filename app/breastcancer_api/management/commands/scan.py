"""``manage.py scan``: every form of the result of an exam, or of a folder of exams, without a server."""

import csv
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.problems import described, incident
from breastcancer_api.scanning import scanned
from detection.workspace import nameless_file
from imaging.errors import ScanError

SUMMARY = "summary.csv"
COLUMNS = ("study", "state", "slices", "positive_slices", "findings", "seconds", "problem")


class Command(BaseCommand):
    help = "Read an exam, or a folder of exams, and write its result in every form: JSON, CSV, PNG, DICOM and PDF."

    def add_arguments(self, parser):
        parser.add_argument("exam", type=Path, metavar="STUDY.zip|FOLDER", help="a zip or a folder of any layout")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
        parser.add_argument("--each", action="store_true", help="each zip and folder in FOLDER is an exam of its own")

    def handle(self, **options):
        exam, out = options["exam"], options["out"]
        self._check(exam, out, options["each"])
        if not options["each"]:
            row = self._row(exam, out)
            self.stdout.write(", ".join(f"{name} {value}" for name, value in row.items() if value != ""))
            if row["state"] != "done":
                raise CommandError(row["problem"])
            return
        exams = sorted(each for each in exam.iterdir() if _is_exam(each))
        rows = [self._row(each, out / each.name) for each in tqdm(exams, desc="exams", unit="exam")]
        self._summarise(rows, out / SUMMARY)

    def _check(self, exam: Path, out: Path, each: bool) -> None:
        if not exam.exists():
            raise CommandError(f"{exam} is not there")
        if each and not exam.is_dir():
            raise CommandError(f"{exam} is no folder of exams")
        if exam.is_dir() and not each and any(exam.glob("*.zip")):
            raise CommandError(f"{exam} holds zips: with --each, each of them is read as an exam of its own")
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} is there and not empty; what is in it is not written over")
        if each and out.resolve().is_relative_to(exam.resolve()):
            raise CommandError(f"{out} lies among the exams")
        out.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _row(self, exam: Path, out: Path) -> dict:
        """What the summary tells of an exam whose forms are written to ``out``."""
        begun, row = time.monotonic(), dict.fromkeys(COLUMNS, "") | {"study": exam.name}
        try:
            with _archive(exam) as archive:
                result = scanned(archive, uuid.uuid4(), out)
        except ScanError as error:
            row |= {"state": "refused", "problem": f"{error.code}: {error.detail}"}
        except Exception as error:
            body = described(error) or incident(error, "a scan")
            row |= {"state": "failed", "problem": f"{body['code']}: {body['detail']}"}
        else:
            positive = " ".join(map(str, result.positive_slices))
            row |= {"state": "done", "slices": len(result.slices), "positive_slices": positive}
            row |= {"findings": len(result.findings)}
        return row | {"seconds": f"{time.monotonic() - begun:.1f}"}

    def _summarise(self, rows: list[dict], file: Path) -> None:
        with file.open("w", newline="") as summary:
            writer = csv.DictWriter(summary, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        done = sum(row["state"] == "done" for row in rows)
        self.stdout.write(f"{done} of {len(rows)} exams are done; {file} tells of each")
        if done < len(rows):
            raise SystemExit(1)


def _is_exam(path: Path) -> bool:
    """A zip or a folder that is not hidden."""
    return not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() == ".zip")


@contextmanager
def _archive(exam: Path) -> Iterator:
    """The zip at ``exam``, or the files of a folder as one."""
    if exam.is_file():
        with exam.open("rb") as archive:
            yield archive
        return
    with nameless_file(settings.WORK_DIR) as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(each for each in exam.rglob("*") if each.is_file()):
                archive.write(file, file.relative_to(exam))
        packed.seek(0)
        yield packed
