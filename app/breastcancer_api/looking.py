"""A study that is done, slice by slice, as somebody looks at it: what there is to see, and what lies over a slice."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from django.http import Http404

from breastcancer_api import kept
from breastcancer_api.execution import execution
from breastcancer_api.forms import cards_of, shown
from breastcancer_api.models import Study
from breastcancer_api.places import alone, looking, making
from detection.heat import in_slices
from imaging.exam import FOLDERS
from imaging.geometry import Vector
from imaging.kept_exam import KeptExam
from imaging.stack import ends
from nets.runtime import Check
from reports.brightness import WINDOWS
from reports.layers import HEATS, LAYERS, layer
from reports.legend import Key, Ramp, Swatch
from reports.pictures import KINDS, edges_of, png
from reports.words import banner

AROUND = 4  # positive slices on either side whose heat is made together with that of one
RAMP_COLOURS = 16  # of a ramp in a legend
#: What tells whose an exam is, by DICOM keyword.
PATIENT = {
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "patient_birth_date": "PatientBirthDate",
    "study_date": "StudyDate",
    "accession_number": "AccessionNumber",
}


def pictures_of(study: Study, exam: KeptExam) -> dict:
    """What there is to look at, ready for JSON."""
    stack, edges = exam.stack, edges_of(exam)
    return {
        "rows": stack.rows,
        "columns": stack.columns,
        "slice_count": len(exam),
        "pixel_spacing_mm": stack.pixel_spacing and list(stack.pixel_spacing),
        "edges": edges and asdict(edges),
        "slice_normal": stack.image_orientation and _normal(stack.image_orientation),
        "windows": {name: list(window) for name, window in WINDOWS.items()},
        "passes": _passes(exam),
        "layers": [
            {"name": name, "title": each.title, "caption": each.caption, "legend": _legend(each.key)}
            for name, each in LAYERS.items()
        ],
        "research": banner(cards_of(study.networks)),
    }


def patient_of(exam: KeptExam) -> dict[str, str]:
    """Whose the exam is, as its headers say it; empty where they are silent."""
    return {name: exam.description.header.get(keyword, "") for name, keyword in PATIENT.items()}


def layer_of(study: Study, number: int, name: str, check: Check) -> bytes:
    """Slice ``number`` of a layer as a PNG file. ``check`` may end the making of heat.

    Raises Http404 for a layer that there is not, Full, what ``forms.shown`` does, and with heat what the execution's
    ``make_heat`` raises.
    """
    if name not in LAYERS:
        raise Http404
    with shown(study) as exam:
        heat = _heat(study, number, check) if name in HEATS else None
        with looking():
            return png(layer(name, exam, number, lambda _: in_slices(heat[None], exam.stack.rows, exam.stack.columns)))


def _normal(image_orientation: Vector) -> dict:
    return dict(zip(("negative", "positive"), ends(image_orientation), strict=True))


def _passes(exam: KeptExam) -> list[dict]:
    seconds = exam.description.seconds or (None,) * len(FOLDERS)
    return [
        {"name": folder, "title": KINDS[folder].title, "seconds": None if each is None else round(each, 1)}
        for folder, each in zip(FOLDERS, seconds, strict=True)
    ]


def _legend(key: Key) -> list[dict]:
    return [_ramp(each) if isinstance(each, Ramp) else _swatch(each) for each in key]


def _ramp(ramp: Ramp) -> dict:
    at = np.linspace(0, len(ramp.colours) - 1, RAMP_COLOURS).round().astype(int)
    return {"colours": [_hexadecimal(each) for each in ramp.colours[at]], "low": ramp.low, "high": ramp.high}


def _swatch(swatch: Swatch) -> dict:
    return {"colour": _hexadecimal(swatch.colour), "text": swatch.words}


def _hexadecimal(colour: Sequence[float]) -> str:
    """``colour``, RGB of 0 to 255, as style sheets have it."""
    return "#" + "".join(f"{round(float(each)):02x}" for each in colour)


def _heat(study: Study, number: int, check: Check) -> np.ndarray:
    """(2, 128, 128) of slice ``number``. Who moves on from slice to slice waits for a batch now and then, not for
    every slice."""
    found = kept.kept_heats(study.pk, [number])
    if not found:
        with alone(study.pk), making():
            found = _made(study, _together(study, number), number, check)
    return found[number]


def _made(study: Study, wanted: Sequence[int], number: int, check: Check) -> dict[int, np.ndarray]:
    """Heat of ``wanted``, unless that of ``number`` was made while this waited."""
    found = kept.kept_heats(study.pk, wanted)
    if number in found:
        return found
    return execution().make_heat(study, [each for each in wanted if each not in found], check)


def _together(study: Study, number: int) -> list[int]:
    positive = set(study.positive_slices)
    near = range(number - AROUND, number + AROUND + 1)
    return [each for each in near if each == number or {each, number} <= positive]
