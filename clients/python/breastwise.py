"""A client of a BreastWise server: one file that needs ``requests`` alone.

    client = BreastWise("http://127.0.0.1:8000")
    study = client.send("exam.zip")
    print(study["positive_slices"])

``python breastwise.py series.zip`` prints the positive slices and why they are positive. Research use only.
"""

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import requests

URL = "http://127.0.0.1:8000"
TRIES = 5
FIRST_WAIT_SECONDS = 1.0  # before the second try; twice as long before each further one
LONGEST_WAIT_SECONDS = 120.0  # a server that asks for more is taken to refuse
LOOK_SECONDS = 1.0  # between two looks at a study that is not done
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 1800.0
AGAIN = (429, 502, 503, 504)
FINAL = ("done", "refused", "failed")
CHUNK = 1 << 20  # bytes


class NamedFile(TypedDict):
    file: str
    detail: str


class ProblemBody(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[NamedFile]


class Network(TypedDict):
    role: str
    name: str
    version: str
    sha256: str


class ListedStudy(TypedDict):
    """``progress`` runs from 0 to 1. Times are ISO 8601."""

    id: str
    state: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    progress: float
    slice_count: int | None
    slices_done: int
    networks: list[Network]
    links: dict[str, str]


class Study(ListedStudy):
    """Slices are counted from 1."""

    positive_slices: list[int] | None
    findings: list[dict[str, Any]]
    warnings: list[str]
    problem: ProblemBody | None


class Slice(TypedDict):
    """``position`` in mm along the slice normal; decisions and ``fused`` are 0 or 1; UIDs by folder."""

    number: int
    file: str
    position: float | None
    sop_instance_uids: dict[str, str]
    single_probability: float
    single_decision: int
    scantype_probability: float
    scantype_decision: int
    fused: int
    reason: str


class Validation(TypedDict):
    accepted: bool
    problems: list[ProblemBody]
    problem_count: int
    slice_count: int | None
    passes: list[dict[str, Any]]
    geometry: dict[str, Any] | None
    warnings: list[str]
    series: list[dict[str, Any]]
    ignored: list[dict[str, str]]
    ignored_count: int


class Receipt(TypedDict):
    study: str
    erased_at: str
    rows: dict[str, int]
    files: list[dict[str, Any]]


class Problem(Exception):
    """The server's answer is an error, or the exam was refused. ``errors`` name files in the zip.

    ``code`` is stable (docs/api.md lists all); it is empty where something before the server answered.
    """

    def __init__(self, status: int, code: str, detail: str, errors: list[NamedFile]):
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail, self.errors = status, code, detail, errors

    @classmethod
    def told(cls, body: ProblemBody) -> "Problem":
        return cls(body["status"], body["code"], body["detail"], body["errors"])

    @classmethod
    def answered(cls, answer: requests.Response) -> "Problem":
        if answer.headers.get("Content-Type") == "application/problem+json":
            return cls.told(answer.json())
        return cls(answer.status_code, "", answer.headers.get("Location") or answer.text[:200], [])


class BreastWise:
    """A server at ``url``. ``token``: BREASTWISE_TOKEN where none is given; a server of one's own may need none.

    Every method raises Problem, and a child of requests.RequestException when the server cannot be reached. A broken
    connection and 429, 502, 503 and 504 are tried again, ``tries`` times in all, after ``Retry-After``.
    """

    def __init__(self, url: str = URL, token: str | None = None, tries: int = TRIES):
        self.url, self.tries = url.rstrip("/"), tries
        self.session = requests.Session()
        self.session.auth = _Bearer(os.environ.get("BREASTWISE_TOKEN", "") if token is None else token)

    def send(
        self,
        archive: str | Path,
        passes: Mapping[str, str] | None = None,
        on_progress: Callable[[Study], None] | None = None,
        key: str = "",
    ) -> Study:
        """The study of the zip ``archive`` once it is done; Problem when the exam is refused.

        ``passes`` says which series is which: ``pre``, ``pass_1``, ``pass_2``, ``pass_3``. ``on_progress`` is called
        every second with the study as it is then. ``key``: as ``submit`` takes it.
        """
        if on_progress is None:
            return self._post_study(archive, passes, key, {})
        return self.follow(self.submit(archive, passes, key)["id"], on_progress)

    def submit(self, archive: str | Path, passes: Mapping[str, str] | None = None, key: str = "") -> Study:
        """The same without waiting: the study is queued, and ``follow`` waits for it.

        ``key`` is sent as Idempotency-Key: the same exam with the same key is one study, however often it is sent. A
        new one is made where none is given, so that tries of one call are one study.
        """
        return self._post_study(archive, passes, key, {"Prefer": "respond-async"})

    def follow(self, study: str, on_progress: Callable[[Study], None] | None = None) -> Study:
        """The study with this id once it is done; Problem when it was refused or failed."""
        while True:
            found = self.study(study)
            if on_progress:
                on_progress(found)
            if found["problem"]:
                raise Problem.told(found["problem"])
            if found["state"] in FINAL:
                return found
            time.sleep(LOOK_SECONDS)

    def study(self, study: str) -> Study:
        found: Study = self._ask("GET", f"/studies/{study}/").json()
        return found

    def studies(self, **filters: str | int) -> Iterator[ListedStudy]:
        """What was sent, latest first; ``study`` tells the result of one.

        ``filters``: ``state``, ``created_after``, ``created_before``, ``ordering``.
        """
        return self._pages("/studies/", filters)

    def slices(self, study: str, **filters: str | int | float) -> Iterator[Slice]:
        """A row a slice. ``filters``: ``fused``, ``first``, ``last`` and the others of docs/api.md."""
        return self._pages(f"/studies/{study}/slices/", filters)

    def csv(self, study: str, file: str | Path) -> None:
        """Writes a line a slice into ``file``."""
        Path(file).write_bytes(self._ask("GET", f"/studies/{study}/results.csv").content)

    def form(self, study: str, form: str, file: str | Path, **query: str | int) -> None:
        """Writes a form of the result into ``file``: ``results.pdf``, ``sr.dcm``, ``slices/38.png`` and the others of
        docs/api.md. ``query``: what a picture shows, as ``kind="1st_subtraction"``. Problem ``not_kept`` when its time
        is over.
        """
        Path(file).write_bytes(self._ask("GET", f"/studies/{study}/{form}", query=query).content)

    def validate(self, archive: str | Path, passes: Mapping[str, str] | None = None) -> Validation:
        """What is in the zip and whether ``send`` would take it. No network runs and nothing is kept."""
        found: Validation = self._ask("POST", "/validate/", _Form(Path(archive), passes or {})).json()
        return found

    def erase(self, study: str) -> Receipt:
        """Erases the study, also while it runs. Problem ``not_found`` may mean that a first try has done so."""
        receipt: Receipt = self._ask("DELETE", f"/studies/{study}/").json()
        return receipt

    def networks(self) -> list[dict[str, Any]]:
        """The cards of the networks in use."""
        cards: list[dict[str, Any]] = self._ask("GET", "/networks/").json()
        return cards

    def _post_study(
        self, archive: str | Path, passes: Mapping[str, str] | None, key: str, headers: dict[str, str]
    ) -> Study:
        headers = headers | {"Idempotency-Key": key or uuid.uuid4().hex}
        study: Study = self._ask("POST", "/studies/", _Form(Path(archive), passes or {}), headers).json()
        return study

    def _pages(self, path: str, filters: Mapping[str, str | int | float]) -> Iterator[Any]:
        page = 1
        while True:
            found = self._ask("GET", path, query={**filters, "page": page}).json()
            yield from found["results"]
            if not found["next"]:
                return
            page += 1

    def _ask(
        self,
        method: str,
        path: str,
        form: "_Form | None" = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | float] | None = None,
    ) -> requests.Response:
        asked = partial(self._ask_once, method, path, form, headers or {}, query or {})
        for tried in range(1, self.tries):
            wait = FIRST_WAIT_SECONDS * 2 ** (tried - 1)
            try:
                answer = asked()
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                time.sleep(wait)
                continue
            wait = _retry_after(answer, wait)
            if answer.status_code not in AGAIN or wait > LONGEST_WAIT_SECONDS:
                return _good(answer)
            time.sleep(wait)
        return _good(asked())

    def _ask_once(
        self,
        method: str,
        path: str,
        form: "_Form | None",
        headers: Mapping[str, str],
        query: Mapping[str, str | int | float],
    ) -> requests.Response:
        if form is not None:
            headers = {**headers, "Content-Type": form.content_type}
        return self.session.request(
            method,
            self.url + path,
            params=query,
            data=form,
            headers=headers,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,  # a redirected POST would arrive as a GET
        )


class _Bearer(requests.auth.AuthBase):
    """The token as a header; as ``auth``, because a netrc file would take the place of a plain header."""

    def __init__(self, token: str):
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class _Form:
    """A form with a file, read while it is sent; ``requests`` would copy all of it into memory first."""

    def __init__(self, archive: Path, fields: Mapping[str, str]):
        boundary = uuid.uuid4().hex
        self.archive, self.content_type = archive, f"multipart/form-data; boundary={boundary}"
        named = 'Content-Disposition: form-data; name="{}"'
        # the file's own name stays here: it may name a patient
        last = named.format("file") + '; filename="series.zip"\r\nContent-Type: application/zip\r\n\r\n'
        parts = [named.format(name) + f"\r\n\r\n{value}\r\n" for name, value in fields.items()]
        self.head = "".join(f"--{boundary}\r\n{part}" for part in (*parts, last)).encode()
        self.tail = f"\r\n--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self.head) + self.archive.stat().st_size + len(self.tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        with self.archive.open("rb") as content:
            yield from iter(partial(content.read, CHUNK), b"")
        yield self.tail


def _good(answer: requests.Response) -> requests.Response:
    if answer.status_code >= 300:
        raise Problem.answered(answer)
    return answer


def _retry_after(answer: requests.Response, otherwise: float) -> float:
    """Seconds; the header may also be a date, which no BreastWise server sends."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else otherwise


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description="Send an exam and print its positive slices. Research use only.",
        epilog="A token is taken from BREASTWISE_TOKEN.",
    )
    parser.add_argument("archive", type=Path, help="a zip of DICOM files")
    parser.add_argument("--url", default=URL, help="of the server (default: %(default)s)")
    parser.add_argument("--csv", type=Path, help="a file for all slices")
    options = parser.parse_args(arguments)
    try:
        _report(BreastWise(options.url), options.archive, options.csv)
    except (Problem, requests.RequestException, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _report(client: BreastWise, archive: Path, csv: Path | None) -> None:
    study = client.send(archive, on_progress=_tell)
    for warning in study["warnings"]:
        print(warning, file=sys.stderr)
    for row in client.slices(study["id"], fused=1):
        print(f"slice {row['number']}: {row['reason']}")
    print(f"{len(study['positive_slices'] or [])} of {study['slice_count']} slices are positive. Research use only.")
    if csv:
        client.csv(study["id"], csv)


def _tell(study: Study) -> None:
    print(f"{study['state']} {study['progress']:.0%}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
