"""``manage.py prepare``: labelled exams become a set on disk that networks are trained and judged on."""

import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from breastcancer_api.provenance import command, commit
from imaging.preprocessing import Normalisation
from training.exam_set import SPLITS, SetError
from training.prepare import COUNTED, SHARES, PrepareError, prepare_set
from training.sources.duke import MARGIN, duke
from training.sources.phantoms import FIRST_SEEDS, phantoms
from training.sources.source import Source
from training.sources.tables import TableError
from training.sources.zips import labelled_zips

# option -> the kind of source it belongs to
BELONGS = {"labels": "zips", "mapping": "duke", "boxes": "duke", "margin": "duke", "first_seeds": "phantoms"}
MOST_TOLD = 5  # reasons of exams that are left out; the manifest has them all


class Command(BaseCommand):
    help = "Prepare labelled exams as a set for training and evaluation (docs/data.md)."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder for the set")
        kinds = parser.add_mutually_exclusive_group(required=True)
        kinds.add_argument("--phantoms", type=int, nargs=3, metavar=_of_splits(), help="exams a split")
        kinds.add_argument("--zips", type=Path, metavar="FOLDER", help="zips at any depth")
        kinds.add_argument("--duke", type=Path, metavar="FOLDER", help="Duke-Breast-Cancer-MRI as downloaded")
        parser.add_argument("--labels", type=Path, metavar="CSV", help="of zips (default: FOLDER/labels.csv)")
        parser.add_argument("--mapping", type=Path, metavar="CSV", help="of Duke: which file is which slice")
        parser.add_argument("--boxes", type=Path, metavar="CSV", help="of Duke: where the tumours are")
        parser.add_argument(
            "--margin", type=int, help=f"of Duke: slices from the box to a negative one (default: {MARGIN})"
        )
        seeds = " ".join(map(str, FIRST_SEEDS.values()))
        told = f"of phantoms (default: {seeds})"
        parser.add_argument("--first-seeds", type=int, nargs=3, metavar=_of_splits(), help=told)
        parser.add_argument("--normalisation", choices=("exam", "slice"), default="exam")
        told = "of zips and Duke: another one splits the patients differently (default: 0)"
        parser.add_argument("--seed", type=int, help=told)
        told = f"of zips and Duke: of the patients (default: {' '.join(map(str, SHARES))})"
        parser.add_argument("--shares", type=float, nargs=3, metavar=_of_splits(), help=told)
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)

    def handle(self, **options):
        _check(options)
        try:
            made = prepare_set(
                source_of(options),
                options["out"],
                Normalisation(maximum=options["normalisation"]),
                options["seed"] or 0,
                options["shares"] or SHARES,
                options["workers"],
                command=command(),
                commit=commit(),
            )
        except (SetError, PrepareError, TableError, OSError) as error:
            raise CommandError(error) from error
        self.stdout.write(summary(made.manifest))


def _of_splits() -> tuple[str, ...]:
    return tuple(split.upper() for split in SPLITS)


def _check(options: dict) -> None:
    if options["workers"] < 1 or (options["margin"] or 0) < 0:
        raise CommandError("--workers begins at 1, --margin at 0")
    for name in ("seed", "shares"):
        if options["phantoms"] and options[name] is not None:
            raise CommandError(f"--{name} splits patients; phantoms stand in the split they are made for")
    for name, kind in BELONGS.items():
        if options[name] is not None and options[kind] is None:
            raise CommandError(f"--{name.replace('_', '-')} belongs to --{kind}")


def source_of(options: dict) -> Source:
    """The source that is asked for. Raises CommandError when the options are none, TableError for a damaged table."""
    if options["phantoms"]:
        return _phantoms(options["phantoms"], options["first_seeds"] or [*FIRST_SEEDS.values()])
    folder = options["zips"] or options["duke"]
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder")
    if options["zips"]:
        return labelled_zips(folder, options["labels"])
    if not (options["mapping"] and options["boxes"]):
        raise CommandError("--duke needs --mapping and --boxes")
    return duke(
        folder, options["mapping"], options["boxes"], MARGIN if options["margin"] is None else options["margin"]
    )


def _phantoms(counts: list[int], first_seeds: list[int]) -> Source:
    if min(counts + first_seeds) < 0:
        raise CommandError("--phantoms and --first-seeds begin at 0")
    try:
        return phantoms(dict(zip(SPLITS, counts, strict=True)), dict(zip(SPLITS, first_seeds, strict=True)))
    except ValueError as error:
        raise CommandError(f"--first-seeds: {error}") from error


def summary(manifest: dict) -> str:
    """What is in a set, and what is not, for a person."""
    rows = [("", "exams", *COUNTED), *((split, *counts.values()) for split, counts in manifest["counts"].items())]
    table = ["".join(f"{str(cell).replace('_', ' '):>12}" for cell in row) for row in rows]
    missing, rate = manifest["left_out"], manifest["bytes_per_1000_slices"] / 1e6
    told = [f"  {each['name']}: {each['reason']}" for each in missing[:MOST_TOLD]]
    if len(missing) > MOST_TOLD:
        told.append(f"  ... all of them: {manifest['name']}/manifest.json")
    size = f"{manifest['slices']} slices, {manifest['bytes'] / 1e6:.1f} MB ({rate:.1f} MB per 1,000 slices)"
    return "\n".join([*table, f"{manifest['name']}: {size}", f"exams left out: {len(missing)}", *told])
