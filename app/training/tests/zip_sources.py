"""Small folders of zips with a table of labels, for tests."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from imaging.tests.slices import exam_files, zip_bytes
from training.sources.zips import LABELS

SPACING = {"PixelSpacing": [1.5, 1.5]}  # mm; slices lie 2 mm apart


def write_zips(folder: Path, names: Sequence[str], count: int = 6) -> None:
    """Zips of ``count`` slices: of 32 x 32 pixels in the first, 33 x 33 in the second, ..."""
    for rows, name in enumerate(names, start=32):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(zip_bytes(exam_files(count, rows=rows, **SPACING)))


def write_labels(folder: Path, *lines: str, head: str = "exam,patient,slices") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LABELS).write_text("\n".join(itertools.chain([head], lines)) + "\n")
