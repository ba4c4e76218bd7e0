"""Archives that wait for a worker: in the storage ARCHIVES, each beside a note of what else came with it.

The note holds what the sender said of the passes, which may name a patient and so never enters the database.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from rest_framework.exceptions import APIException

from breastcancer_api import stores
from breastcancer_api.models import Study
from breastcancer_api.studies import Passes
from detection.workspace import nameless_file

STORE = "archives"
ARCHIVE, NOTE = ".zip", ".json"


class ArchiveLost(APIException):
    status_code, default_code = 500, "archive_lost"
    default_detail = "What was sent was not there any more, or not whole, when its turn came. Send it again."


def keep(key: uuid.UUID, archive: File, passes: Passes) -> None:
    """Stores ``archive`` and ``passes`` for the study ``key``: both, or neither and whatever the storage raises."""
    try:
        note = {"passes": passes, "sha256": stores.sha256(archive)}
        archive.seek(0)
        storages[STORE].save(_name(key, ARCHIVE), archive)
        storages[STORE].save(_name(key, NOTE), ContentFile(json.dumps(note).encode()))
    except BaseException:
        delete(key)
        raise


@contextmanager
def opened(key: uuid.UUID) -> Iterator[tuple[BinaryIO, Passes]]:
    """The archive of the study ``key``, copied into a file without a name in WORK_DIR, and what was said of its passes.

    Raises ArchiveLost when it is not what was stored.
    """
    with nameless_file(settings.WORK_DIR) as copy:
        try:
            with storages[STORE].open(_name(key, NOTE)) as stored:
                note = json.load(stored)
            with storages[STORE].open(_name(key, ARCHIVE)) as stored:
                for chunk in stored.chunks(stores.CHUNK):
                    copy.write(chunk)
        except FileNotFoundError as error:
            raise ArchiveLost from error
        if stores.sha256(copy) != note["sha256"]:
            raise ArchiveLost
        copy.seek(0)
        yield copy, note["passes"]


def is_kept(key: uuid.UUID) -> bool:
    return storages[STORE].exists(_name(key, ARCHIVE))


def delete(key: uuid.UUID) -> None:
    """Deletes what is stored for the study ``key``, if anything is."""
    for kind in (ARCHIVE, NOTE):
        storages[STORE].delete(_name(key, kind))


def erase(key: uuid.UUID) -> list[dict]:
    """As ``delete``; name, bytes and SHA-256 of each file that was there."""
    told = [stores.erase(storages[STORE], _name(key, kind)) for kind in (ARCHIVE, NOTE)]
    return [each for each in told if each]


def erase_unless_awaited(key: uuid.UUID) -> None:
    """Deletes what is stored for the study ``key`` once that is done, refused, failed or gone."""
    if not Study.objects.unfinished().filter(pk=key).exists():
        delete(key)


def erase_orphans() -> int:
    """Deletes files that no unfinished study awaits, but for YOUNG ones; how many those were."""
    orphans = [name for name in stores.names(storages[STORE])[1] if _is_orphan(name)]
    for name in orphans:
        storages[STORE].delete(name)
    return len(orphans)


def _name(key: uuid.UUID, kind: str) -> str:
    return f"{key}{kind}"


def _is_orphan(name: str) -> bool:
    try:
        key = uuid.UUID(name.partition(".")[0])
    except ValueError:  # not ours
        return False
    if Study.objects.unfinished().filter(pk=key).exists():
        return False
    try:
        return not stores.is_young(storages[STORE], name)
    except FileNotFoundError:  # deleted meanwhile
        return False
