"""How something was made, for those who read it later: the command and the commit."""

import os
import subprocess
import sys
from pathlib import Path


def command() -> str:
    """The command that runs, as it was given."""
    return " ".join(["manage.py", *sys.argv[1:]])


def commit() -> str:
    """The commit the code stands at (``COMMIT`` where there is no repository), ``-changed`` when files differ."""
    return os.environ.get("COMMIT") or _described() or "unknown"


def _described() -> str:
    told, here = ["git", "describe", "--always", "--abbrev=12", "--dirty=-changed"], Path(__file__).parent
    try:
        run = subprocess.run(told, cwd=here, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    except FileNotFoundError:  # no git here
        return ""
    return run.stdout.strip()
