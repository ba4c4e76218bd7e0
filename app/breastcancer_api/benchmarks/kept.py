"""How many bytes a study takes: what is sent, what is kept of its pictures, and what the database keeps of it."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from django.db import connection, transaction

from breastcancer_api.models import Slice, Study
from breastcancer_api.studies import limits
from imaging.kept_exam import exam_writer
from imaging.preprocessing import Normalisation, process_scantype, process_single
from imaging.reading import read_four_folders
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

STUDIES = 50
ROW = {
    "file": "001.dcm",
    "position": -48.75,
    "sop_instance_uids": [f"1.2.826.0.1.3680043.8.498.{k:039d}" for k in range(4)],
    "single_probability": 0.1,
    "single_decision": 0,
    "scantype_probability": 0.2,
    "scantype_decision": 0,
    "fused": 0,
    "reason": "single 0.10 negative, scantype 0.20 negative: negative",
}


def exam_bytes(slices: int, side: int, progress=iter) -> tuple[int, int]:
    """Of a zipped phantom of ``slices`` x 4 files of ``side`` x ``side`` pixels, and of its pictures as kept."""
    with tempfile.TemporaryDirectory(prefix="breastwise-capacity-") as name:
        archive, pictures, work = (Path(name, each) for each in ("series.zip", "pictures", "work"))
        write_zip(Exam(7, Protocol(side, side, slices)), archive, progress)
        work.mkdir()
        with archive.open("rb") as file:
            exam = read_four_folders(file, work, limits()).exam
            with exam_writer(pictures, exam) as writer:
                by_exam = Normalisation("exam")
                single = process_single(exam.pre, by_exam, writer.picture)
                scantype = process_scantype(*exam.passes, normalisation=by_exam, seen=writer.picture)
                writer.inputs(np.concatenate([single, scantype], axis=1))
        return archive.stat().st_size, pictures.stat().st_size


def database_bytes(slices: int, numbers: Iterable[int] = range(STUDIES)) -> float:
    """Of a study of ``slices``, indices included, in the database in use; it is as before afterwards."""
    with transaction.atomic():
        before = _size()
        for _ in (kept := list(numbers)):
            study = Study.objects.create(state=Study.State.DONE, slice_count=slices, positive_slices=[1, 2, 3])
            Slice.objects.bulk_create(Slice(study=study, number=number, **ROW) for number in range(1, slices + 1))
        grown = _size() - before
        transaction.set_rollback(True)
    return grown / len(kept)


def _size() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            tables = [model._meta.db_table for model in (Study, Slice)]
            cursor.execute("SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s) AS name", [tables])
            return int(cursor.fetchone()[0])
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])
