"""An address as a log may tell it: who asks can type anything for one, a patient's name among it."""

from uuid import UUID

from django.conf import settings
from django.urls import Resolver404, resolve

OTHER = "other"  # one that is not known: a client could think up any number of them


def told(path: str) -> str:
    """``path`` itself where all in it is ours but numbers and ids of studies. Where a route takes words as well, its
    pattern, such as ``/admin/auth/user/<path:object_id>/change/``; of a static file the folder; else ``OTHER``."""
    try:
        match = resolve(path)
    except Resolver404:
        return settings.STATIC_URL if path.startswith(settings.STATIC_URL) else OTHER
    typed = (*match.args, *match.kwargs.values())
    return path if all(isinstance(each, int | UUID) for each in typed) else f"/{match.route}"
