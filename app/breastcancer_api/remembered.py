"""What quotes a sender's texts is told for an hour to those who ask, from memory that web and workers share, and never
written."""

import logging
import time
from collections.abc import Sequence

from django.core.cache import caches
from django.utils.connection import ConnectionProxy

from breastcancer_api.models import Study

SECONDS = 3600
TRIES = (0, 1, 2, 4, 8)  # seconds before each try to tell the other processes
#: The full text of a refusal or failure; what is in the exam.
PROBLEM, PASSPORT = "problem", "passport"
cache = ConnectionProxy(caches, "shared")
log = logging.getLogger(__name__)


def remember(what: str, study: Study, told: dict, tries: Sequence[float] = TRIES) -> None:
    """Tells ``told`` to those who ask for ``what`` of ``study`` within SECONDS."""
    for seconds in tries:
        time.sleep(seconds)
        try:
            return cache.set(_key(what, study), told, SECONDS)
        except Exception as error:  # whatever a cache raises that is away; the study goes on without
            log.error("a %s could not be told: %s", what, type(error).__name__)
    return None


def remembered(what: str, study: Study) -> dict | None:
    """None where it is forgotten, or the cache is away."""
    try:
        return cache.get(_key(what, study))
    except Exception as error:  # as above
        log.error("a %s could not be asked for: %s", what, type(error).__name__)
        return None


def forget(study: Study) -> None:
    """Nobody is told any of it any more. Raises what the cache does."""
    cache.delete_many([_key(what, study) for what in (PROBLEM, PASSPORT)])


def _key(what: str, study: Study) -> str:
    return f"{what}:{study.pk}"
