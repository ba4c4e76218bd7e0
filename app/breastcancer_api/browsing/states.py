"""Every state of the first page and of where one signs in, reached as a person reaches it.

Each begins with nobody signed in and leaves the page so that another may follow. They want a server with
``MAX_UPLOAD_MB`` of LIMIT whose list holds ``server.load_studies``.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from breastcancer_api.browsing.server import DONE, REFUSED, USER
from breastcancer_api.browsing.stage import MEGABYTE, Stage

LIMIT = 64  # MB of an upload


@contextmanager
def sign_in(stage: Stage) -> Iterator[None]:
    stage.browser.open("/")
    stage.browser.find("[name=username]")
    yield


@contextmanager
def wrong_password(stage: Stage) -> Iterator[None]:
    stage.browser.sign_in(USER, "another word")
    stage.browser.find("[role=alert]")
    yield


@contextmanager
def choosing(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    yield


@contextmanager
def naming_the_passes(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.browser.find("#passes summary").click()
    yield


@contextmanager
def sending(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.line.hold(30 * MEGABYTE)
    stage.choose(stage.large(60))
    stage.browser.find("#figures", "left")
    yield
    _cancel(stage)


@contextmanager
def broken_line(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.line.cut(20_000)
    stage.choose(stage.exam())
    stage.browser.find("#stage", "The line broke. Trying again in ")
    yield
    _cancel(stage)


@contextmanager
def cancelled(stage: Stage) -> Iterator[None]:
    with sending(stage):
        pass
    stage.browser.find("#told", "Cancelled.")
    yield


@contextmanager
def too_large(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.choose(stage.large(LIMIT + 1))
    stage.browser.find("#told [role=alert]")
    yield


@contextmanager
def nothing_found(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.browser.find("#search").send_keys("0123")
    stage.browser.find("#list-told", "No study is like this.")
    yield


@contextmanager
def erasing(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.browser.find(f"#rows tr:has(a[href='/read/{DONE}/']) button").click()
    stage.browser.find("dialog", "Erase study")
    yield


@contextmanager
def erased(stage: Stage) -> Iterator[None]:
    """A study that was sent for it: those that the list holds have no files."""
    _at_home(stage)
    stage.choose(stage.exam())
    stage.browser.wait(lambda chrome: "/read/" in chrome.current_url, "the page of the study")
    stage.browser.open("/")
    stage.browser.find("#rows tr:first-child .done")
    stage.browser.find("#rows tr:first-child button").click()
    stage.browser.find("dialog .danger").click()
    stage.browser.find("dialog h2", "Erased")
    yield


@contextmanager
def networks(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.browser.find("#networks-open").click()
    stage.browser.find("#networks-cards", "Limits")
    yield


@contextmanager
def offline(stage: Stage) -> Iterator[None]:
    _at_home(stage)
    stage.line.cut(0)
    stage.browser.find(f"#rows tr:has(a[href='/read/{REFUSED}/']) button").click()
    stage.browser.find("dialog .danger").click()
    stage.browser.find("dialog [role=alert]")
    yield
    stage.line.free()


STATES: dict[str, Callable[[Stage], AbstractContextManager[None]]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        *(sign_in, wrong_password, choosing, naming_the_passes, sending, broken_line, cancelled, too_large),
        *(nothing_found, erasing, erased, networks, offline),
    )
}


def _at_home(stage: Stage) -> None:
    stage.sign_in()
    stage.browser.find(f"#rows a[href='/read/{REFUSED}/']")


def _cancel(stage: Stage) -> None:
    stage.browser.find("#cancel").click()
    stage.line.free()
    stage.browser.find("#drop")
