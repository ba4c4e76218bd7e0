"""Studies in whatever state a page is to show: sent, or put into the database."""

import json
import shutil
import uuid
from datetime import timedelta
from pathlib import Path

import requests
from django.utils import timezone

from breastcancer_api.browsing.server import PASSWORD, USER, manage
from breastcancer_api.local_server import Server


class Studies:
    """Those of USER at a ``page_server``, whose folder is ``state``. ``cookies`` are of somebody who is signed in."""

    def __init__(self, server: Server, state: Path):
        self.server, self.state = server, state
        client, address = server.client, f"{server.url}/session/login/"
        client.get(address)
        form = {"username": USER, "password": PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        client.post(address, data=form).raise_for_status()
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]

    @property
    def cookies(self) -> dict[str, str]:
        return self.server.client.cookies.get_dict()

    def ask(self, path: str) -> requests.Response:
        return self.server.client.get(f"{self.server.url}{path}")

    def send(self, archive: bytes) -> str:
        """The id of a study of ``archive``, a zip, once it is done or refused."""
        answer = self.server.client.post(f"{self.server.url}/studies/", files={"file": ("exam.zip", archive)})
        return answer.json()["id"] if answer.status_code == 201 else self.ask("/studies/").json()["results"][0]["id"]

    def begin(self, archive: bytes) -> str:
        """The id of a study of ``archive``, which is yet to be read."""
        options = {"files": {"file": ("exam.zip", archive)}, "headers": {"Prefer": "respond-async"}}
        answer = self.server.client.post(f"{self.server.url}/studies/", **options)
        answer.raise_for_status()
        return answer.json()["id"]

    def erase(self, study: str) -> None:
        self.server.client.delete(f"{self.server.url}/studies/{study}/").raise_for_status()

    def make(self, state: str, **fields: object) -> str:
        """The id of a study in this state that nobody reads."""
        pk, now = str(uuid.uuid4()), timezone.now()
        never = (now + timedelta(days=1)).isoformat()  # or the server would give it up
        fields = {"owner": [USER], "state": state, "created_at": now.isoformat(), "seen_at": never} | fields
        file = self.state / "study.json"
        file.write_text(json.dumps([{"model": "breastcancer_api.study", "pk": pk, "fields": fields}]))
        manage(self.state, "loaddata", str(file), "--skip-checks")
        return pk

    def lose_pictures(self, study: str) -> None:
        """As RETENTION_HOURS do."""
        shutil.rmtree(self.state / "results" / study)
