"""Every address the server answers."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path, register_converter
from django.urls.converters import UUIDConverter
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from breastcancer_api import screens, views
from breastcancer_api.exposition import MetricsView
from breastcancer_api.forms import FORMS
from breastcancer_api.probes import Alive, Ready


class StudyId(UUIDConverter):
    """An id as somebody typed it: a UUID in capitals is the same one (RFC 9562, section 4)."""

    regex = UUIDConverter.regex.replace("a-f", "a-fA-F")


register_converter(StudyId, "id")
# REST framework's pages, too, look for where to sign in under these names
SESSION = [
    path("login/", screens.SignIn.as_view(), name="login"),
    path("logout/", screens.SignOut.as_view(), name="logout"),
]
studies = views.StudiesView.as_view()
urlpatterns = [
    # without its slash, too: a redirected POST would lose its exam
    re_path(r"^upload/?$", views.UploadView.as_view(), name="upload"),
    path("studies/", studies, name="studies"),  # the address that is told to others
    re_path(r"^studies/?$", studies),
    path("studies/<uuid:pk>/", views.StudyView.as_view(), name="study"),
    path("studies/<uuid:pk>/passport/", views.PassportView.as_view(), name="study-passport"),
    path("studies/<uuid:pk>/slices/", views.SlicesView.as_view(), name="study-slices"),
    path("studies/<uuid:pk>/results.json", views.ResultsJsonView.as_view(), name="study-results-json"),
    path("studies/<uuid:pk>/results.csv", views.ResultsCsvView.as_view(), name="study-results-csv"),
    *(
        path(f"studies/<uuid:pk>/{form.file}", views.form_view(form), name=f"study-{form.file.replace('.', '-')}")
        for form in FORMS
    ),
    path("studies/<uuid:pk>/slices/<int:number>.png", views.PictureView.as_view(), name="study-picture"),
    path("studies/<uuid:pk>/slices/<int:number>/curve/", views.CurveView.as_view(), name="study-curve"),
    path("studies/<uuid:pk>/patient/", views.PatientView.as_view(), name="study-patient"),
    path("studies/<uuid:pk>/pictures/", views.PicturesView.as_view(), name="study-pictures"),
    path("studies/<uuid:pk>/slices/<int:number>/pixels", views.PixelsView.as_view(), name="study-pixels"),
    path("studies/<uuid:pk>/projection/pixels", views.ProjectionPixelsView.as_view(), name="study-projection-pixels"),
    path(
        "studies/<uuid:pk>/slices/<int:number>/layers/<slug:layer>.png", views.LayerView.as_view(), name="study-layer"
    ),
    re_path(r"^validate/?$", views.ValidateView.as_view(), name="validate"),
    path("synthetic.zip", views.SyntheticView.as_view(), name="synthetic"),
    path("networks/", views.NetworksView.as_view(), name="networks"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(), name="docs"),
    path("docs/redoc/", SpectacularRedocView.as_view(), name="redoc"),
    path("", screens.Home.as_view(), name="home"),
    path("read/<id:pk>/", screens.Read.as_view(), name="read"),
    path("session/", include((SESSION, "rest_framework"))),
    path("favicon.ico", RedirectView.as_view(url=static("breastcancer_api/icon.svg"))),
    path("livez", Alive.as_view(), name="livez"),
    path("readyz", Ready.as_view(), name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/", admin.site.urls),
]
handler400 = "breastcancer_api.problems.bad_request"
handler403 = "breastcancer_api.problems.permission_denied"
handler404 = "breastcancer_api.problems.not_found"
handler500 = "breastcancer_api.problems.server_error"
