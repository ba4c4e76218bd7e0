"""Every state of the page of a study, reached as a person reaches it. Each begins and ends with nothing in the way."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from breastcancer_api.browsing.browser import Browser
from breastcancer_api.browsing.studies import Studies

PICTURE = "return performance.getEntriesByName('breastwise-first-picture').length"
INCIDENT = "0123456789abcdef0123456789abcdef"
FAILED = {
    "status": 500,
    "code": "internal_error",
    "title": "Internal server error",
    "detail": f"Something failed here. Its id in the server's log: {INCIDENT}.",
}


@dataclass(frozen=True)
class Desk:
    """Where somebody who is signed in reads. ``exam`` is a zip with a finding, ``clear`` one without, ``spoiled`` one
    that is refused for a file."""

    browser: Browser
    studies: Studies
    exam: bytes
    clear: bytes
    spoiled: bytes

    @cached_property
    def study(self) -> str:
        """Of ``exam``, with its pictures."""
        return self.studies.send(self.exam)

    def sign_in(self) -> None:
        self.browser.open("/livez")  # cookies are of the page that is open
        for name, value in self.studies.cookies.items():
            self.browser.chrome.add_cookie({"name": name, "value": value})

    def open(self, study: str) -> None:
        self.browser.open(f"/read/{study}/")

    def read(self, study: str = "") -> None:
        """Opens a study that is done, and waits for its picture."""
        self.open(study or self.study)
        self.browser.wait(lambda chrome: chrome.execute_script(PICTURE), "the first picture")


def waiting(desk: Desk) -> None:
    desk.open(desk.studies.make("queued"))
    desk.browser.find("#waiting-title", "Waiting for its turn")


def analysing(desk: Desk) -> None:
    desk.open(desk.studies.make("analysing", slice_count=160, slices_done=48, progress=0.3))
    desk.browser.find("#waiting-words", "48 of 160 slices")


def refused(desk: Desk) -> None:
    desk.open(desk.studies.send(desk.spoiled))
    desk.browser.find("#ended-title", "The exam was refused")


def failed(desk: Desk) -> None:
    desk.open(desk.studies.make("failed", problem=FAILED))
    desk.browser.find("#ended-title", "The study failed")


def reading(desk: Desk) -> None:
    desk.read()


def four_passes(desk: Desk) -> None:
    desk.read()
    desk.browser.press("0")
    desk.browser.find(".pane-title", "3rd pass")


def subtraction(desk: Desk) -> None:
    desk.read()
    desk.browser.press("5")
    desk.browser.find(".pane-title", "1st pass less before")


def projection(desk: Desk) -> None:
    desk.read()
    desk.browser.press("8")
    desk.browser.find(".pane:not(.empty) .pane-title", "MIP")


def heat(desk: Desk) -> None:
    desk.read()
    desk.browser.press("h")
    desk.browser.find("#caption", "The scantype network.")


def curve_types(desk: Desk) -> None:
    desk.read()
    desk.browser.find("#layers [data-name=curve_types]").click()
    desk.browser.find("#caption", "wash-out")


def curve(desk: Desk) -> None:
    desk.read()
    desk.browser.press("k")
    desk.browser.find("#curve .chart")


def patient(desk: Desk) -> None:
    desk.read()
    desk.browser.find("#patient button").click()
    desk.browser.find("#patient dd")


def keys(desk: Desk) -> None:
    desk.read()
    desk.browser.press("?")
    desk.browser.find("#help")


def nothing_found(desk: Desk) -> None:
    desk.read(desk.studies.send(desk.clear))


def not_kept(desk: Desk) -> None:
    study = desk.studies.send(desk.exam)
    desk.studies.lose_pictures(study)
    desk.open(study)
    desk.browser.find("#no-pictures", "not kept")


def erased(desk: Desk) -> None:
    desk.open(desk.studies.send(desk.exam))
    desk.browser.find("#erase").click()
    desk.browser.find("dialog button.danger").click()
    desk.browser.find("dialog", "SHA-256")


STATES: dict[str, Callable[[Desk], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        *(waiting, analysing, refused, failed, reading, four_passes, subtraction, projection, heat, curve_types),
        *(curve, patient, keys, nothing_found, not_kept, erased),
    )
}
