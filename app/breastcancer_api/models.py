"""What is kept of an exam: numbers, and for a while where its slices came from. Never a patient's name, id or birth
date."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from knox.models import AbstractAuthToken


class StudyQuerySet(models.QuerySet):
    def of(self, user) -> "StudyQuerySet":
        """Those that ``user`` may see: staff all, others what they sent, the anonymous what nobody signed in sent."""
        if user.is_staff:
            return self
        return self.filter(owner=user if user.is_authenticated else None)

    def unfinished(self) -> "StudyQuerySet":
        return self.exclude(state__in=Study.FINAL)

    def queued(self) -> "StudyQuerySet":
        return self.filter(state=Study.State.QUEUED)

    def running(self) -> "StudyQuerySet":
        return self.filter(state__in=Study.RUNNING)

    def unseen(self, seconds: float) -> "StudyQuerySet":
        """Those without a sign of life for so long, by the database's clock: machines have their own."""
        return self.filter(seen_at__lt=Now() - timedelta(seconds=seconds))


class Study(models.Model):
    """An exam that was sent. Slices are counted from 1 in reading order."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READING = "reading"
        ANALYSING = "analysing"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    RUNNING = (State.READING, State.ANALYSING)
    FINAL = (State.DONE, State.REFUSED, State.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="studies",
        help_text="Who sent it.",
    )
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reduced_at = models.DateTimeField(null=True, help_text="When UIDs and file names of its slices were erased.")
    slice_count = models.PositiveIntegerField(null=True)
    slices_done = models.PositiveIntegerField(default=0, help_text="Slices that both networks have seen.")
    progress = models.FloatField(default=0.0, help_text="Share of the networks' work that is done.")
    positive_slices = models.JSONField(null=True)
    findings = models.JSONField(
        default=list, help_text="Of positive slices side by side: numbers, no names and no UIDs."
    )
    warnings = models.JSONField(default=list)
    networks = models.JSONField(
        default=list, help_text="Role, name, version and SHA-256 of each network that read the exam."
    )
    claim = models.UUIDField(null=True, help_text="Known to the process that carries it out: it alone may write.")
    seen_at = models.DateTimeField(
        db_default=Now(),
        help_text="When its process last showed life; while it is queued, when it was last sent.",
    )
    problem = models.JSONField(null=True, help_text="Why it was refused or failed, without what the sender wrote.")
    attempts = models.PositiveSmallIntegerField(default=0)
    idempotency_key = models.CharField(max_length=64, blank=True, help_text="HMAC of the key that came with it.")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="HMAC of what came with the key.")

    objects = StudyQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "id")
        verbose_name_plural = "studies"
        indexes = (models.Index(fields=("owner", "-created_at")), models.Index(fields=("state",)))
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "idempotency_key"),
                condition=Q(owner__isnull=False) & ~Q(idempotency_key=""),
                name="one_study_a_key_and_owner",
            ),
            models.UniqueConstraint(
                fields=("idempotency_key",),
                condition=Q(owner__isnull=True) & ~Q(idempotency_key=""),
                name="one_study_a_key_without_owner",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def final(self) -> bool:
        return self.state in self.FINAL


class Slice(models.Model):
    """One slice of a study that is done. Decisions are 0 or 1."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="slices")
    number = models.PositiveIntegerField()
    file = models.CharField(max_length=255, blank=True)
    position = models.FloatField(null=True, help_text="mm along the slice normal.")
    sop_instance_uids = models.JSONField(default=list, help_text="Of pre and the three passes.")
    single_probability = models.FloatField()
    single_decision = models.PositiveSmallIntegerField()
    scantype_probability = models.FloatField()
    scantype_decision = models.PositiveSmallIntegerField()
    fused = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=255)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("study", "number"), name="one_row_a_slice"),)

    def __str__(self) -> str:
        return f"{self.study_id}, slice {self.number}"


class Token(AbstractAuthToken):
    """Lets a program send exams as its user. The token itself is shown once; a hash is kept."""

    name = models.CharField(max_length=100, help_text="What it is for.")

    class Meta:
        ordering = ("user", "name")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError when it could not be told from others in a list, or not be used."""
        if not self.name.isprintable():
            raise ValidationError({"name": "Line breaks and control characters are no part of a name."})
        if self.expiry and self.expiry <= timezone.now():
            raise ValidationError({"expiry": "This is past."})


class AuditEvent(models.Model):
    """Who did what to a study, and when; ``named``: asked whose it is. It outlives the study, and its user."""

    class Action(models.TextChoices):
        SENT = "sent"
        READ = "read"
        NAMED = "named"
        ERASED = "erased"
        REDUCED = "reduced"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=16, choices=Action)
    study = models.UUIDField(db_index=True)
    user = models.CharField(max_length=150, blank=True, help_text="Name of the user; empty: anonymous, or a timer.")
    token = models.CharField(max_length=100, blank=True, help_text="Name of the token that was used.")
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.user or 'anonymous'} {self.action} {self.study}"
