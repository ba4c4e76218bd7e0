"""Files of studies in a storage: fingerprints of what is erased, and the age of what nobody seems to own."""

import hashlib
from datetime import timedelta
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils import timezone

CHUNK = 1 << 20  # bytes
YOUNG = timedelta(minutes=10)  # a file of this age may be one whose study is just being made


class Gone(FileNotFoundError):
    """Another process deleted the file while it was read."""


def opened(store: Storage, name: str) -> BinaryIO:
    """A file to read here and there: of one in a bucket only what is read is fetched, and reading may raise Gone.

    Raises FileNotFoundError where it is not there.
    """
    return getattr(store, "open_parts", store.open)(name)


def sha256(file: File | BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def erase(store: Storage, name: str) -> dict | None:
    """Deletes a file; its name, bytes and SHA-256, None when it is not there."""
    try:
        with store.open(name) as stored:
            told = {"name": name, "bytes": stored.size, "sha256": sha256(stored)}
    except FileNotFoundError:  # never stored, or gone meanwhile
        return None
    store.delete(name)
    return told


def names(store: Storage, folder: str = "") -> tuple[list[str], list[str]]:
    """Folders and files in a folder of a storage; none where it is not there: it is made with its first file."""
    try:
        folders, files = store.listdir(folder)
    except FileNotFoundError:
        return [], []
    return sorted(folders), sorted(files)


def is_young(store: Storage, name: str) -> bool:
    """Whether a file is so new that its study may still be made. Raises FileNotFoundError."""
    return store.get_modified_time(name) >= timezone.now() - YOUNG
