"""Who may use the API, and how much of it."""

import time
from copy import copy

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.throttling import SimpleRateThrottle

UPLOADS, REQUESTS, PICTURES = "uploads", "requests", "pictures"  # what is counted apart


class BearerToken(TokenAuthentication):
    """``Authorization: Bearer <token>`` (RFC 6750)."""

    def authenticate(self, request):
        """Any other ``Authorization`` is refused: its sender would be nobody, and his study everybody's."""
        found = super().authenticate(request)
        if found is None and "Authorization" in request.headers:
            raise AuthenticationFailed("Authorization is not of the form Bearer <token>.")
        return found

    def authenticate_credentials(self, token: bytes):
        try:
            return super().authenticate_credentials(token)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed from error


class Session(SessionAuthentication):
    """Who is signed in. Where a header brings the CSRF token the body is not looked at, which may be an exam that
    there is no place for."""

    def enforce_csrf(self, request):
        if settings.CSRF_HEADER_NAME in request.META:
            request = copy(request._request)
            request.POST = QueryDict()
        super().enforce_csrf(request)


def known(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Everybody whom a token or a session names, and where ANONYMOUS is set all others."""
    return settings.ANONYMOUS or user.is_authenticated


class Known(BasePermission):
    def has_permission(self, request, view):  # noqa: ARG002
        return known(request.user)


class Throttle(SimpleRateThrottle):
    """Counts what brings an exam, and views of slices that are looked at, apart from all else; by user, or by address
    where nobody is known."""

    timer = staticmethod(time.monotonic)  # a wall clock that is set back would refuse everybody until it is there again

    def __init__(self):
        """The rate depends on the request."""

    def allow_request(self, request, view):
        self.scope = UPLOADS if request.method == "POST" else getattr(view, "throttle_scope", REQUESTS)
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request, view):  # noqa: ARG002
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk or self.get_ident(request)}
