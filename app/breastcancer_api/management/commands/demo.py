"""``manage.py demo``: the whole line as a client sees it, on a synthetic exam, in a folder that deletes itself."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

APP = Path(__file__).resolve().parents[3]
ENOUGH = 0.5
READY_SECONDS, ANSWER_SECONDS = 120, 600


class Command(BaseCommand):
    help = "Make a synthetic exam, start the server, post the exam, compare the answer with the truth, stop the server."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--slices", type=int, default=48)

    def handle(self, **options):
        with tempfile.TemporaryDirectory(prefix="breastwise-demo-") as name:
            archive = Path(name, "series.zip")
            call_command("phantom", seed=options["seed"], slices=options["slices"], out=archive, stdout=self.stdout)
            truth = json.loads(archive.with_suffix(".truth.json").read_text())["positive_slices"]
            with serving(Path(name)) as url:
                answer, networks, seconds = post(url, archive)
        self._report(truth, answer, networks, seconds, options["slices"])

    def _report(self, truth, answer, networks, seconds, slices):
        overlap = intersection_over_union(truth, answer)
        self.stdout.write(f"truth     {truth}")
        self.stdout.write(f"answer    {answer}")
        self.stdout.write(f"overlap   {overlap:.2f} (intersection over union of slices; {ENOUGH} is enough)")
        self.stdout.write(f"time      {seconds:.1f} s for {slices} slices, upload to answer")
        self.stdout.write(f"networks  {networks}")
        if overlap < ENOUGH:
            raise CommandError("the answer does not fit the truth")


@contextmanager
def serving(state: Path) -> Iterator[str]:
    """The API's address while gunicorn serves it from a database and a work folder under ``state``."""
    environ = os.environ | {
        "STATE_DIR": str(state),
        "WORK_DIR": str(state / "work"),
        "DATABASE_HOST": "",
        "LOG_LEVEL": "WARNING",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=APP, env=environ, check=True)
    # gunicorn inherits a socket that listens already: a first request waits until it is ready, or fails when it dies
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, shared = listening.getsockname()[1], listening.fileno()
        environ["BIND"] = f"fd://{shared}"
        log = (state / "server.log").open("w")
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=APP, env=environ, pass_fds=[shared], stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        requests.get(f"{url}/readyz", timeout=READY_SECONDS).raise_for_status()
        yield url
    except requests.RequestException as error:
        raise CommandError(f"{error}\n{(state / 'server.log').read_text()}") from error
    finally:
        server.terminate()
        server.wait()
        log.close()


def post(url: str, archive: Path) -> tuple[list[int], str, float]:
    """The answer to ``archive``, the networks that gave it, and the seconds it took."""
    started = time.monotonic()
    with archive.open("rb") as content:
        response = requests.post(f"{url}/upload/", files={"file": ("series.zip", content)}, timeout=ANSWER_SECONDS)
    if response.status_code != 201:
        raise CommandError(f"{response.status_code}: {response.text}")
    return response.json(), response.headers["X-BreastWise-Networks"], time.monotonic() - started


def intersection_over_union(truth: list[int], answer: list[int]) -> float:
    """Share of the slices in either list that are in both; 1 when both are empty."""
    either = set(truth) | set(answer)
    return len(set(truth) & set(answer)) / len(either) if either else 1.0
