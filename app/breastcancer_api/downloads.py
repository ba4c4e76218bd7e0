"""A whole result as one file."""

import csv
from collections.abc import Iterable, Iterator

from rest_framework.exceptions import APIException

from breastcancer_api.models import Slice, Study
from breastcancer_api.networks import networks_header
from breastcancer_api.serializers import SliceSerializer
from imaging.exam import FOLDERS

ROWS_AT_ONCE = 500
COLUMNS = (
    *("number", "file", "position"),
    *(f"sop_instance_uid_{folder}" for folder in FOLDERS),
    *("single_probability", "single_decision", "scantype_probability", "scantype_decision", "fused", "reason"),
    *("study", "networks"),
)


class NotDone(APIException):
    status_code, default_code = 409, "not_done"
    default_detail = "The study has no result yet, or ended without one."


class _Echo:
    """A file whose ``write`` gives back what it was told to write."""

    def write(self, text: str) -> str:
        return text


def done(study: Study) -> Study:
    """``study``, which has a result. Raises NotDone."""
    if study.state != Study.State.DONE:
        raise NotDone
    return study


def rows(study: Study) -> Iterator[dict]:
    """A row a slice, in order of their numbers."""
    found = Slice.objects.filter(study=study).iterator(ROWS_AT_ONCE)
    return (SliceSerializer(each).data for each in found)


def csv_lines(study: Study, found: Iterable[dict]) -> Iterator[str]:
    """``found``, the rows of ``study``, as text (RFC 4180), names of columns first; every line says which study and
    which networks it is of."""
    origin = {"study": study.pk, "networks": networks_header(study.networks)}
    writer = csv.DictWriter(_Echo(), COLUMNS)
    yield writer.writeheader()
    for row in found:
        uids = row["sop_instance_uids"]
        told = {name: value for name, value in row.items() if name != "sop_instance_uids"}
        yield writer.writerow(told | {f"sop_instance_uid_{folder}": uid for folder, uid in uids.items()} | origin)
