"""What a state of a page needs to come about: a browser, a line to the server that can break, files to send."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from breastcancer_api.browsing.browser import Browser
from breastcancer_api.browsing.line import Line
from breastcancer_api.browsing.server import PASSWORD, USER
from phantom.dicom import write_zip
from phantom.exam import Exam, Protocol

SMALL = Protocol(48, 48, 6)
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Stage:
    """The ``browser`` is at the near end of the ``line``; ``folder`` is empty at first."""

    browser: Browser
    line: Line
    folder: Path

    def sign_in(self, then: str = "/") -> None:
        self.browser.sign_in(USER, PASSWORD, then)
        self.browser.at(then)

    def choose(self, path: Path, selector: str = "#zip") -> None:
        self.browser.there(selector).send_keys(str(path))

    def exam(self) -> Path:
        """A small exam as a zip."""
        write_zip(Exam(7, SMALL), self.folder / "exam.zip")
        return self.folder / "exam.zip"

    def unzipped(self) -> Path:
        """The folder of an exam in which a file manager has left something."""
        with zipfile.ZipFile(self.exam()) as archive:
            archive.extractall(self.folder / "exam of one")
        (self.folder / "exam of one" / "pre" / ".DS_Store").write_text("no DICOM")
        return self.folder / "exam of one"

    def large(self, megabytes: int) -> Path:
        """More than a line holds by itself; no exam."""
        file = self.folder / "large.zip"
        with file.open("wb") as content:
            content.truncate(megabytes * MEGABYTE)
        return file
