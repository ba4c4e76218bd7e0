"""A phantom with a known tumour goes to the running server as any exam does, and every form of its result is opened."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from django.conf import settings

from breastcancer_api.doctor.findings import Finding, Mark, Note, Wrong, found
from breastcancer_api.doctor.installation import compared
from breastcancer_api.doctor.opened import CSV, JSON, OPENERS
from breastcancer_api.forms import FORMS, PNG
from breastcancer_api.kept import NotKept
from breastcancer_api.models import Study
from nets.bundle import ROLES, load_card
from phantom.dicom import write_zip
from phantom.exam import Exam
from phantom.protocol import Protocol

# one tumour that the shipped networks see; small, so that it takes seconds
SEED, PROTOCOL = 1, Protocol(128, 128, 24)
SHIPPED = Path(__file__).resolve().parents[2] / "nets" / "bundles"
SECONDS = 30  # for an answer that needs no networks
READ_SECONDS = 600  # for the exam to be read, behind others that wait
LOOK_SECONDS = 0.5
WHERE = "is the server running? Its log says why not (docker compose ps, docker compose logs web)"


@cache
def phantom() -> Exam:
    return Exam(SEED, PROTOCOL, tumours=1)


class Visit:
    """What is found at the server at ``url``; ``token`` may be empty where nobody needs one."""

    def __init__(self, url: str, token: str, client: requests.Session):
        self.url, self.client = url.rstrip("/"), client
        if token:
            client.headers["Authorization"] = f"Bearer {token}"
        self.study: dict = {}

    def findings(self) -> Iterator[Finding]:
        """In turn; what hangs on something that failed is left out."""
        yield (ready := found("server", self.ready))
        if ready.mark == Mark.FAIL:
            return
        yield found("server's clock", self.clock)
        yield found("exam", self.send)
        if self.study.get("state") == "done":
            yield found("answer", self.answer)
            for name, kind in self.forms():
                yield found(name, partial(self.form, name, kind))
        if self.study:
            yield found("erasing", self.erase)

    def ready(self) -> str:
        answer = self._ask("GET", "/readyz")
        if "json" not in answer.headers.get("Content-Type", ""):
            raise Wrong(f"{self.url} is no BreastWise server: it answers {answer.status_code} and no JSON")
        if answer.status_code != 200:
            raise Wrong(f"{self.url} is not ready: {answer.json()['detail']}")
        return f"{self.url} is ready: {', '.join(answer.json()['parts'])}"

    def clock(self) -> str:
        there = parsedate_to_datetime(self._ask("GET", "/livez").headers["Date"])
        return compared(there.replace(tzinfo=there.tzinfo or UTC), "the server's")

    def send(self) -> str:
        """Through whatever lies between: the queue and a worker, too."""
        with TemporaryDirectory(prefix="breastwise-doctor-") as folder:
            archive = Path(folder, "series.zip")
            write_zip(phantom(), archive)
            begun = time.monotonic()
            with archive.open("rb") as file:
                files, headers = {"file": (archive.name, file)}, {"Prefer": "respond-async"}
                self.study = self._json("POST", "/studies/", files=files, headers=headers)
        while self.study["state"] not in Study.FINAL and time.monotonic() - begun < READ_SECONDS:
            time.sleep(LOOK_SECONDS)
            self.study = self._json("GET", f"/studies/{self.study['id']}/")
        if self.study["state"] not in Study.FINAL:
            raise Wrong(f"still {self.study['state']} after {READ_SECONDS} s: is a worker running, do many exams wait?")
        if self.study["problem"]:
            raise Wrong("{state}: {problem[code]}: {problem[detail]}".format(**self.study))
        return f"a phantom of {self.study['slice_count']} slices is read in {time.monotonic() - begun:.1f} s"

    def answer(self) -> str:
        if self.study["slice_count"] != PROTOCOL.slices:
            raise Wrong(f"{self.study['slice_count']} slices are answered, and {PROTOCOL.slices} were sent")
        truth, seen = set(phantom().positive_slices), set(self.study["positive_slices"])
        told = f"{len(truth & seen)} of {len(truth)} slices with tumour are found, {len(seen - truth)} others called"
        if truth & seen:
            return told
        if self._shipped():
            raise Wrong(f"{told}: the networks shipped with BreastWise find some; look at the device and its driver")
        raise Note(f"{told}. These are networks of your own: judge them on your own exams (manage.py evaluate)")

    def _shipped(self) -> bool:
        """Whether the networks that answered are those that BreastWise brings."""
        shipped = {load_card(SHIPPED, role).weights_sha256 for role in ROLES}
        return {each["sha256"] for each in self.study["networks"]} == shipped

    def forms(self) -> list[tuple[str, str]]:
        """Name and content type of every form of the result."""
        number = (self.study["positive_slices"] or [1])[0]
        pictures = (f"slices/{number}.png?kind=1st_pass", *(f"slices/{number}.png?heat={role}" for role in ROLES))
        numbers = [("results.json", JSON), ("results.csv", CSV)]
        return numbers + [(form.file, form.content_type) for form in FORMS] + [(each, PNG) for each in pictures]

    def form(self, name: str, kind: str) -> str:
        answer = self._ask("GET", f"/studies/{self.study['id']}/{name}", timeout=settings.REQUEST_TIMEOUT_SECONDS)
        if answer.status_code == NotKept.status_code:
            raise Note("pictures are not kept (RETENTION_HOURS is 0), or RESULTS cannot be written")
        if answer.status_code != 200:
            raise Wrong(_refused(answer))
        return OPENERS[kind](answer.content)

    def erase(self) -> str:
        receipt = self._json("DELETE", f"/studies/{self.study['id']}/")
        rows = {"studies": 1, "slices": PROTOCOL.slices if self.study["state"] == "done" else 0}
        if (receipt["study"], receipt["rows"]) != (self.study["id"], rows):
            raise Wrong(f"the receipt tells of {receipt['rows']}, not of {rows}")
        if self._ask("GET", f"/studies/{self.study['id']}/").status_code != 404:
            raise Wrong("the study is still there")
        return f"1 study, {rows['slices']} slices, {len(receipt['files'])} files, by the receipt"

    @property
    def key(self) -> uuid.UUID | None:
        """Of the study that was made, if one was."""
        return uuid.UUID(self.study["id"]) if self.study else None

    def _ask(self, method: str, address: str, timeout: float = SECONDS, **more) -> requests.Response:
        """Raises Wrong when nobody answers, or not in the form of the API."""
        try:
            answer = self.client.request(method, f"{self.url}{address}", timeout=timeout, **more)
        except requests.RequestException as error:
            raise Wrong(f"{self.url} does not answer ({type(error).__name__}): {WHERE}") from error
        return answer

    def _json(self, method: str, address: str, **more) -> dict:
        """Raises Wrong for an error, too."""
        answer = self._ask(method, address, **more)
        if not answer.ok:
            raise Wrong(_refused(answer))
        return answer.json()


def _refused(answer: requests.Response) -> str:
    """What the server says, and what to do where that is known."""
    body = answer.json()
    remedies = {
        401: ": give one with --token (made by manage.py token)",
        429: ": wait a minute",
        503: ": come again when it has less to do",
    }
    return f"{body['status']} {body['code']}: {body['detail']}{remedies.get(answer.status_code, '')}"
