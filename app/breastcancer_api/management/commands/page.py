"""``manage.py page``: the pictures of docs/page.md and docs/reading.md, and docs/page-figures.md with its figures."""

import io
import json
import os
import tempfile
import zipfile
from dataclasses import asdict
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from breastcancer_api.provenance import command, commit
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol
from training.machine import machine

try:
    from breastcancer_api.benchmarks.page import measured, page
    from breastcancer_api.benchmarks.table import Line, markdown
    from breastcancer_api.browsing.browser import CHROMIUM, DRIVER, browsing
    from breastcancer_api.browsing.line import Line as LineToServer
    from breastcancer_api.browsing.reading import Desk
    from breastcancer_api.browsing.server import load_studies, page_server
    from breastcancer_api.browsing.stage import Stage
    from breastcancer_api.browsing.states import LIMIT
    from breastcancer_api.browsing.studies import Studies
    from breastcancer_api.browsing.walk import FILES, walk
except ModuleNotFoundError as error:  # a server needs no browser
    LACKS = error.name.partition(".")[0]
else:
    LACKS = ""

# Phantoms: the one that is measured, one with a finding, and one in which the networks find nothing.
MEASURED = Exam(7, Protocol(448, 448, 160))
FOUND, CLEAR = Exam(7, Protocol(256, 256, 48)), Exam(2, Protocol(256, 256, 48), tumours=0)
FIGURES, PAGE, PICTURES = "page.json", "page-figures.md", "page"


class Command(BaseCommand):
    help = "Walk through the pages in Chromium: a picture of every state, and how fast slices are shown, for the docs."

    def add_arguments(self, parser):
        parser.add_argument("--out", type=Path, metavar="DIR", default=Path("../docs"), help="folder")

    def handle(self, **options):
        if LACKS:
            raise CommandError(f"{LACKS} is not here: pip install -r requirements-dev.txt")
        if not (CHROMIUM and DRIVER):
            raise CommandError("chromium and chromedriver are not here: install chromium and chromium-driver")
        out = options["out"]
        (out / PICTURES).mkdir(parents=True, exist_ok=True)
        about = {"command": command(), "commit": commit(), "machine": _machine(), "load": os.getloadavg()[0]}
        about |= {"slices": MEASURED.protocol.slices, "side": MEASURED.protocol.rows}
        with tempfile.TemporaryDirectory(prefix="breastwise-page-") as folder:
            lines = figures(Path(folder, "figures"))
            pictures(Path(folder, "pictures"), out / PICTURES)
        told = about | {"figures": [asdict(line) for line in lines]}
        (out / FIGURES).write_text(json.dumps(told, indent=2) + "\n")
        (out / PAGE).write_text(page(about, lines))
        size = sum((out / PICTURES / each).stat().st_size for each in FILES) / 1e6
        self.stdout.write(f"{about['machine']}, commit {about['commit']}\n{markdown(lines)}")
        self.stdout.write(f"{out / PICTURES}: {len(FILES)} pictures, {size:.1f} MB")


def figures(folder: Path) -> "list[Line]":
    folder.mkdir()
    archive = _zip(MEASURED)
    with page_server(folder) as server, browsing(server.url) as browser:
        browser.width(1280)
        studies = Studies(server, folder)
        Desk(browser, studies, archive, b"", b"").sign_in()
        return list(tqdm(measured(browser, studies, archive), desc="figures", unit="figure"))


def pictures(folder: Path, out: Path) -> None:
    (folder / "files").mkdir(parents=True)
    found = _zip(FOUND)
    with page_server(folder, MAX_UPLOAD_MB=str(LIMIT)) as server:
        load_studies(folder)
        line = LineToServer(server.url)
        with browsing(line.url) as browser:
            stage = Stage(browser, line, folder / "files")
            desk = Desk(browser, Studies(server, folder), found, _zip(CLEAR), _spoiled(found))
            for _ in tqdm(walk(stage, desk, out), total=len(FILES), desc="pictures", unit="picture"):
                pass
        line.close()


def _machine() -> str:
    return f"{machine()} for the networks, {os.cpu_count()} for all else"


def _zip(exam: Exam) -> bytes:
    file = io.BytesIO()
    write_zip(exam, file, partial(tqdm, desc="exam", unit="slice"))
    return file.getvalue()


def _spoiled(archive: bytes) -> bytes:
    """With a file that is no DICOM."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as whole, zipfile.ZipFile(file, "w") as spoiled:
        for name in whole.namelist():
            spoiled.writestr(name, b"no DICOM" if name == "pre/003.dcm" else whole.read(name))
    return file.getvalue()
