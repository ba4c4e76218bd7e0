"""What an exam needs to be read, part by part, and which of it is missing now."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import Error, connection
from kombu.exceptions import OperationalError

from breastcancer_api import archives, kept
from breastcancer_api.networks import ready_networks
from breastcancer_api.tasks import waiting
from detection.known_answers import WrongAnswer
from nets.bundle import BundleError
from nets.device import DeviceMissing

Check = Callable[[], None]


class Missing(Exception):
    """A part cannot be used; the text says why, and names neither folders nor hosts: whoever asks may read it."""


def parts() -> dict[str, Check]:
    """What this process needs, by name. Each check raises Missing."""
    queued = settings.EXECUTION == "celery"
    needed = {"database": _database, "broker" if queued else "networks": _broker if queued else _networks}
    needed |= {"work": _work} | ({"archives": _archives} if queued else {})
    return needed | ({"results": _results} if settings.RETENTION_HOURS else {})


def missing() -> dict[str, str]:
    """Why each part that cannot be used cannot; empty when an exam could be read."""
    told = {}
    for name, check in parts().items():
        try:
            check()
        except Missing as reason:
            told[name] = str(reason)
    return told


def room() -> int:
    """Bytes that the largest exam takes in WORK_DIR: as it is sent, and unpacked."""
    return settings.MAX_UPLOAD_BYTES + settings.MAX_UNPACKED_BYTES


def folders() -> dict[str, Path]:
    """Those in which exams and what is kept of them lie, by the part that needs them; a bucket is none."""
    found = {"work": settings.WORK_DIR} | {name: _folder(name) for name in (archives.STORE, kept.STORE)}
    return {name: folder for name, folder in found.items() if folder and name in parts()}


def free(folder: Path) -> int:
    """Free bytes where ``folder`` is or will be made. Raises OSError."""
    return shutil.disk_usage(_existing(folder)).free


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        raise Missing("The database does not answer.") from error


def _broker() -> None:
    try:
        waiting()
    except OperationalError as error:
        raise Missing("The broker does not answer; exams wait for it.") from error


def _networks() -> None:
    """They answered rightly when they were loaded; an exam would find out that they do no more."""
    try:
        ready_networks()
    except (BundleError, DeviceMissing, WrongAnswer) as error:
        raise Missing("The networks cannot be loaded, or answer wrongly.") from error


def _work() -> None:
    try:
        with tempfile.TemporaryFile(dir=settings.WORK_DIR) as file:
            file.write(b"\0")
        left = free(settings.WORK_DIR)
    except OSError as error:
        raise Missing("WORK_DIR cannot be written.") from error
    if left < room():
        told = f"WORK_DIR has {left // settings.MEGABYTE} MB left"
        raise Missing(f"{told}; the largest exam may take {room() // settings.MEGABYTE}.")


def _archives() -> None:
    _check_store(archives.STORE)


def _results() -> None:
    _check_store(kept.STORE)


def _check_store(name: str) -> None:
    """A bucket is not asked: that takes a while, and its absence costs pictures and not answers."""
    folder = _folder(name)
    if folder and not os.access(_existing(folder), os.W_OK | os.X_OK):
        raise Missing(f"{name.upper()} cannot be written.")


def _folder(store: str) -> Path | None:
    found = storages[store]
    return Path(found.location) if isinstance(found, FileSystemStorage) else None


def _existing(folder: Path) -> Path:
    """``folder``, or that above it in which it will be made."""
    return next(each for each in (folder, *folder.parents) if each.exists())
