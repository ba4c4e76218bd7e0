"""Whether slices belong together: one patient, one study, no image twice."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from imaging.errors import DuplicateSlice, MixedExams
from imaging.slice_file import SliceFile

PATIENTS, STUDIES = "belong to different patients", "belong to different studies"
OTHER_NAMES = (
    "PatientName differs between slices of one PatientID: see that all are of one patient. Forms of the result carry "
    "the name in the first slice."
)


def check_identity(slices: Iterable[SliceFile]) -> None:
    """``slices`` are of one patient and one study, and none is there twice, as far as the headers say.

    A PatientID (DICOM PS3.3 C.7.1.1) is not enough, because anonymisers give one to everybody: birth dates count beside
    it. Without one the names tell patients apart, whatever their spelling. What a header is silent about tells nothing,
    but a PatientID or StudyInstanceUID that others have does. Raises MixedExams or DuplicateSlice with the names of two
    files, never with what their headers say.
    """
    seen, firsts = {}, {}
    for each in slices:
        for mark, value, problem in _marks(each):
            expected, first = firsts.setdefault(mark, (value, each))
            if value != expected:
                raise MixedExams(*_told(each, first, problem))
        twin = seen.setdefault((each.sop_instance_uid, each.frame) if each.sop_instance_uid else id(each), each)
        if twin is not each:
            raise DuplicateSlice(*_told(each, twin, "are the same DICOM instance"))


def check_names(slices: Iterable[SliceFile]) -> tuple[str, ...]:
    """A warning about names that are no two spellings of one, of slices that ``check_identity`` has passed. It holds
    none of them."""
    return (OTHER_NAMES,) if len({_plain(each.patient_name) for each in slices if each.patient_name}) > 1 else ()


def _marks(image: SliceFile) -> Iterator[tuple[str, object, str]]:
    """What is the same in all slices of an exam, by a name of its own, and what it means when it is not."""
    yield "patient", image.patient_id, PATIENTS
    if image.patient_birth_date:
        yield "birth", image.patient_birth_date, PATIENTS
    if image.patient_name and not image.patient_id:
        yield "name", _plain(image.patient_name), PATIENTS
    yield "study", image.study_instance_uid, STUDIES
    if image.study_date:
        yield "date", image.study_date, STUDIES


def _plain(name: str) -> tuple[str, ...]:
    """The words of a PatientName (DICOM PS3.5 section 6.2.1.2) without case, accents, order and other alphabets."""
    letters = unicodedata.normalize("NFKD", (name.partition("=")[0] or name).casefold())
    return tuple(sorted(re.findall(r"\w+", "".join(each for each in letters if not unicodedata.combining(each)))))


def _told(one: SliceFile, other: SliceFile, problem: str) -> tuple[str, tuple[str, str]]:
    return f"{one.label} and {other.label} {problem}.", (one.label, other.label)
