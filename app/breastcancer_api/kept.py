"""What the forms of a result are made from, for RETENTION_HOURS: a study's pictures and the heat of its slices.

A study has a folder in the storage RESULTS, named by its id. Its pictures name the patient, as reports must.
"""

import io
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from rest_framework.exceptions import APIException

from breastcancer_api import stores
from breastcancer_api.models import Study
from breastcancer_api.shelf import Shelf
from breastcancer_api.timers import now_and_then
from imaging.kept_exam import KeptExam

STORE = "results"
EXAM = "exam.zip"
PORTION = 500  # studies that are looked up together: databases take only so many in one question
TIDY_SECONDS = 30  # between two looks for pictures that stay open and are not looked at


class NotKept(APIException):
    status_code, default_code = 410, "not_kept"
    default_detail = "The pictures of this study are not kept, or not any more (RETENTION_HOURS). Its numbers are."


class _OnDisk(File):
    """A file that a folder takes over by a change of its name."""

    def temporary_file_path(self) -> str:
        return self.name


def keep(key: uuid.UUID, exam: Path) -> None:
    """Takes over the file of ``imaging.kept_exam`` for the study ``key``. Raises what the storage does."""
    with exam.open("rb") as file:
        storages[STORE].save(_name(key, EXAM), _OnDisk(file, str(exam)))
    _shelf.drop(key)


def is_kept(key: uuid.UUID) -> bool:
    return storages[STORE].exists(_name(key, EXAM))


@contextmanager
def kept_exam(key: uuid.UUID) -> Iterator[KeptExam]:
    """The pictures of the study ``key``. Raises NotKept, also where they are not whole, or are deleted meanwhile."""
    if not is_kept(key):  # another process may have erased what is open here
        _shelf.drop(key)
        raise NotKept
    try:
        with _shelf.borrowed(key) as exam:
            yield exam
    except stores.Gone as error:
        _shelf.drop(key)
        raise NotKept from error


@contextmanager
def _opened(key: uuid.UUID) -> Iterator[KeptExam]:
    with ExitStack() as held:
        try:
            file = held.enter_context(_file(key, EXAM))
            exam = held.enter_context(KeptExam(file))
        except (FileNotFoundError, zipfile.BadZipFile) as error:
            raise NotKept from error
        yield exam


_shelf = Shelf(_opened)


def tidy_now_and_then() -> None:
    """Closes pictures that nobody looks at any more every TIDY_SECONDS, for as long as the process lives."""
    now_and_then("shelf", TIDY_SECONDS, _shelf.tidy)


def keep_heat(key: uuid.UUID, number: int, heat: np.ndarray) -> None:
    """Keeps the heat of slice ``number``, (2, 128, 128), for as long as the study's pictures are."""
    packed = io.BytesIO()
    np.savez_compressed(packed, heat=heat.astype(np.float16))
    storages[STORE].save(_name(key, _heat(number)), ContentFile(packed.getvalue()))
    if not is_kept(key):  # erased meanwhile
        delete(key)


def kept_heats(key: uuid.UUID, numbers: Sequence[int]) -> dict[int, np.ndarray]:
    """The heat of those of the slices ``numbers`` whose heat was asked for before, (2, 128, 128) float32 each: of the
    single and the scantype network."""
    there = {name.rpartition("/")[2] for name in _names(key)}
    read = {number: _kept_heat(key, number) for number in numbers if _heat(number) in there}
    return {number: heat for number, heat in read.items() if heat is not None}


def _kept_heat(key: uuid.UUID, number: int) -> np.ndarray | None:
    """None where it is not there, not whole, or just being written."""
    try:
        with _file(key, _heat(number)) as file, np.load(file, allow_pickle=False) as packed:
            return packed["heat"].astype(np.float32)
    except (FileNotFoundError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def delete(key: uuid.UUID) -> None:
    """Deletes what is kept of the study ``key``, if anything is."""
    store = storages[STORE]
    for name in _names(key):
        store.delete(name)
    store.delete(str(key))  # of a folder that is left empty; buckets have none
    _shelf.drop(key)


def erase(key: uuid.UUID) -> list[dict]:
    """As ``delete``; name, bytes and SHA-256 of each file that was there."""
    told = [stores.erase(storages[STORE], name) for name in _names(key)]
    storages[STORE].delete(str(key))
    _shelf.drop(key)
    return [each for each in told if each]


def erase_what_is_over() -> int:
    """Deletes what is kept of studies whose time is over, and of none, but for young files; of how many that was."""
    folders = [each for each in stores.names(storages[STORE])[0] if _is_key(each)]
    over = 0
    for start in range(0, len(folders), PORTION):
        portion = [uuid.UUID(each) for each in folders[start : start + PORTION]]
        wanted = set(Study.objects.filter(pk__in=portion, reduced_at=None).values_list("pk", flat=True))
        known = set(Study.objects.filter(pk__in=portion).values_list("pk", flat=True))
        for key in portion:
            if key not in wanted and (key in known or _is_old(key)):
                delete(key)
                over += 1
    return over


def _is_old(key: uuid.UUID) -> bool:
    try:
        return not any(stores.is_young(storages[STORE], name) for name in _names(key))
    except FileNotFoundError:  # deleted meanwhile
        return False


def _is_key(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:  # not ours
        return False


def _file(key: uuid.UUID, file: str) -> BinaryIO:
    return stores.opened(storages[STORE], _name(key, file))


def _names(key: uuid.UUID) -> list[str]:
    return [_name(key, file) for file in stores.names(storages[STORE], str(key))[1]]


def _name(key: uuid.UUID, file: str) -> str:
    return f"{key}/{file}"


def _heat(number: int) -> str:
    return f"heat-{number:04d}.npz"
