"""A server with somebody who may sign in, and what stands in its list of earlier studies."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from breastcancer_api.local_server import APP, Server, serving

USER, PASSWORD = "reader", "a long word"
DONE, ANALYSING, QUEUED, REFUSED = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abcd")


@contextmanager
def page_server(state: Path, **settings: str) -> Iterator[Server]:
    """gunicorn with the files of the pages and USER, who must sign in; ``state`` is its folder.

    ``settings`` are of ``breastwise.env``. Raises CommandError.
    """
    manage(state, "collectstatic", "--no-input", "--skip-checks")
    with serving(state, ANONYMOUS="0", **settings) as server:
        manage(state, "make_superuser", SUPERUSER_NAME=USER, SUPERUSER_PASSWORD=PASSWORD)
        yield server


def manage(state: Path, *command: str, **environ: str) -> str:
    """What a command of manage.py prints beside the server, on its database."""
    environ = os.environ | {"STATE_DIR": str(state), "STATIC_ROOT": str(state / "static")} | environ
    command = [sys.executable, "manage.py", *command]
    options = {"cwd": APP, "env": environ, "stdout": subprocess.PIPE, "text": True}
    return subprocess.run(command, check=True, **options).stdout.strip()  # noqa: S603  # nosec B603  # our own


def load_studies(state: Path, more: int = 0) -> None:
    """Puts a study of USER in each of four states into the database, and ``more`` that are done."""
    states = {DONE: ("done", 160), ANALYSING: ("analysing", 160), QUEUED: ("queued", None), REFUSED: ("refused", None)}
    states |= {str(uuid.UUID(int=k + 1)): ("done", 48) for k in range(more)}
    rows = [_row(pk, *each, hours=9 * k) for k, (pk, each) in enumerate(states.items())]
    file = state / "studies.json"
    file.write_text(json.dumps(rows))
    manage(state, "loaddata", str(file), "--skip-checks")


def _row(pk: str, state: str, slices: int | None, hours: int) -> dict:
    now = timezone.now()
    return {
        "model": "breastcancer_api.study",
        "pk": pk,
        "fields": {
            "owner": [USER],
            "state": state,
            "created_at": (now - timedelta(hours=hours)).isoformat(),
            "seen_at": (now + timedelta(days=1)).isoformat(),  # or the server would give up what nobody reads
            "slice_count": slices,
            "slices_done": {"done": slices, "analysing": 48}.get(state, 0),
            "progress": {"done": 1.0, "analysing": 0.3}.get(state, 0.0),
            "problem": {"status": 400, "code": "not_mr", "title": "Not MR"} if state == "refused" else None,
        },
    }
