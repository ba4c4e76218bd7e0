"""Signing in with a password, and how often that may fail: by user name and by address, whether there is such a user or
not."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.connection import ConnectionProxy
from django.utils.crypto import salted_hmac

from breastcancer_api.access import Throttle

AN_ADDRESS = 5  # times as many as a name: a house may come from one address
TOO_MANY = "Too many tries to sign in have failed. Try again in {wait}."
WAIT = {"second": "a second", "minute": "a minute", "hour": "an hour", "day": "a day"}
cache = ConnectionProxy(caches, "shared")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tries:
    """The tries to sign in of one name or address within ``seconds`` after the first of them; ``most`` may fail."""

    key: str
    most: int
    seconds: int

    def add(self) -> bool:
        """Counts one more, before it is tried: those that come at the same time count, too. Whether it may be."""
        cache.add(self.key, 0, self.seconds)
        try:
            return cache.incr(self.key) <= self.most
        except ValueError:  # the time was over just then
            return True

    def take_back(self) -> None:
        """One that was counted did not fail."""
        with suppress(ValueError):
            cache.decr(self.key)


class Limited:
    """A form to sign in that counts what fails."""

    def clean(self):
        """Raises ValidationError, where too many failed before without a look at the password."""
        name = self.cleaned_data.get("username")
        if name is None or not self.cleaned_data.get("password"):
            return super().clean()
        tries = _tries(self.request, name)
        if not all(each.add() for each in tries):
            log.warning("sign-in from %s refused: too many failed", _address(self.request))
            raise ValidationError(TOO_MANY.format(wait=_wait()), code="too_many")
        try:
            cleaned = super().clean()
        except ValidationError:
            # without the name: people also type their password there
            log.warning("sign-in from %s failed", _address(self.request))
            raise
        for each in tries:
            each.take_back()
        log.info("user %s signed in from %s", self.user_cache.pk, _address(self.request))
        return cleaned


class SignInForm(Limited, AuthenticationForm):
    """Of ``/session/login/``."""


class AdminSignInForm(Limited, AdminAuthenticationForm):
    """Of ``/admin/login/``."""


def _tries(request: HttpRequest, name: str) -> list[Tries]:
    if settings.SIGN_IN_RATE is None:
        return []
    most, seconds = Throttle().parse_rate(settings.SIGN_IN_RATE)
    return [
        Tries(_key("name", name.casefold()), most, seconds),
        Tries(_key("address", _address(request)), AN_ADDRESS * most, seconds),
    ]


def _key(kind: str, value: str) -> str:
    """Nothing that was typed stands in the cache."""
    return f"sign-in:{salted_hmac(f'sign-in {kind}', value, algorithm='sha256').hexdigest()}"


def _address(request: HttpRequest) -> str:
    """The client's, as the limits of rate know it; a text that is none where a client made it up."""
    told = Throttle().get_ident(request) or ""
    try:
        return str(ip_address(told))
    except ValueError:
        return "no address"


def _wait() -> str:
    return WAIT[settings.SIGN_IN_RATE.partition("/")[2]]
