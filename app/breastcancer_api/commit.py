"""Which commit of the code runs, for whatever is made by it and kept."""

import os
import subprocess
from pathlib import Path


def commit() -> str:
    """What COMMIT says; else the commit of the files, ``-changed`` when some differ from it."""
    if told := os.environ.get("COMMIT"):
        return told
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=-changed"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() or "unknown"
