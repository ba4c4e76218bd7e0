"""Whether headers agree with the four folders into which somebody put the passes."""

from dataclasses import replace

from imaging.errors import AmbiguousPasses, PassesOutOfOrder
from imaging.exam import Exam
from imaging.pass_times import check_agreement, check_times
from imaging.pass_words import check_words
from imaging.phases import Phase


def check_folders(exam: Exam) -> tuple[str, ...]:
    """Warnings about the passes of ``exam``, which the names of their folders tell.

    The same checks as of phases that were found in headers; silent and equal headers say nothing. Raises
    PassesOutOfOrder when times, or descriptions (``ax dyn 3rd pass`` in the folder ``1st_pass``), tell another order,
    MissingPasses when TemporalPositionIdentifier tells that a phase between them is not there.
    """
    phases = _phases(exam)
    check_times(exam.pre, *exam.passes)
    try:
        check_words(phases, known_by="folder")
        return tuple(check_agreement(phases))
    except AmbiguousPasses as error:  # the folders said which is which
        raise PassesOutOfOrder(error.reason, error.files) from error


def _phases(exam: Exam) -> list[Phase]:
    phases = [Phase(each.slices) for each in (exam.pre, *exam.passes)]
    return [replace(each, of=sum(each.same_series(other) for other in phases)) for each in phases]
