"""Studies in Django's admin, to look at and to delete."""

from django.contrib import admin

from breastcancer_api.models import Study


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin):
    list_display = ("id", "created_at", "state", "slice_count", "positive_slices")
    readonly_fields = tuple(field.name for field in Study._meta.fields)

    def has_add_permission(self, request):  # noqa: ARG002
        return False
