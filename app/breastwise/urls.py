"""Every address the server answers."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from breastcancer_api import screens, views
from breastcancer_api.exposition import MetricsView
from breastcancer_api.forms import FORMS
from breastcancer_api.probes import Alive, Ready

    path("", screens.Home.as_view(), name="home"),
    path("read/<uuid:pk>/", screens.Read.as_view(), name="read"),
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
