"""Studies, tokens and the trail in Django's admin: to look at, and tokens to make."""

from django.contrib import admin
from django.urls import reverse_lazy
from knox.admin import AuthTokenAdmin, AuthTokenCreateForm

from breastcancer_api import audit
from breastcancer_api.models import AuditEvent, Slice, Study, Token
from breastcancer_api.sign_in import AdminSignInForm

admin.site.site_header = admin.site.site_title = "BreastWise: research use only"
admin.site.site_url = reverse_lazy("studies")
admin.site.login_form = AdminSignInForm


class ReadOnly:
    """Nothing can be added, changed or deleted here."""

    def has_add_permission(self, request, obj=None):  # noqa: ARG002
        return False

    def has_change_permission(self, request, obj=None):  # noqa: ARG002
        return False

    def has_delete_permission(self, request, obj=None):  # noqa: ARG002
        return False


class SliceInline(ReadOnly, admin.TabularInline):
    model = Slice
    fields = ("number", "file", "position", "fused", "reason")


@admin.register(Study)
class StudyAdmin(ReadOnly, admin.ModelAdmin):
    """Studies are erased by ``DELETE /studies/<id>/``, which leaves a receipt."""

    list_display = ("id", "owner", "created_at", "state", "slice_count", "positive_slices")
    list_filter = ("state", "created_at")
    search_fields = ("id",)
    inlines = (SliceInline,)

    def render_change_form(self, request, context, **options):
        audit.read(request, options["obj"])
        return super().render_change_form(request, context, **options)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "action", "user", "token", "study")
    list_filter = ("action", "at")
    search_fields = ("study", "user")


class TokenForm(AuthTokenCreateForm):
    class Meta:
        model = Token
        fields = ("user", "name", "expiry")


@admin.register(Token)
class TokenAdmin(AuthTokenAdmin):
    """The token itself is shown once, when it is made."""

    add_form = TokenForm
    list_display = ("name", "user", "created", "expiry")
    fields = ("user", "name", "expiry")
    search_fields = ("name", "user__username")

    def has_change_permission(self, request, obj=None):  # noqa: ARG002
        return False
