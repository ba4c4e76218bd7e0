"""An exam -> files of its result in every form, without a server or a database."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from django.conf import settings
from django.utils import timezone
from rest_framework.renderers import JSONRenderer

from breastcancer_api.downloads import csv_lines
from breastcancer_api.forms import FORMS, made
from breastcancer_api.models import Study
from breastcancer_api.networks import identity, networks
from breastcancer_api.serializers import SliceSerializer, StudySerializer
from breastcancer_api.studies import as_kept, limits
from detection.explanation import reasons
from detection.heat import heat, in_slices
from detection.pipeline import PICTURES, ScanResult, scan
from detection.workspace import workspace
from imaging.kept_exam import KeptExam
from imaging.reading import read_any_layout
from nets.bundle import ROLES
from reports.errors import FormError
from reports.pictures import KINDS, PROJECTION, picture, png
from reports.report import Report

JSON, CSV, SLICES = "results.json", "results.csv", "slices"
NOT_MADE = "not_made.txt"


def scanned(archive: BinaryIO, key: uuid.UUID, out: Path) -> ScanResult:
    """Reads the exam in a zip of any layout and writes every form of its result to the folder ``out``, which it makes.

    ``key`` is the study's id. Forms that cannot be made of this exam are told in NOT_MADE. Raises what
    ``detection.pipeline.scan`` and writing raise.
    """
    begun = timezone.now()
    with read(archive, key) as (result, report):
        study = Study(pk=key, created_at=begun, started_at=begun, finished_at=report.analysed_at)
        out.mkdir(mode=0o700, parents=True, exist_ok=True)  # reports name the patient
        _write_numbers(study, result, out)
        _write_forms(report, out)
        _write_pictures(report, out / SLICES)
    return result


@contextmanager
def read(archive: BinaryIO, key: uuid.UUID) -> Iterator[tuple[ScanResult, Report]]:
    """Reads the exam in a zip of any layout; its pictures are there as long as the body runs. Raises what ``scan``
    raises."""
    with workspace(settings.WORK_DIR) as folder:
        result = scan(archive, folder, networks(), limits(), read_any_layout)
        with KeptExam(folder / PICTURES) as exam:
            yield result, _report(key, result, exam)


def _write_numbers(study: Study, result: ScanResult, out: Path) -> None:
    """What the server answers as results.json, without its links, and as results.csv."""
    values, rows = as_kept(study, result)
    for name, value in values.items():
        setattr(study, name, value)
    told = [dict(SliceSerializer(row).data) for row in rows]
    body = {name: value for name, value in StudySerializer(study).data.items() if name != "links"} | {"slices": told}
    (out / JSON).write_bytes(JSONRenderer().render(body, renderer_context={"indent": 2}))
    with (out / CSV).open("w", newline="", encoding="utf-8") as file:
        file.writelines(csv_lines(study, told))


def _report(key: uuid.UUID, result: ScanResult, exam: KeptExam) -> Report:
    return Report(
        study=str(key),
        analysed_at=timezone.now(),
        slices=result.slices,
        reasons=reasons(result.slices),
        findings=result.findings,
        warnings=result.warnings,
        networks=[identity(card) for card in result.networks],
        cards=result.networks,
        exam=exam,
        version=settings.VERSION,
        heat=partial(_heat, exam, {}),
    )


def _heat(exam: KeptExam, made: dict[int, np.ndarray], numbers: Sequence[int]) -> np.ndarray:
    """The heat of slices, which ``made`` remembers."""
    missing = [number for number in numbers if number not in made]
    if missing:
        inputs = np.stack([exam.inputs(number) for number in missing])
        made.update(zip(missing, heat(inputs, networks()), strict=True))
    return in_slices(np.stack([made[number] for number in numbers]), exam.stack.rows, exam.stack.columns)


def _write_forms(report: Report, out: Path) -> None:
    not_made = []
    for form in FORMS:
        try:
            with made(form, report) as content, (out / form.file).open("wb") as file:
                shutil.copyfileobj(content, file)
        except FormError as error:
            not_made.append(f"{form.file}: {error}\n")
    if not_made:
        (out / NOT_MADE).write_text("".join(not_made))


def _write_pictures(report: Report, out: Path) -> None:
    """Each positive slice in every kind, and with the heat of both networks."""
    out.mkdir()
    for number in report.positive_slices:
        shown = {kind: (kind, None) for kind in KINDS if kind != PROJECTION}
        shown |= {f"heat-{role}": ("1st_pass", role) for role in ROLES}
        for name, (kind, role) in shown.items():
            (out / f"{number:03d}-{name}.png").write_bytes(png(picture(report, number, kind, role, legend=True)))
