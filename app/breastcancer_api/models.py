"""What is kept of an exam: numbers, never a name, an id, a file or a picture."""

import uuid

from django.db import models


class Study(models.Model):
    """An exam that was read. Slices are counted from 1 in reading order."""

    class State(models.TextChoices):
        DONE = "done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=16, choices=State, default=State.DONE)
    slice_count = models.PositiveIntegerField()
    positive_slices = models.JSONField()
    slices = models.JSONField(help_text="A row a slice, as detection.pipeline.SliceResult.")
    warnings = models.JSONField()
    networks = models.JSONField(help_text="Role, name, version and SHA-256 of each network that read the exam.")

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return f"{self.id}, {self.slice_count} slices"
