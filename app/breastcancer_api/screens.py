"""The pages that a radiologist opens. A view hands over a template; what it shows, scripts ask of the API."""

from django.conf import settings
from django.contrib.auth.mixins import UserPassesTestMixin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from breastcancer_api.access import known
from breastcancer_api.local_assets import strict
from breastcancer_api.models import Study
from breastcancer_api.networks import research_line
from breastcancer_api.sign_in import SignInForm


@method_decorator((never_cache, strict), name="dispatch")
class Screen:
    """What all our pages share: nothing of them stays in a browser's cache, and the research line is on each."""

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
    extra_context = {"limit": settings.MAX_UPLOAD_BYTES, "states": Study.State.values}  # noqa: RUF012


class Read(Screen, OfAKnown, TemplateView):
    """``/read/<id>/``: one study, from the moment it waits until it is erased."""

    template_name = "breastcancer_api/read.html"


class SignIn(Screen, LoginView):
    template_name, authentication_form = "breastcancer_api/sign_in.html", SignInForm


class SignOut(LogoutView):
    next_page = reverse_lazy("home")
