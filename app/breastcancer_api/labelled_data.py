"""Labelled exams and networks as the commands that judge and fit networks take them."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from breastcancer_api.networks import device, networks
from detection.workspace import workspace
from nets.bundle import BundleError
from nets.device import DeviceMissing
from nets.runtime import Networks, load_networks
from training.calibration import TooFew
from training.evaluate import NothingRead
from training.exam_set import MANIFEST, SPLITS, SetError, open_set
from training.labelled_exams import LabelledExam, exams_of_set, exams_of_source
from training.sources.tables import TableError
from training.sources.zips import LABELS, labelled_zips
from training.temperature import NoFit
from training.thresholds import NoThresholds

# ArithmeticError: a network answered with a value that is not a number
REFUSED = (ArithmeticError, BundleError, DeviceMissing, NoFit, NothingRead, NoThresholds, SetError, TableError, TooFew)


def add_arguments(parser: ArgumentParser, split: str) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="a prepared set, or zips and labels.csv"
    )
    parser.add_argument("--split", choices=SPLITS, default=split, help=f"of a prepared set (default: {split})")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="folder of both networks (default: those in use)")


def labelled_exams(data: Path, split: str) -> Sequence[LabelledExam]:
    """The exams of a split of the prepared set in ``data``, or all of a folder of zips with LABELS.

    Raises SetError when there is neither, TableError when LABELS is damaged.
    """
    if (data / LABELS).is_file() and not (data / MANIFEST).exists():
        return exams_of_source(labelled_zips(data), partial(workspace, settings.WORK_DIR))
    return exams_of_set(open_set(data).split(split))


def about(data: Path) -> dict:
    """What the exams in ``data`` are made of, for those who read figures later; no exam and no patient is named."""
    return open_set(data).summary if (data / MANIFEST).exists() else {"source": {"kind": "zips"}}


def pair_in(folder: Path | None) -> Networks:
    """Both networks from ``folder``, by default those in use. Raises BundleError, DeviceMissing."""
    return networks() if folder is None else load_networks(folder, device())


@contextmanager
def refusals() -> Iterator[None]:
    """What cannot be done ends a command with its reason and no traceback."""
    try:
        yield
    except REFUSED as error:
        raise CommandError(str(error)) from error
