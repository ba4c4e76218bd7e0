"""A study that is done -> its result in the forms that people and hospitals read."""

import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import numpy as np
from django.conf import settings
from rest_framework.exceptions import NotFound

from breastcancer_api import kept
from breastcancer_api.claims import Erased
from breastcancer_api.execution import execution
from breastcancer_api.models import Slice, Study
from breastcancer_api.networks import cards
from detection.findings import finding
from detection.heat import in_slices
from detection.kinetics import CurveType, curve, curve_types, delayed_change, floor_of, initial_rise
from detection.results import SliceResult
from detection.workspace import filled_file
from imaging.kept_exam import KeptExam
from nets.bundle import Card
from nets.runtime import Check
from reports.document import document
from reports.identity import write, written
from reports.montage import montage
from reports.parametric_map import check_parametric_map, parametric_map
from reports.pictures import PROJECTION, picture, png
from reports.report import Report
from reports.secondary_capture import check_secondary_captures, secondary_captures
from reports.structured_report import check_structured_report, structured_report

DICOM, PDF, PNG, ZIP = "application/dicom", "application/pdf", "image/png", "application/zip"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # equal results are equal files


@dataclass(frozen=True)
class Form:
    """``file`` is the name under which a study has it; ``write`` writes it. ``check`` raises at once the
    ``reports.errors.FormError`` that ``write`` would raise."""

    file: str
    content_type: str
    write: Callable[[Report, BinaryIO], None]
    description: str
    check: Callable[[Report], None] = lambda _: None


def made(form: Form, report: Report) -> BinaryIO:
    """``form`` as a file without a name in WORK_DIR, to be read from its start: memory need not hold it.

    Raises FormError where it cannot be made, and what the report raises.
    """
    return filled_file(settings.WORK_DIR, partial(form.write, report))


def _document(report: Report, file: BinaryIO) -> None:
    file.write(document(report))


def _sr(report: Report, file: BinaryIO) -> None:
    write(structured_report(report), file)


def _heat_map(role: str, report: Report, file: BinaryIO) -> None:
    write(parametric_map(report, role), file)


def _overlays(role: str, report: Report, file: BinaryIO) -> None:
    """DICOM files ``0001.dcm`` and so on, by their InstanceNumber, as a zip."""
    images = secondary_captures(report, role)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for image in images:
            member = zipfile.ZipInfo(f"{image.InstanceNumber:04d}.dcm", ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, written(image))


def _montage(report: Report, file: BinaryIO) -> None:
    file.write(png(montage(report)))


def _projection(report: Report, file: BinaryIO) -> None:
    file.write(png(picture(report, None, PROJECTION, legend=True)))


def _of_heat(role: str, suffix: str) -> tuple[Form, Form]:
    """What shows where a network looked."""
    told = f"Heat of the {role} network"
    return (
        Form(
            f"heatmap{suffix}.dcm",
            DICOM,
            partial(_heat_map, role),
            f"{told} as a DICOM parametric map.",
            check_parametric_map,
        ),
        Form(
            f"overlays{suffix}.zip",
            ZIP,
            partial(_overlays, role),
            f"{told} over the first pass, as DICOM images.",
            check_secondary_captures,
        ),
    )


FORMS = (
    Form("results.pdf", PDF, _document, "A report of one or two pages for people."),
    Form("sr.dcm", DICOM, _sr, "A DICOM structured report (TID 1500).", check_structured_report),
    *_of_heat("scantype", ""),  # the one that points at tumours (docs/heat.md)
    *_of_heat("single", "-single"),
    Form("montage.png", PNG, _montage, "The positive slices with their heat, as one picture."),
    Form("mip.png", PNG, _projection, "Maximum intensity projection of the first pass less before contrast."),
)


@contextmanager
def reported(study: Study, check: Check) -> Iterator[Report]:
    """What each form of the result of ``study``, which is done, is made from. ``check`` is asked whenever heat is, and
    may end the making.

    Raises NotKept where there are no pictures, Erased where the study is gone, and with heat what the execution's
    ``make_heat`` raises.
    """
    rows = list(Slice.objects.filter(study=study))
    with shown(study) as exam:
        yield Report(
            study=str(study.pk),
            analysed_at=study.finished_at,
            slices=[_result(row) for row in rows],
            reasons=[row.reason for row in rows],
            findings=[finding(told) for told in study.findings],
            warnings=study.warnings,
            networks=study.networks,
            cards=cards_of(study.networks),
            exam=exam,
            version=settings.VERSION,
            heat=partial(_heat, study, (exam.stack.rows, exam.stack.columns), check),
        )


@contextmanager
def shown(study: Study) -> Iterator[KeptExam]:
    """The pictures of ``study``. Raises NotKept where there are none, also in the body, Erased where it is gone."""
    try:
        with kept.kept_exam(study.pk) as exam:
            yield exam
    except kept.NotKept as error:
        if not Study.objects.filter(pk=study.pk).exists():
            raise Erased from error
        raise


def _result(row: Slice) -> SliceResult:
    return SliceResult(**{name: getattr(row, name) for name in SliceResult.__annotations__})


def cards_of(networks: Sequence[Mapping[str, str]]) -> list[Card]:
    """Those of the networks in use that are among ``networks``."""
    known = {each["sha256"] for each in networks}
    return [card for card in cards() if card.weights_sha256 in known]


def _heat(study: Study, shape: tuple[int, int], check: Check, numbers: Sequence[int]) -> np.ndarray:
    check()  # a form of many slices asks for their heat a few at a time
    found = kept.kept_heats(study.pk, numbers)
    missing = [number for number in numbers if number not in found]
    if missing:
        found |= execution().make_heat(study, missing, check)
    return in_slices(np.stack([found[number] for number in numbers]), *shape)


def curve_at(exam: KeptExam, number: int, row: int, column: int) -> dict:
    """How the tissue at a place takes up contrast, ready for JSON. Raises NotFound for a place outside."""
    if row >= exam.stack.rows or column >= exam.stack.columns:
        raise NotFound(f"The slices have {exam.stack.rows} rows and {exam.stack.columns} columns, counted from 0.")
    values, floor = curve(exam.passes(number), row, column), floor_of(exam)
    there, stack = values.reshape(-1, 1, 1), exam.stack
    rise = initial_rise(there, floor).item()
    position = stack.patient_position(number, row, column).round(1).tolist() if stack.placed else None
    return {
        "seconds": exam.description.seconds and [round(each, 1) for each in exam.description.seconds],
        "brightness": values.round(2).tolist(),
        "initial_rise": _number(rise),
        "delayed_change": _number(delayed_change(there, floor).item()),
        "curve_type": None if math.isnan(rise) else CurveType(curve_types(there, floor).item()).words,
        "patient_position": position,
    }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else round(value, 1)
