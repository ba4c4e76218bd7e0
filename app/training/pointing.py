"""Whether heat points at the tumour: on phantom exams, whose truth is known, read as an upload is.

The pointing game (Zhang et al., Int J Comput Vis 2018;126:1084): a slice counts when the place of the most heat lies in
its tumour, or within TOLERANCE of it.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from detection.agreement import Agreement, agreement
from detection.body import body_of
from detection.findings import Finding, findings
from detection.heat import in_slices
from detection.kinetics import floor_of, smoothed
from detection.pipeline import Prepared, answered, normalisations
from detection.results import SliceResult
from detection.second_look import SecondLook
from imaging.archive import Limits
from imaging.kept_exam import KeptExam, exam_writer
from imaging.preprocessing import process_scantype, process_single
from imaging.reading import read_four_folders
from nets.bundle import ROLES, SIZE
from nets.layer_cam import METHOD, Method, grad_cam, gradient_x_activation, heats
from nets.runtime import Networks
from phantom.dicom import write_zip
from phantom.exam import Exam, drawn_exam
from training.bootstrap import figure, mean, ratio
from training.exam_set import SERIES
from training.finding_figures import Curve, Run, confusion, curves, exam_of_both_breasts, runs, separation

TOLERANCE = 5.0  # mm
#: What --compare tries, by name.
CANDIDATES = {
    "LayerCAM, block 1": Method((1,)),
    "LayerCAM, block 2": Method((2,)),
    "LayerCAM, block 3": Method((3,)),
    "LayerCAM, block 4": Method((4,)),
    "LayerCAM, blocks 2 and 3": Method((2, 3)),
    "LayerCAM, blocks 2 and 4": Method((2, 4)),
    "LayerCAM, blocks 3 and 4": Method((3, 4)),
    "gradient x activation, block 2": Method((2,), gradient_x_activation),
    "gradient x activation, block 3": Method((3,), gradient_x_activation),
    "gradient x activation, blocks 2 and 3": Method((2, 3), gradient_x_activation),
    "Grad-CAM, block 3": Method((3,), grad_cam),
    "Grad-CAM, block 4": Method((4,), grad_cam),
}
SERVED = next(name for name, method in CANDIDATES.items() if method == METHOD)
LIMITS = Limits(files=10_000, unpacked_bytes=10_000_000_000, compression_ratio=600)
# Heat that is put where no tumour is, to see whether it is warned of: so many slices of an exam, spots of this standard
# deviation in mm, and in the air at least so far, in mm, from the skin.
SPOTTED, SPOT, OFF_SKIN = 4, 5.0, 8.0


@dataclass(frozen=True)
class Pointed:
    """One network's heat by one method in one slice with tumour. ``exam`` counts from 0; ``detected`` by this network,
    ``answered`` by both fused; ``distance`` in mm from the place of the most heat to the tumour; ``inside`` and
    ``near`` are the shares of heat in the tumour and within TOLERANCE of it, ``chance`` the share of the slice that is
    so near."""

    exam: int
    method: str
    role: str
    detected: bool
    answered: bool
    distance: float
    inside: float
    near: float
    chance: float


@dataclass(frozen=True)
class Judged:
    """What ``agreement`` said of heat at a known place: ``of`` is ``tumour`` (heat of the scantype network in a slice
    of the answer, its peak within TOLERANCE of the tumour), ``finding`` (the same, of the best slice of a finding) or
    where a spot was put: ``heart``, ``chest wall`` or ``air``."""

    exam: int
    of: str
    agreement: Agreement


@dataclass(frozen=True)
class Shown:
    """A slice for the picture: brightness of the first pass, where the tumour is, and heat by role, (rows, columns)."""

    label: str
    brightness: np.ndarray
    tumour: np.ndarray
    heat: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Looked:
    """One exam: ``shown`` is its answered slice with tumour that the scantype network finds most probable. ``runs`` are
    those of this exam, and of the one of both breasts that the same seed gives."""

    with_tumour: bool = False
    pointed: tuple[Pointed, ...] = ()
    judged: tuple[Judged, ...] = ()
    shown: Shown | None = None
    runs: tuple[Run, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True)
class Read:
    """A phantom and what became of it: ``slices`` is the answer, ``kept`` its pictures."""

    phantom: Exam
    slices: Sequence[SliceResult]
    kept: KeptExam


def point(seeds: Iterable[int], networks: Networks) -> Iterator[Looked]:
    """What the heat that is served shows in each of the exams drawn (with small matrices) from ``seeds``, one after the
    other; exams without tumour are not read, and nothing is seen in them. Where two tumours drawn from the same seed
    lie in both breasts, that exam is read, too, for its runs alone."""
    for place, seed, read in _exams(seeds, networks):
        looked = Looked() if read is None else _looked(place, read, networks)
        yield replace(looked, runs=(*looked.runs, *_of_both_breasts(place, seed, networks)))


def compare(seeds: Iterable[int], networks: Networks) -> Iterator[Looked]:
    """As ``point``, by each of CANDIDATES, where the heat lies and nothing else."""
    for place, _, read in _exams(seeds, networks):
        if read is None:
            yield Looked()
            continue
        slices, rows = _detected(read), []
        by_method = _heats(read.kept, [each.number for each in slices], networks, CANDIDATES.values())
        for name, maps in zip(CANDIDATES, by_method, strict=True):
            rows += _pointed(place, name, read.phantom, slices, maps)
        yield Looked(True, tuple(rows))


def _exams(seeds: Iterable[int], networks: Networks) -> Iterator[tuple[int, int, Read | None]]:
    """The place of each seed, from 0, the seed and its exam; None for one without tumour."""
    for place, seed in enumerate(seeds):
        phantom = drawn_exam(seed)
        if not phantom.positive_slices:
            yield place, seed, None
            continue
        with _in_folder(phantom, networks) as read:
            yield place, seed, read


@contextmanager
def _in_folder(phantom: Exam, networks: Networks) -> Iterator[Read]:
    with (
        tempfile.TemporaryDirectory(prefix="breastwise-point-") as folder,
        _read(phantom, networks, folder) as read,
    ):
        yield read


@contextmanager
def _read(phantom: Exam, networks: Networks, folder: str) -> Iterator[Read]:
    """Through DICOM files, as ``detection.pipeline.scan`` does."""
    archive, work, kept = (Path(folder, name) for name in ("series.zip", "work", "kept.zip"))
    work.mkdir()
    write_zip(phantom, archive)
    by_single, by_scantype = normalisations(networks.cards())
    with archive.open("rb") as file:
        exam = read_four_folders(file, work, LIMITS).exam
        with exam_writer(kept, exam) as writer:
            single = process_single(exam.pre, by_single, seen=writer.picture)
            scantype = process_scantype(*exam.passes, by_scantype, seen=writer.picture)
            writer.inputs(np.concatenate([single, scantype], axis=1))
    with KeptExam(kept) as opened:
        yield Read(phantom, answered(Prepared(single, scantype, ()), networks), opened)


def _looked(place: int, read: Read, networks: Networks) -> Looked:
    slices = _detected(read)
    [maps] = _heats(read.kept, [each.number for each in slices], networks)
    found, hits = findings(read.slices, read.kept, SecondLook(read.kept, networks)), _hits(read.phantom)
    return Looked(
        True,
        tuple(_pointed(place, SERVED, read.phantom, slices, maps)),
        tuple(_heat_at_known_places(place, read, slices, maps["scantype"], [each for each in found if hits(each)])),
        _shown(read, slices, maps),
        tuple(runs(place, read.phantom, read.slices, found, hits)),
        tuple(curves(place, read.phantom, found, hits)),
    )


def _of_both_breasts(place: int, seed: int, networks: Networks) -> Iterator[Run]:
    phantom = exam_of_both_breasts(seed)
    if phantom is None:
        return
    with _in_folder(phantom, networks) as read:
        found = findings(read.slices, read.kept, SecondLook(read.kept, networks))
        yield from runs(place, phantom, read.slices, found, _hits(phantom))


def _detected(read: Read) -> list[SliceResult]:
    """The slices with tumour in which a network sees one."""
    positive = set(read.phantom.positive_slices)
    return [
        each for each in read.slices if each.number in positive and (each.single_decision or each.scantype_decision)
    ]


def _heats(
    kept: KeptExam, numbers: Sequence[int], networks: Networks, methods: Iterable[Method] = (METHOD,)
) -> list[dict[str, np.ndarray]]:
    """For each method by role: heat (N, rows, columns) of slices by their numbers."""
    inputs = np.array([kept.inputs(number) for number in numbers], np.uint8).reshape(-1, SERIES, *SIZE)
    size, methods = (kept.stack.rows, kept.stack.columns), list(methods)
    single, scantype = heats(networks.single, inputs[:, :1], methods), heats(networks.scantype, inputs[:, 1:], methods)
    return [
        {role: in_slices(each, *size) for role, each in zip(ROLES, pair, strict=True)}
        for pair in zip(single, scantype, strict=True)
    ]


def _pointed(
    exam: int, method: str, phantom: Exam, slices: Sequence[SliceResult], maps: Mapping[str, np.ndarray]
) -> Iterator[Pointed]:
    for index, each in enumerate(slices):
        far = millimetres_from(tumour_in(phantom, each.number), phantom.protocol.pixel_spacing)
        for role, found in maps.items():
            detected = bool(getattr(each, f"{role}_decision"))
            yield Pointed(exam, method, role, detected, bool(each.fused), *lies(found[index], far))


def lies(heat: np.ndarray, far: np.ndarray) -> tuple[float, float, float, float]:
    """``distance``, ``inside``, ``near`` and ``chance`` of ``Pointed``; ``far`` is what ``millimetres_from`` gives."""
    whole, near = float(heat.sum(dtype=float)), far <= TOLERANCE
    if not whole:
        return np.inf, 0.0, 0.0, float(near.mean())
    inside, close = (float(heat[where].sum(dtype=float)) / whole for where in (far == 0, near))
    return float(far.flat[np.argmax(heat)]), inside, close, float(near.mean())


def tumour_in(phantom: Exam, number: int) -> np.ndarray:
    """(rows, columns) bool: the pixels that tumour fills by half in slice ``number``, from 1, or where it fills none so
    far the one that holds most of it."""
    mask = phantom.mask(number - 1)
    if not mask.any():
        plane, thickness = phantom.protocol.plane(number - 1), phantom.protocol.slice_thickness
        shares = sum(phantom.patient.tumour_share(each, plane, thickness) for each in phantom.patient.lesions)
        mask.flat[np.argmax(shares)] = True
    return mask


def millimetres_from(mask: np.ndarray, spacing: float) -> np.ndarray:
    """(rows, columns): from each pixel to the nearest one in ``mask``, 0 inside; ``spacing`` in mm."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * spacing


def _heat_at_known_places(
    place: int, read: Read, slices: Sequence[SliceResult], heat: np.ndarray, found: Sequence[Finding]
) -> Iterator[Judged]:
    """``heat`` of ``slices``, and that of the findings ``found`` whose peak lies in tumour."""
    kept, phantom = read.kept, read.phantom
    floor = floor_of(kept)
    body = body_of(kept, floor)

    def said(number: int, heat: np.ndarray) -> Agreement:
        return agreement(heat, smoothed(kept.passes(number)), floor, body.places(number))

    for each, one in zip(slices, heat, strict=True):
        if each.fused and _on_tumour(phantom, each.number, *np.unravel_index(np.argmax(one), one.shape)):
            yield Judged(place, "tumour", said(each.number, one))
    for each in found:
        yield Judged(place, "finding", each.agreement)
    for of, number, spot in _spots(phantom):
        yield Judged(place, of, said(number, spot))


def _hits(phantom: Exam) -> Callable[[Finding], bool]:
    """Whether the peak of a finding lies in tumour, or within TOLERANCE of it."""

    def hits(found: Finding) -> bool:
        holds = found.peak is not None and found.best_slice in phantom.positive_slices
        return holds and _on_tumour(phantom, found.best_slice, found.peak.row, found.peak.column)

    return hits


def _on_tumour(phantom: Exam, number: int, row: int, column: int) -> bool:
    far = millimetres_from(tumour_in(phantom, number), phantom.protocol.pixel_spacing)
    return bool(far[row, column] <= TOLERANCE)


def _spots(phantom: Exam) -> Iterator[tuple[str, int, np.ndarray]]:
    """Where a spot of heat is put, in which slice, and the heat; at random, the same for the same seed."""
    rng = np.random.default_rng([30, phantom.seed])
    for number in np.linspace(1, phantom.protocol.slices, SPOTTED + 2)[1:-1].round().astype(int).tolist():
        for of, where in places_without_tumour(phantom, number).items():
            if where.any():
                yield of, number, _spot(where, rng, phantom.protocol.pixel_spacing)


def _spot(where: np.ndarray, rng: np.random.Generator, spacing: float) -> np.ndarray:
    row, column = rng.choice(np.argwhere(where))
    rows, columns = np.ogrid[: where.shape[0], : where.shape[1]]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * (SPOT / spacing) ** 2)).astype(np.float32)


def places_without_tumour(phantom: Exam, number: int) -> dict[str, np.ndarray]:
    """(rows, columns) bool of slice ``number``, from 1: what the phantom's own truth calls ``heart`` (with the great
    vessels), ``chest wall`` (ribs and what lies between them, behind the pectoral muscle) and ``air``."""
    plane, chest = phantom.protocol.plane(number - 1), phantom.patient.chest
    view = phantom.patient.view(plane, phantom.protocol.slice_thickness)
    inside = view.chest > chest.cavity_depth
    behind_muscle = view.chest - chest.layers.fat > chest.muscle_thickness(plane)
    heart = np.maximum(chest.blood_depth(plane), chest.heart.depth(plane))
    return {
        "heart": inside & (heart > 0),
        "chest wall": ~inside & behind_muscle & (view.body > 0),
        "air": view.body < -OFF_SKIN,
    }


def _shown(read: Read, slices: Sequence[SliceResult], maps: Mapping[str, np.ndarray]) -> Shown | None:
    found = [index for index, each in enumerate(slices) if each.fused]
    if not found:
        return None
    best = max(found, key=lambda index: slices[index].scantype_probability)
    number = slices[best].number
    return Shown(
        f"seed {read.phantom.seed}, slice {number}",
        read.kept.passes(number)[1],
        tumour_in(read.phantom, number),
        {role: maps[role][best] for role in ROLES},
    )


def report(looked: Sequence[Looked]) -> dict:
    """Figures with 95 % intervals by bootstrap over exams: by method and role, of the slices with tumour which that
    network detects and of those that the answer names; and what ``agreement`` said of heat at known places."""
    count, pointed = len(looked), [row for each in looked for row in each.pointed]
    methods = dict.fromkeys(row.method for row in pointed)
    of = {
        method: {role: _pointing([r for r in pointed if (r.method, r.role) == (method, role)], count) for role in ROLES}
        for method in methods
    }
    told = {
        "exams": count,
        "exams_with_tumour": sum(each.with_tumour for each in looked),
        "tolerance_mm": TOLERANCE,
        "pointing": of,
    }
    return told | {
        "agreement": _agreements([row for each in looked for row in each.judged], count),
        "separation": separation([row for each in looked for row in each.runs], count),
        "curves": confusion([row for each in looked for row in each.curves]),
    }


def _pointing(rows: Sequence[Pointed], count: int) -> dict:
    return {group: _figures([row for row in rows if getattr(row, group)], count) for group in ("detected", "answered")}


def _figures(rows: Sequence[Pointed], count: int) -> dict:
    exams = np.array([row.exam for row in rows], int)
    hit = np.array([row.distance <= TOLERANCE for row in rows], bool)
    shares = {
        name: figure(mean(np.array([getattr(row, name) for row in rows], float), exams, count), count)
        for name in ("inside", "near", "chance")
    }
    pointing = figure(ratio(hit, np.ones(len(hit), bool), exams, count), count)
    return {"slices": len(rows), "exams": len(set(exams.tolist())), "pointing": pointing} | shares


def _agreements(rows: Sequence[Judged], count: int) -> dict:
    told = {}
    for of in dict.fromkeys(row.of for row in rows):
        those = [row for row in rows if row.of == of]
        exams = np.array([row.exam for row in those], int)
        warned = np.array([bool(row.agreement.warnings) for row in those])
        told[of] = {
            "slices": len(those),
            "warned": figure(ratio(warned, np.ones(len(those), bool), exams, count), count),
        }
        for share in ("enhancing", "wash_out", "plateau", "persistent", "air", "chest"):
            values = np.array([getattr(row.agreement, share) for row in those], float)
            known = ~np.isnan(values)
            told[of][share] = figure(mean(values[known], exams[known], count), count)
    return told
