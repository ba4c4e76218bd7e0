"""The life of a study: queued, reading, analysing, and at last done, refused or failed."""

import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.exceptions import APIException

from breastcancer_api import kept, metrics, tracing
from breastcancer_api.claims import Erased, Taken, claim, patiently, write
from breastcancer_api.models import Slice, Study, StudyQuerySet
from breastcancer_api.networks import cards, identity, networks
from breastcancer_api.problems import FOR_A_WHILE, StudyFailed, described, incident, problem, refusal
from breastcancer_api.reducing import NOWHERE, reduce
from breastcancer_api.remembered import PASSPORT, PROBLEM, forget, remember, remembered
from detection.explanation import reasons
from detection.pipeline import PICTURES, Reader, ScanResult, scan
from detection.survey import survey
from detection.watch import Watch
from detection.workspace import workspace
from imaging.archive import Limits
from imaging.errors import ScanError
from imaging.passport import first_of_each, passport
from imaging.phases import read_phases
from imaging.reading import Reading, read_any_layout, read_four_folders
from nets.bundle import ROLES
from nets.runtime import Check, unchecked

Passes = Mapping[str, str] | None
Exam = AbstractContextManager[tuple[BinaryIO, Passes]]
WRITE_SECONDS = 0.5  # least time between two reports of progress
LOOK_SECONDS = 0.2  # how often one who waits for another's work looks whether it is done
KEPT = ("status", "code", "title", "detail")  # of a problem, in the database
FORGOTTEN = "The full text was told for an hour; POST /validate/ tells it again."
NO_PASSPORT = (
    "What is in an exam is told for an hour, once it was read and not refused; POST /validate/ tells it again."
)
INTERRUPTED = {
    "status": 500,
    "code": "interrupted",
    "title": "The work was interrupted",
    "detail": "The server stopped, or lost its database, before the exam was read. Send it again.",
}
PASSING = (INTERRUPTED["code"], *FOR_A_WHILE)  # the exam has nothing to do with it: a retry is read anew
LOST = (*PASSING, "archive_lost")  # what a sender is asked to send again for
log = logging.getLogger(__name__)


class KeyUsed(APIException):
    status_code, default_code = 409, "key_used"
    default_detail = "This Idempotency-Key came before with another body."


class NotRead(APIException):
    status_code, default_code = 409, "not_read"
    default_detail = "The exam is not read yet; what is in it is told as soon as it is."


def carry_out(study: Study, exam: Exam, check: Check = unchecked) -> None:
    """Reads a queued ``exam``; the study ends as done, refused or failed whatever happens.

    ``exam`` is entered for a zip and for which series is which, as ``imaging.reading.read_any_layout`` takes it; None:
    four folders alone are read. ``check`` may end the work by what it raises. Raises a child of
    ``imaging.errors.ScanError`` when the exam is refused, Erased when the study is gone, Taken when it is not, or no
    longer, this process's to read, StudyFailed for all else.
    """
    with _in_hand(study):
        claim(study)
        _read(study, exam, check)


def carry_out_claimed(study: Study, exam: Exam, check: Check = unchecked) -> None:
    """As ``carry_out``, for a study that this process has claimed."""
    with _in_hand(study):
        _read(study, exam, check)


@contextmanager
def _in_hand(study: Study) -> Iterator[None]:
    """The body carries ``study`` out: log and metrics tell so, and it ends."""
    with tracing.about(study.pk), metrics.IN_HAND.track_inprogress(), _ending(study):
        yield


@contextmanager
def _ending(study: Study) -> Iterator[None]:
    """Whatever the body raises ends the study, unless that is another's or gone."""
    try:
        yield
    except (Erased, Taken):
        raise
    except ScanError as error:
        _end(study, Study.State.REFUSED, refusal(error))
        raise
    except Exception as error:
        body = described(error) or incident(error, "a study")
        _end(study, Study.State.FAILED, body)
        raise StudyFailed(body) from error


def _read(study: Study, exam: Exam, check: Check) -> None:
    with exam as (archive, passes), workspace(settings.WORK_DIR) as folder:
        report = _Report(study, check)
        watch = report.watch()
        result = scan(archive, folder, networks(), limits(), _reader(passes), watch)
        with watch.stage("keeping"):
            _finish(study, result, folder / PICTURES)
    metrics.done(len(result.slices), report.seconds)


def _reader(passes: Passes) -> Reader:
    return read_four_folders if passes is None else partial(read_any_layout, wanted=passes)


@dataclass
class _Report:
    """Writes into the database how far a scan is, and counts the seconds of its stages."""

    study: Study
    check: Check
    slices: int = 0
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ROLES, 0))
    written: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    # its thread alone writes: another would open a connection of its own to the database, and leave it open
    thread: int = field(default_factory=threading.get_ident)

    def watch(self) -> Watch:
        return Watch(self.check, self.read, self.computed, self.spent)

    def read(self, reading: Reading) -> None:
        self.slices = len(reading.exam.pre)
        told = passport(reading, read_phases(reading.slices), reading.ignored)
        remember(PASSPORT, self.study, told, tries=(0,))  # the exam does not wait for a cache that is away
        try:
            self._write(state=Study.State.ANALYSING, slice_count=self.slices)
        except Erased:
            forget(self.study)
            raise

    def computed(self, role: str, slices: int) -> None:
        self.seen[role] += slices
        if threading.get_ident() == self.thread and time.monotonic() - self.written >= WRITE_SECONDS:
            self.written = time.monotonic()
            progress = sum(self.seen.values()) / (len(ROLES) * self.slices)
            self._write(slices_done=min(self.seen.values()), progress=progress)

    def spent(self, stage: str, seconds: float) -> None:
        self.seconds[stage] += seconds

    def _write(self, **values: object) -> None:
        patiently(partial(write, self.study, **values))


def _finish(study: Study, result: ScanResult, pictures: Path) -> None:
    values, rows = as_kept(study, result)
    hidden = {} if settings.RETENTION_HOURS else NOWHERE
    for row in rows:
        for name, value in hidden.items():
            setattr(row, name, value)
    if settings.RETENTION_HOURS:
        values["warnings"] += _keep_pictures(study, pictures)
    try:
        patiently(partial(_keep, study, values, rows))
    except Erased:
        kept.delete(study.pk)
        raise
    log.info("study %s is done", study.pk)


def as_kept(study: Study, result: ScanResult) -> tuple[dict, list[Slice]]:
    """What a study that is done says beside its id and times, by field, and its slices."""
    together = zip(result.slices, result.sources, reasons(result.slices), strict=True)
    rows = [Slice(study=study, **asdict(each), **asdict(source), reason=why) for each, source, why in together]
    values = {
        "state": Study.State.DONE,
        "slice_count": len(rows),
        "slices_done": len(rows),
        "progress": 1.0,
        "positive_slices": result.positive_slices,
        "findings": [asdict(each) for each in result.findings],
        "warnings": list(result.warnings),
        "networks": [identity(card) for card in result.networks],
    }
    return values, rows


def _keep_pictures(study: Study, pictures: Path) -> list[str]:
    """Warnings: a full disk costs the pictures, and not the answer."""
    try:
        kept.keep(study.pk, pictures)
    except Exception as error:  # whatever a storage raises
        known_by = incident(error, "keeping pictures")["detail"]
        with suppress(Exception):  # the same storage; what is left of them is read as not kept, and goes in time
            kept.delete(study.pk)
        return [f"The pictures could not be kept: there are no reports and no heat maps. {known_by}"]
    return []


@transaction.atomic
def _keep(study: Study, values: dict, rows: list[Slice]) -> None:
    write(study, finished_at=timezone.now(), **values)
    # they are there already where a database went away before it could say that it had kept them
    Slice.objects.bulk_create(rows, ignore_conflicts=True)
    if not settings.RETENTION_HOURS:
        reduce(Study.objects.filter(pk=study.pk), timezone.now())


def _end(study: Study, state: Study.State, body: dict) -> None:
    """A refusal's text quotes names that the sender gave to files and series: it is told for a while, and not kept."""
    kept = {name: body[name] for name in KEPT if name != "detail" or state == Study.State.FAILED}
    remember(PROBLEM, study, body)  # before the study is final, when others ask for it
    claimed = Study.objects.filter(pk=study.pk, claim=study.claim)
    if patiently(partial(claimed.update, state=state, finished_at=timezone.now(), problem=kept)):
        metrics.ended(state, body["code"])
        log.info("study %s is %s: %s", study.pk, state, body["code"])
    elif not Study.objects.filter(pk=study.pk).exists():  # erased meanwhile
        forget(study)


def abandon(study: Study, error: APIException) -> None:
    """Ends a ``study`` that others carry out or will: they hear it at their next step, and nobody else starts it."""
    body = described(error)
    ended = {"state": Study.State.FAILED, "finished_at": timezone.now(), "problem": {name: body[name] for name in KEPT}}
    metrics.ended("failed", body["code"], Study.objects.unfinished().filter(pk=study.pk).update(claim=None, **ended))


def problem_of(study: Study) -> dict | None:
    """Why the study was refused or failed, as it was answered or, after an hour, without what the sender wrote."""
    if study.problem is None:
        return None
    return remembered(PROBLEM, study) or problem(**{"detail": FORGOTTEN} | study.problem)


def passport_of(study: Study) -> dict:
    """What is in the exam of ``study``, as ``validate`` says it, but for the networks' warnings.

    Raises NotRead before it is known, NotKept an hour later, and for an exam that was refused before.
    """
    told = remembered(PASSPORT, study)
    if told is None:
        raise kept.NotKept(NO_PASSPORT) if study.final else NotRead
    return told


@dataclass(frozen=True)
class Arrival:
    """An exam that comes in: whose it is, its Idempotency-Key and what tells whether the same came with the key before.

    ``trace`` is called with the study that is made of it, and both are kept or neither.
    """

    owner: AbstractBaseUser | None
    key: str = ""
    fingerprint: str = ""
    trace: Callable[[Study], None] = lambda _: None

    def known(self) -> bool:
        """Whether an exam came with this key before."""
        return bool(self.key) and self.before().exists()

    def before(self) -> StudyQuerySet:
        """The study that came with this key, if any did."""
        return Study.objects.filter(owner=self.owner, idempotency_key=_hashed(self.key))


def send(arrival: Arrival, pk: uuid.UUID | None = None) -> tuple[Study, bool]:
    """A study that waits to be carried out, with the id ``pk``, and True; or the one that came with this key before,
    which waits anew where a restart, or a database or disk that was away for a while, ended it.

    Raises KeyUsed when something else came with the key before.
    """
    with transaction.atomic():
        study, new = _made(arrival, pk or uuid.uuid4())
        if new:
            arrival.trace(study)
    return study, new


def _made(arrival: Arrival, pk: uuid.UUID) -> tuple[Study, bool]:
    owner, key, fingerprint = arrival.owner, arrival.key, arrival.fingerprint
    if not key:
        return Study.objects.create(pk=pk, owner=owner), True
    defaults = {"fingerprint": fingerprint, "pk": pk}
    study, created = Study.objects.get_or_create(owner=owner, idempotency_key=_hashed(key), defaults=defaults)
    if study.fingerprint != fingerprint:
        raise KeyUsed
    return study, created or _waits_anew(study)


def release(arrival: Arrival) -> None:
    """Takes its key from a study whose exam was lost, so that the exam makes another when it comes again."""
    if arrival.key:
        arrival.before().filter(problem__code__in=LOST).update(idempotency_key="")


def _hashed(key: str) -> str:
    """A key may name a patient and be guessed: nobody without SECRET_KEY can try."""
    return salted_hmac("idempotency key", key, algorithm="sha256").hexdigest()


def _waits_anew(study: Study) -> bool:
    """True for one of those who ask at the same time."""
    interrupted = Study.objects.filter(pk=study.pk, problem__code__in=PASSING)
    fresh = {"finished_at": None, "reduced_at": None, "claim": None, "problem": None, "slices_done": 0, "progress": 0.0}
    return bool(interrupted.update(state=Study.State.QUEUED, seen_at=Now(), **fresh))


def ended(study: Study, check: Check) -> Study:
    """``study`` once somebody else has carried it out. Raises Erased when it is gone, and what ``check`` raises."""
    while True:
        check()
        try:
            study.refresh_from_db()
        except Study.DoesNotExist as error:
            raise Erased from error
        if study.final:
            return study
        time.sleep(LOOK_SECONDS)


def answered(study: Study, check: Check) -> None:
    """Waits until somebody else has carried ``study`` out. Raises as ``ended`` does, StudyFailed with its problem."""
    ended(study, check)
    if study.problem:
        raise StudyFailed(problem_of(study))


def interrupt(studies: StudyQuerySet) -> int:
    """Ends as failed what nobody carries out any more; how many those were."""
    ended = {"state": Study.State.FAILED, "finished_at": timezone.now(), "problem": INTERRUPTED}
    count = studies.unfinished().update(**ended)
    metrics.ended("failed", INTERRUPTED["code"], count)
    return count


def validate(archive: BinaryIO, wanted: Mapping[str, str]) -> dict:
    """What is in the zip ``archive`` and whether it would be accepted: no network runs and nothing is kept.

    ``wanted`` says which series is which pass, as ``read_any_layout`` takes it.
    """
    with workspace(settings.WORK_DIR) as folder:
        found = survey(archive, folder, cards(), limits(), wanted)
    told = {
        "accepted": not found.problems,
        "problems": _refusals(found.problems),
        "problem_count": len(found.problems),
    }
    return told | passport(found.reading, found.phases, found.ignored)


def _refusals(problems: Sequence[ScanError]) -> list[dict]:
    """The first of each code, and how many more there are of it."""
    listed, others = first_of_each(problems, lambda each: each.code)
    more = [type(those[0])(f"{len(those)} more: {those[0].title}.") for those in others.values()]
    return [refusal(each) for each in (*listed, *more)]


def limits() -> Limits:
    """What the settings allow an archive to hold."""
    sizes = settings.MAX_FILES, settings.MAX_UNPACKED_BYTES, settings.MAX_COMPRESSION_RATIO
    return Limits(*sizes, settings.REQUEST_TIMEOUT_SECONDS)
