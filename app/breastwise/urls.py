"""Every address the server answers."""

from django.contrib import admin
from django.urls import path, re_path

from breastcancer_api.probes import livez, readyz
from breastcancer_api.views import StudiesView, StudyView, UploadView, ValidateView

urlpatterns = [
    re_path(r"^upload/?$", UploadView.as_view(), name="upload"),
    path("studies/", StudiesView.as_view(), name="studies"),
    path("validate/", ValidateView.as_view(), name="validate"),
    path("studies/<uuid:pk>/", StudyView.as_view(), name="study"),
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
handler400 = "breastcancer_api.problems.bad_request"
handler403 = "breastcancer_api.problems.permission_denied"
handler404 = "breastcancer_api.problems.not_found"
handler500 = "breastcancer_api.problems.server_error"
