"""A private folder for each exam that is gone afterwards, whatever happens, and files that never had a name."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

PREFIX = "exam-"


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """An empty folder under ``root`` that no one else uses, deleted on the way out.

    It stays locked while it is in use, so that ``sweep`` can tell it from one whose process was killed.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        held = _lock(folder)
    try:
        yield folder
    finally:
        delete_folders(folder)
        os.close(held)


def nameless_file(root: Path) -> BinaryIO:
    """A new file under ``root`` to write and read, unlinked from the start: closing it, or dying, frees it."""
    root.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=root)


def filled_file(root: Path, fill: Callable[[BinaryIO], object]) -> BinaryIO:
    """Such a file once ``fill`` has written it, to be read from its start. Raises what ``fill`` does."""
    with ExitStack() as unless_filled:
        file = unless_filled.enter_context(nameless_file(root))
        fill(file)
        file.seek(0)
        unless_filled.pop_all()
    return file


def delete_folders(folder: Path) -> None:
    """Deletes ``folder`` and all in it. Raises OSError when something cannot be deleted: that must not pass unseen."""
    shutil.rmtree(folder)


def sweep(root: Path) -> int:
    """Deletes what killed processes left under ``root`` and returns how many folders that were."""
    root.mkdir(parents=True, exist_ok=True)
    swept = 0
    with _locked(root):
        for folder in root.glob(f"{PREFIX}*"):
            try:
                held = _lock(folder, fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            delete_folders(folder)
            os.close(held)
            swept += 1
    return swept


def _lock(folder: Path, flags: int = 0) -> int:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | flags)
    except BlockingIOError:
        os.close(opened)
        raise
    return opened


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    opened = _lock(folder)
    try:
        yield
    finally:
        os.close(opened)
