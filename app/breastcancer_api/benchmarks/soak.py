"""Clients of every kind for a long time, while faults come and go: each request as one record."""

import contextlib
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse

import requests

from breastcancer_api.benchmarks import hammer
from breastcancer_api.benchmarks.hammer import FINAL, Upload
from breastcancer_api.local_server import Held, Server

PAUSE = (0.2, 1.0)  # seconds between two requests of a client
SLOW_PIECES, SLOW_PAUSE = 6, 0.5
FOLLOW_SECONDS, LOOK_SECONDS = 300.0, 0.5
MOST_KNOWN = 40  # studies that are not yet erased
SAMPLE_SECONDS = 5.0
# what is asked of a study, and how often beside each other
FORMS = {
    "study": "",
    "results.json": "results.json",
    "results.csv": "results.csv",
    "report": "results.pdf",
    "slices": "slices/",
    "pixels": "slices/2/pixels",
    "picture": "slices/2.png",
    "heat": "slices/2.png?heat=scantype",
}
PAGES = {"first page": "/", "list": "/studies/", "ready": "/readyz", "metrics": "/metrics"}


@dataclass(frozen=True)
class Record:
    """One request, from ``begin`` to ``end`` of time.monotonic; ``code`` of its problem, and in words what is wrong."""

    kind: str
    status: int
    begin: float
    end: float
    code: str = ""
    wrong: str = ""


@dataclass
class Soak:
    """Asks ``server``, whose answer to each of ``good`` is known, and sends it ``bad`` uploads, too."""

    server: Server
    good: list[Upload]
    bad: list[Upload]
    records: list[Record] = field(default_factory=list)
    samples: list[tuple[float, Held]] = field(default_factory=list)
    known: list[tuple[str, Upload]] = field(default_factory=list)  # studies that are done: path and what was sent
    erased: set[str] = field(default_factory=set)  # paths
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, clients: int, until: float, seed: int) -> None:
        """So many ``clients`` until ``until``, of time.monotonic, each drawing what it does next."""
        draws = [random.Random(f"{seed} {client}") for client in range(clients)]  # noqa: S311  # nosec B311
        with ThreadPoolExecutor(clients) as pool:
            for each in [pool.submit(self._client, draw, until) for draw in draws]:
                each.result()

    def sample(self, over: threading.Event) -> None:
        """Notes what the server holds every SAMPLE_SECONDS until ``over``."""
        while True:
            self.samples.append((time.monotonic(), self.server.held()))
            if over.wait(SAMPLE_SECONDS):
                return

    def _client(self, draw: random.Random, until: float) -> None:
        ways = [self._send, self._send, self._follow, self._refused, self._slow, self._leave]
        ways += [self._form] * 6 + [self._page] * 3 + [self._erase]
        while time.monotonic() < until:
            draw.choice(ways)(draw)
            time.sleep(draw.uniform(*PAUSE))

    # --- what a client does -----------------------------------------------------------------------------------------

    def _send(self, draw: random.Random) -> None:
        upload = draw.choice(self.good)
        answer = self._asked("upload", lambda: hammer.post(self.server.url, upload), right(upload))
        self._learn(answer, upload)

    def _refused(self, draw: random.Random) -> None:
        upload = draw.choice(self.bad)
        self._asked("bad upload", lambda: hammer.post(self.server.url, upload), status(400))

    def _follow(self, draw: random.Random) -> None:
        """Does not wait for the answer, and asks until the study has ended."""
        upload, begin = draw.choice(self.good), time.monotonic()
        headers = {"Prefer": "respond-async"}
        sent = self._asked("upload, not waiting", lambda: self._post(upload, headers), status(202))
        if sent is None or sent.status_code != 202:
            return
        path, end = sent.headers["Location"], time.monotonic() + FOLLOW_SECONDS
        while time.monotonic() < end:
            asked = self._asked("progress", lambda: self._get(path), status(200))
            if asked is not None and asked.ok and asked.json()["state"] in FINAL:
                self._ended(asked.json(), upload, begin)
                return
            time.sleep(LOOK_SECONDS)
        self._note("progress", 0, time.monotonic(), wrong="the study does not end")

    def _slow(self, draw: random.Random) -> None:
        """Sends its exam in pieces with pauses between them."""
        upload, begin = draw.choice(self.good), time.monotonic()
        whole = hammer.whole_request(self.server.url, upload)
        piece = len(whole) // SLOW_PIECES + 1
        try:
            with hammer.connected(self.server.url) as connection:
                with contextlib.suppress(ConnectionError):  # a server that is busy answers and closes first
                    for start in range(0, len(whole), piece):
                        connection.sendall(whole[start : start + piece])
                        time.sleep(SLOW_PAUSE)
                answer = HTTPResponse(connection)
                answer.begin()
                found = requests.Response()
                found.status_code, found._content = answer.status, answer.read()
        except ConnectionResetError:  # likewise: the answer is lost with what was sent after it
            self._note("slow upload", 0, begin, code="busy")
            return
        except (OSError, HTTPException):
            self._note("slow upload", 0, begin, code="no_answer")
            return
        self._note("slow upload", found.status_code, begin, code_of(found), right(upload)(found))

    def _leave(self, draw: random.Random) -> None:
        begin = time.monotonic()
        hammer.hang_up(self.server.url, draw.choice(self.good), draw)
        self._note("aborted upload", 0, begin)

    def _form(self, draw: random.Random) -> None:
        with self._lock:
            if not self.known:
                return
            path, upload = draw.choice(self.known)
        kind = draw.choice(list(FORMS))
        check = same_slices(upload) if kind == "results.json" else status(200)

        def unless_erased(answer: requests.Response) -> str:
            return "" if answer.status_code in (404, 410) and path in self.erased else check(answer)

        self._asked(kind, lambda: self._get(path + FORMS[kind]), unless_erased)

    def _page(self, draw: random.Random) -> None:
        kind = draw.choice(list(PAGES))
        self._asked(kind, lambda: self._get(PAGES[kind]), status(200))

    def _erase(self, draw: random.Random) -> None:
        with self._lock:
            if len(self.known) < MOST_KNOWN:
                return
            path, _ = self.known.pop(draw.randrange(len(self.known)))
            self.erased.add(path)
        self._asked("erasing", lambda: requests.delete(self.server.url + path, timeout=600), status(200))

    # --- how it is noted --------------------------------------------------------------------------------------------

    def _asked(
        self, kind: str, ask: Callable[[], requests.Response], check: Callable[[requests.Response], str]
    ) -> requests.Response | None:
        begin = time.monotonic()
        try:
            answer = ask()
        except requests.RequestException:
            self._note(kind, 0, begin, code="no_answer")
            return None
        self._note(kind, answer.status_code, begin, code_of(answer), check(answer))
        return answer

    def _note(self, kind: str, status: int, begin: float, code: str = "", wrong: str = "") -> None:
        self.records.append(Record(kind, status, begin, time.monotonic(), code, wrong))

    def _learn(self, answer: requests.Response | None, upload: Upload) -> None:
        if answer is not None and answer.status_code == 201:
            with self._lock:
                self.known.append((answer.headers["Location"], upload))

    def _ended(self, study: dict, upload: Upload, begin: float) -> None:
        found, code = study["positive_slices"], (study["problem"] or {}).get("code", "")
        if study["state"] == "done":
            wrong = "" if tuple(found) == upload.answer else f"{found} instead of {upload.answer}"
            self._note("study's end", 200, begin, wrong=wrong)
        else:
            self._note("study's end", study["problem"]["status"], begin, code)

    def _post(self, upload: Upload, headers: dict[str, str]) -> requests.Response:
        return hammer.post(self.server.url, upload, "studies", **headers)

    def _get(self, path: str) -> requests.Response:
        return requests.get(self.server.url + path, timeout=600)


def code_of(answer: requests.Response) -> str:
    """The code of a problem; ``no_code`` of a fault of the server that is told in another form."""
    if answer.status_code < 400:
        return ""
    try:
        return answer.json().get("code", "no_code")
    except ValueError:
        return "no_code"


def status(*expected: int) -> Callable[[requests.Response], str]:
    """What is wrong with an answer that has none of these statuses; faults of the server are judged by their code."""

    def check(answer: requests.Response) -> str:
        if answer.status_code in expected or answer.status_code >= 500:
            return ""
        return f"status {answer.status_code} {code_of(answer)}"

    return check


def right(upload: Upload) -> Callable[[requests.Response], str]:
    """What is wrong with the answer to ``upload``."""

    def check(answer: requests.Response) -> str:
        if answer.status_code == 201 and tuple(answer.json()) != upload.answer:
            return f"{answer.json()} instead of {upload.answer}"
        return status(201)(answer)

    return check


def same_slices(upload: Upload) -> Callable[[requests.Response], str]:
    """What is wrong with the result of ``upload`` that is told later."""

    def check(answer: requests.Response) -> str:
        if answer.status_code == 200 and tuple(answer.json()["positive_slices"]) != upload.answer:
            return f"{answer.json()['positive_slices']} instead of {upload.answer}"
        return status(200)(answer)

    return check
