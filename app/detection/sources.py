"""Where the slices of an exam come from, so that a result can be laid beside the sender's own files."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from imaging.exam import Exam
from imaging.slice_file import SliceFile

# Words that programs put into the names of files. Whatever else stands there may be a patient's.
WORDS = frozenset(
    [
        "dcm",
        "dicom",
        "ima",
        "img",
        "im",
        "image",
        "images",
        "mr",
        "mri",
        "se",
        "ser",
        "series",
        "sl",
        "slice",
        "slices",
        "frame",
        "pre",
        "post",
        "pass",
        "st",
        "nd",
        "rd",
        "th",
    ]
)
TOLD = re.compile(
    rf"""(
        \.?(?<![^0-9\ ._-])(?:{"|".join(sorted(WORDS))})(?![^0-9\ ._-])  # a word that is no part of another
        | (?<![0-9])0*[0-9]{{1,4}}(?!.*[0-9])  # the last number: a larger one may be a patient's id or birth date
    )""",
    re.ASCII | re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
BETWEEN = ("", " ", ".", "_", "-")  # what may part two things that are told
HIDDEN = "*"
UID = re.compile(r"[0-9.]{1,64}")  # DICOM PS3.5, 9.1


@dataclass(frozen=True)
class SliceSource:
    """One slice of an exam. ``file`` is the name of its file in the pre-contrast series, without folders and as far as
    it cannot name a patient; ``position`` is in mm along the slice normal, None when headers do not say.
    ``sop_instance_uids`` are those of the pre-contrast series and the three passes, empty where a header has none.
    """

    file: str
    position: float | None
    sop_instance_uids: tuple[str, str, str, str]


def sources(exam: Exam) -> tuple[SliceSource, ...]:
    """Where each slice of ``exam`` comes from, in reading order."""
    together = zip(exam.pre.slices, *(each.slices for each in exam.passes), strict=True)
    return tuple(_source(*slices) for slices in together)


def _source(pre: SliceFile, *passes: SliceFile) -> SliceSource:
    uids = tuple(_uid(each.sop_instance_uid) for each in (pre, *passes))
    return SliceSource(nameless(PurePosixPath(pre.label).name), pre.position, uids)


def _uid(text: str) -> str:
    """``text`` when it is a UID; what else a header holds there may name a patient."""
    return text if UID.fullmatch(text) else ""


def nameless(name: str) -> str:
    """What cannot name a patient in ``name``: WORDS and its last number, of four digits at most but for zeros before
    it. All else is hidden.
    """
    start, *rest = TOLD.split(name)
    ends = (each if each in BETWEEN else HIDDEN for each in rest[1::2])
    return (HIDDEN if start else "") + "".join(told + end for told, end in zip(rest[::2], ends, strict=True))
