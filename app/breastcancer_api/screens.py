"""The pages that a radiologist opens. A view hands over a template; what it shows, scripts ask of the API."""

from django.conf import settings
from django.contrib.auth.mixins import UserPassesTestMixin
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from breastcancer_api import problems
from breastcancer_api.access import known
from breastcancer_api.local_assets import strict
from breastcancer_api.models import Study
from breastcancer_api.networks import research_line
from breastcancer_api.sign_in import SignInForm
from imaging.archive import CLUTTER_FILES, CLUTTER_FOLDERS
from imaging.wanted import ROLES

# what an exam's form may say of its passes, in words
PASSES = tuple(zip(ROLES, ("Before contrast", "First pass", "Second pass", "Third pass"), strict=True))


def limits() -> dict:
    """What the page must know before it sends: the most ``bytes`` of a request and ``files`` of an exam, and the names,
    in small letters, that are no part of one."""
    return {
        "bytes": settings.MAX_UPLOAD_BYTES,
        "files": settings.MAX_FILES,
        "clutter_folders": sorted(CLUTTER_FOLDERS),
        "clutter_files": sorted(CLUTTER_FILES),
    }


class Screen:
    """What all our pages share: nothing of them stays in a browser's cache, and the research line is on each."""

    @method_decorator((never_cache, strict))
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(research=research_line(), version=settings.VERSION, **kwargs)


class OfAKnown(UserPassesTestMixin):
    """Shown to those whom the API answers; others come to the page where they sign in."""

    login_url = reverse_lazy("rest_framework:login")

    def test_func(self):
        return known(self.request.user)


class Home(Screen, OfAKnown, TemplateView):
    """``/``: an exam is sent, earlier studies are found."""

    template_name = "breastcancer_api/home.html"

    def get_context_data(self, **kwargs):
        megabytes = settings.MAX_UPLOAD_BYTES // settings.MEGABYTE
        most = f"Up to {megabytes:,} MB and {settings.MAX_FILES:,} files."
        told = {"limits": limits(), "most": most, "passes": PASSES, "states": Study.State.values}
        return super().get_context_data(**told, **kwargs)


class Read(Screen, OfAKnown, TemplateView):
    """``/read/<id>/``: one study, from the moment it waits until it is erased."""

    template_name = "breastcancer_api/read.html"


class SignIn(Screen, LoginView):
    template_name, authentication_form = "breastcancer_api/sign_in.html", SignInForm


STALE = "This page was open too long, or somebody signed in on another one. Please sign in here."


@never_cache
@strict
def sign_in_anew(request: HttpRequest) -> HttpResponse:
    """The form again, with a new token, for who brings an old one; what was typed is not looked at."""
    view = SignIn()
    view.setup(request)
    context = view.get_context_data(form=SignInForm(request), told=STALE)
    return view.render_to_response(context, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    again = request.path == reverse("rest_framework:login")
    return sign_in_anew(request) if again else problems.csrf_failure(request, reason)


class SignOut(LogoutView):
    next_page = reverse_lazy("home")
