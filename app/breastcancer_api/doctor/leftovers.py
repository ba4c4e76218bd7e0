"""Whether anything of an exam that was erased is left on disk or in the database."""

import uuid
from pathlib import Path

from django.conf import settings
from django.core.files.storage import storages

from breastcancer_api import archives, kept, stores
from breastcancer_api.doctor.findings import Note, Wrong
from breastcancer_api.models import Slice, Study


def in_work() -> set[Path]:
    """What lies in WORK_DIR."""
    return set(settings.WORK_DIR.iterdir()) if settings.WORK_DIR.is_dir() else set()


def check(key: uuid.UUID, before: set[Path]) -> str:
    """Raises Wrong when something is left of the study ``key``, or in WORK_DIR what was not there ``before``."""
    left = [f"RESULTS/{key}/{name}" for name in stores.names(storages[kept.STORE], str(key))[1]]
    if settings.EXECUTION == "celery":
        left += [f"ARCHIVES/{name}" for name in stores.names(storages[archives.STORE])[1] if name.startswith(str(key))]
    if Study.objects.filter(pk=key).exists() or Slice.objects.filter(study=key).exists():
        left.append("rows in the database")
    others = Study.objects.unfinished().exists()
    if not others:
        left += [f"WORK_DIR/{each.name}" for each in in_work() - before]
    if left:
        raise Wrong(f"left: {', '.join(sorted(left))}. Delete it, and tell us")
    if others:
        raise Note("nothing, but WORK_DIR cannot be judged while other exams are read")
    return "nothing: no row, no picture, WORK_DIR as before"
