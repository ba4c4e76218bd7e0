"""What a server withstands: many clients at once who send good, bad and broken uploads, and being killed in between."""

import contextlib
import os
import random
import signal
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from breastcancer_api.local_server import Server, serving
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

SIDE, SEEDS = 48, range(1, 6)
FINAL = ("done", "refused", "failed")
BUSY = 503
PATIENCE = (0.5, 2.0)  # seconds after which a client comes again that was told the server is busy
SETTLE_SECONDS = 120
LONGEST_LIFE = 1.5  # seconds from the uploads to the kill


class Withstood(Exception):
    """The server did something that it must not; the text says what."""


@dataclass(frozen=True)
class Upload:
    """``content`` of a zip under ``name``; ``answer`` are its positive slices, None of an exam that is refused.
    ``/upload/`` refuses other names than series.zip."""

    kind: str
    content: bytes
    answer: tuple[int, ...] | None = None
    name: str = "series.zip"


@dataclass
class Tally:
    """Answers by kind of upload and status; ``wrong`` are those that must not be, in words."""

    answers: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, kind: str, status: int | str, wrong: str = "") -> None:
        self.answers[kind, str(status)] += 1
        if wrong:
            self.wrong.append(f"{kind}: {wrong}")


def exams(folder: Path, seeds: Sequence[int] = SEEDS) -> list[bytes]:
    """Small phantoms, each of another number of slices, so that answers which are mixed up are seen."""
    return [_exam(folder / f"{seed}.zip", seed) for seed in seeds]


def _exam(file: Path, seed: int) -> bytes:
    write_zip(Exam(seed, Protocol(SIDE, SIDE, 4 + seed)), file)
    return file.read_bytes()


def answered_alone(server: Server, contents: Sequence[bytes]) -> list[Upload]:
    """Uploads with what the server says to each when it has nothing else to do."""
    found = [post(server.url, Upload("good", each)).json() for each in contents]
    return [Upload("good", each, tuple(numbers)) for each, numbers in zip(contents, found, strict=True)]


def bad(good: Upload) -> list[Upload]:
    """Uploads that are refused, each for another reason."""
    content = good.content
    return [
        Upload("no zip", b"hello"),
        Upload("cut off", content[: len(content) // 2]),
        Upload("damaged", content[:5000] + bytes(64) + content[5064:]),
        Upload("wrong name", content, good.answer, name="exam.zip"),
    ]


def clients(server: Server, uploads: Sequence[Upload], count: int, seconds: float, seed: int) -> Tally:
    """``count`` clients who each send one upload after the other, at random, for ``seconds``."""
    tally, until = Tally(), time.monotonic() + seconds
    with ThreadPoolExecutor(count) as pool:
        draws = [random.Random(f"{seed} {client}") for client in range(count)]  # noqa: S311  # nosec B311  # which upload comes next
        for each in [pool.submit(_client, server.url, uploads, draw, until, tally) for draw in draws]:
            each.result()
    return tally


def _client(url: str, uploads: Sequence[Upload], draw: random.Random, until: float, tally: Tally) -> None:
    ways: list[Callable[[str, Upload, random.Random, Tally], int | None]] = [_wait, _wait, _follow, _hang_up]
    while time.monotonic() < until:
        if draw.choice(ways)(url, draw.choice(uploads), draw, tally) == BUSY:
            time.sleep(draw.uniform(*PATIENCE))


def _wait(url: str, upload: Upload, _draw: random.Random, tally: Tally) -> int:
    response = post(url, upload)
    tally.add(upload.kind, response.status_code, _wrong(upload, response))
    return response.status_code


def _follow(url: str, upload: Upload, _draw: random.Random, tally: Tally) -> int:
    """Does not wait, and asks until the study has ended."""
    response = post(url, upload, "studies", Prefer="respond-async")
    tally.add(f"{upload.kind}, not waiting", response.status_code, _server_fault(response))
    while response.status_code in (200, 202) and response.json()["state"] not in FINAL:
        time.sleep(0.5)
        response = requests.get(f"{url}/studies/{response.json()['id']}/", timeout=60)
    if wrong := _ended_wrong(upload, response):
        tally.wrong.append(f"{upload.kind}, not waiting: {wrong}")
    return response.status_code


def _ended_wrong(upload: Upload, response: requests.Response) -> str:
    if response.status_code != 200:
        return "" if response.status_code == BUSY else f"status {response.status_code}"
    study = response.json()
    if study["state"] == "refused":
        return "" if upload.answer is None else f"refused: {study['problem']['code']}"
    found = None if study["positive_slices"] is None else tuple(study["positive_slices"])
    return "" if (study["state"], found) == ("done", upload.answer) else f"{study['state']}: {found}"


def _hang_up(url: str, upload: Upload, draw: random.Random, tally: Tally) -> None:
    hang_up(url, upload, draw)
    tally.add(upload.kind, "hung up")


def hang_up(url: str, upload: Upload, draw: random.Random) -> None:
    """Leaves before its upload is through, or before the answer."""
    whole = whole_request(url, upload)
    # a server that is busy closes first
    with connected(url) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(whole[: draw.randint(1, len(whole))])


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=60)


def whole_request(url: str, upload: Upload) -> bytes:
    """The POST of ``upload`` to ``/upload/`` as it goes over the line."""
    prepared = requests.Request("POST", f"{url}/upload/", files={"file": (upload.name, upload.content)}).prepare()
    head = "".join(f"{name}: {value}\r\n" for name, value in prepared.headers.items())
    return f"POST /upload/ HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{head}\r\n".encode() + prepared.body


def post(url: str, upload: Upload, address: str = "upload", **headers: str) -> requests.Response:
    file = {"file": (upload.name, upload.content)}
    return requests.post(f"{url}/{address}/", files=file, headers=headers, timeout=600)


def _wrong(upload: Upload, response: requests.Response) -> str:
    if response.status_code == 201:
        found = tuple(response.json())
        return "" if found == upload.answer else f"{found} instead of {upload.answer}"
    if response.status_code == 400 and (upload.answer is None or upload.name != "series.zip"):
        return ""
    return _server_fault(response) or ("" if response.status_code == BUSY else f"status {response.status_code}")


def _server_fault(response: requests.Response) -> str:
    return f"status {response.status_code}" if response.status_code >= 500 and response.status_code != BUSY else ""


def killed(state: Path, uploads: Sequence[Upload], draw: random.Random) -> None:
    """A server that is killed at a random moment while it has all ``uploads`` in hand."""
    with serving(state) as server, ThreadPoolExecutor(len(uploads)) as pool:
        for each in uploads:
            pool.submit(_unanswered, server.url, each)
        time.sleep(draw.uniform(0, LONGEST_LIFE))
        for pid in (int(server.worker.name), server.pid):
            os.kill(pid, signal.SIGKILL)


def _unanswered(url: str, upload: Upload) -> None:
    with contextlib.suppress(requests.RequestException):
        post(url, upload, "studies")


def settled(state: Path) -> None:
    """Waits until every study has ended and no file of an upload is left. Raises Withstood when that takes too long."""
    until = time.monotonic() + SETTLE_SECONDS
    while left := list(_left(state)):
        if time.monotonic() > until:
            raise Withstood(f"left behind: {left[:10]}")
        time.sleep(0.2)


def _left(state: Path) -> Iterator[str]:
    yield from (str(each) for each in (state / "work").iterdir())
    yield from (f"study {key} {kept}" for key, kept in states(state) if kept not in FINAL)


def states(state: Path) -> list[tuple[str, str]]:
    """Key and state of every study in the database under ``state``."""
    with contextlib.closing(sqlite3.connect(state / "db.sqlite3", timeout=60)) as database:
        return database.execute("SELECT id, state FROM breastcancer_api_study").fetchall()
