"""Whether slices belong together: one patient, one study, no image twice."""

from collections.abc import Iterable

from imaging.errors import DuplicateSlice, MixedExams
from imaging.slice_file import SliceFile


def check_identity(slices: Iterable[SliceFile]) -> None:
    """``slices`` are of one patient and one study, and none is there twice, as far as the headers say.

    Without a PatientID (DICOM PS3.3 C.7.1.1) the names and birth dates tell patients apart, where both are there.
    Raises MixedExams or DuplicateSlice with the names of two files, never with what their headers say.
    """
    seen, first = {}, None
    for each in slices:
        first = first or each
        if _of_other_patients(each, first):
            raise MixedExams(*_told(each, first, "belong to different patients"))
        if each.study_instance_uid != first.study_instance_uid:
            raise MixedExams(*_told(each, first, "belong to different studies"))
        twin = seen.setdefault((each.sop_instance_uid, each.frame) if each.sop_instance_uid else id(each), each)
        if twin is not each:
            raise DuplicateSlice(*_told(each, twin, "are the same DICOM instance"))


def _of_other_patients(one: SliceFile, other: SliceFile) -> bool:
    if one.patient_id or other.patient_id:
        return one.patient_id != other.patient_id
    known = ((one.patient_name, other.patient_name), (one.patient_birth_date, other.patient_birth_date))
    return any(a and b and a != b for a, b in known)


def _told(one: SliceFile, other: SliceFile, problem: str) -> tuple[str, tuple[str, str]]:
    return f"{one.label} and {other.label} {problem}.", (one.label, other.label)
