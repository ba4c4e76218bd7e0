"""Who does the networks' work: this process, or workers."""

from types import ModuleType

from django.conf import settings

from breastcancer_api import inline, queued

# how an exam is taken in, read now, and read later, and how the heat of slices is made
EXECUTIONS = {"inline": inline, "celery": queued}


def execution() -> ModuleType:
    """As EXECUTION says."""
    return EXECUTIONS[settings.EXECUTION]
