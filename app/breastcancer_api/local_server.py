"""gunicorn for the length of a command, on a free port, with a database of its own; and a client that posts to it."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
from django.core.management.base import CommandError

APP = Path(__file__).resolve().parents[1]
READY_SECONDS, ANSWER_SECONDS = 120, 1800
CHUNK = 1 << 20  # bytes


@dataclass(frozen=True)
class Server:
    """``url`` without a slash at its end; ``pid`` of gunicorn's first process; ``client`` to ask it with;
    ``ready_seconds`` from its start to the first answer of ``/readyz``."""

    url: str
    pid: int
    client: requests.Session
    ready_seconds: float

    @property
    def worker(self) -> Path:
        """What the system tells of the process that answers, which gunicorn's first one has forked (Linux, proc(5))."""
        return Path("/proc", Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    def held(self) -> "Held":
        """What the process that answers holds now."""
        lines = dict(line.split(":", 1) for line in (self.worker / "status").read_text().splitlines())
        peak, resident = (int(lines[name].split()[0]) * 1024 for name in ("VmHWM", "VmRSS"))
        return Held(peak, resident, len(list((self.worker / "fd").iterdir())), int(lines["Threads"]))


@dataclass(frozen=True)
class Held:
    """``peak`` and ``resident`` bytes of memory, open ``files``, ``threads``."""

    peak: int
    resident: int
    files: int
    threads: int


@dataclass(frozen=True)
class Answer:
    """``slices`` are numbers from 1; ``location`` is the study's path; ``networks`` the header that names them.

    ``seconds`` run from the start of the upload to the answer.
    """

    slices: list[int]
    location: str
    networks: str
    seconds: float


@contextmanager
def serving(state: Path, **settings: str) -> Iterator[Server]:
    """The API while gunicorn serves it, with its database and work folder under ``state`` and these ``settings`` of
    ``breastwise.env``. Raises CommandError."""
    environ = os.environ | {
        "STATE_DIR": str(state),
        "WORK_DIR": str(state / "work"),
        "RESULTS": str(state / "results"),
        "STATIC_ROOT": str(state / "static"),
        "DATABASE_HOST": "",
        "PUBLISHED": "127.0.0.1:0",
        "TLS": "0",
        "UPLOAD_RATE": "none",
        "REQUEST_RATE": "none",
        "PICTURE_RATE": "none",
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    # Django's checks import every view, and torch with them; ``manage.py test`` makes them
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"]
    subprocess.run(migrate, cwd=APP, env=environ, check=True)  # noqa: S603  # nosec B603  # our own command
    # gunicorn inherits a socket that listens already: a first request waits until it is ready, or fails when it dies
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, shared = listening.getsockname()[1], listening.fileno()
        environ["BIND"] = f"fd://{shared}"
        log = (state / "server.log").open("w")
        started = time.monotonic()
        server = subprocess.Popen(  # nosec B603  # likewise
            [sys.executable, "-m", "gunicorn"], cwd=APP, env=environ, pass_fds=[shared], stdout=log, stderr=log
        )
    try:
        client = requests.Session()
        client.trust_env = False  # a proxy set for the house must not be asked for this address
        url = f"http://127.0.0.1:{port}"
        client.get(f"{url}/readyz", timeout=READY_SECONDS).raise_for_status()
        yield Server(url, server.pid, client, time.monotonic() - started)
    except requests.RequestException as error:
        raise CommandError(f"{error}\n{(state / 'server.log').read_text()}") from error
    finally:
        server.terminate()
        server.wait()
        log.close()


class _Form:
    """The form of an upload, read while it is sent, as curl does; requests would copy all of it in memory first."""

    def __init__(self, archive: Path):
        boundary = uuid.uuid4().hex
        part = 'Content-Disposition: form-data; name="file"; filename="series.zip"'
        self.archive, self.content_type = archive, f"multipart/form-data; boundary={boundary}"
        self.head = f"--{boundary}\r\n{part}\r\nContent-Type: application/zip\r\n\r\n".encode()
        self.tail = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self.head) + self.archive.stat().st_size + len(self.tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        with self.archive.open("rb") as content:
            yield from iter(partial(content.read, CHUNK), b"")
        yield self.tail


def post(server: Server, archive: Path) -> Answer:
    """What the server answers to ``archive``. Raises CommandError when that is no answer."""
    started = time.monotonic()
    form = _Form(archive)
    headers = {"Content-Type": form.content_type}
    response = server.client.post(f"{server.url}/upload/", data=form, headers=headers, timeout=ANSWER_SECONDS)
    if response.status_code != 201:
        raise CommandError(f"{response.status_code}: {response.text}")
    headers, seconds = response.headers, time.monotonic() - started
    return Answer(response.json(), headers["Location"], headers["X-BreastWise-Networks"], seconds)
