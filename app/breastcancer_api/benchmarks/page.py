"""How fast the page of a study shows slices in Chromium, and how many bytes the pages have."""

import statistics
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from breastcancer_api.benchmarks.table import Line, markdown
from breastcancer_api.browsing.browser import Browser
from breastcancer_api.browsing.reading import PICTURE
from breastcancer_api.browsing.studies import Studies

ASSETS = Path(__file__).resolve().parents[1] / "static" / "breastcancer_api"
ANSWER_SECONDS = 900  # in which the exam must be read
ROUNDS = 5  # in which a finished study is opened
PRESSES = 120  # of the key that moves on by a slice
HELD_EVERY, FAST_EVERY = 33, 16  # milliseconds from press to press: a key that is held, and twice as often
SHOWN = {"one picture": ("2", "1st pass"), "four pictures": ("0", "3rd pass")}  # key, and a title that is there then
PAGE = """# How fast the page is

Made by `python manage.py page`, in one run on one machine, with the pictures of [the page](page.md) and of
[reading](reading.md). To measure yours, give the same command in `app/`, with nothing else running:

    {command}

{machine}; commit `{commit}`. When it began, {load:.1f} processes wanted the processor. Server, networks and Chromium,
without a graphics card, share the machine. The exam is a phantom of {slices} slices of {side} x {side}.

{table}

## What is measured

**The result's first picture**: the page is open while the networks look; from the moment that the study is done, by
the server's clock, until a slice is drawn. **Opened again**: from the click until a slice is drawn, {rounds} times,
with the files of the pages in the browser's cache. **To the next slice**: all slices are there; from a key press until
the next slice is drawn, waiting for the screen's next frame included, {presses} times. **Shown a second**: a key press
every {fast} ms, twice as often as a key that is held sends them, so that the page sets the pace and not the key;
frames that show another slice are counted. **Of a held key**: a press every {held} ms, and how many of {presses} had a
frame of their own.

**Files of the pages**: all of `app/breastcancer_api/static/`, uncompressed: modules, styles, the kept library that
packs a folder. **Loaded by the page of a study**: those of them that a browser fetches there.
"""

FIRST = """const [first] = performance.getEntriesByName("breastwise-first-picture");
performance.setResourceTimingBufferSize(5000);
return [first.startTime + first.duration, performance.timeOrigin];"""
FETCHED = """return new Set(performance.getEntriesByType("resource")
  .filter((each) => each.name.includes("/pixels") && each.responseEnd).map((each) => each.name)).size;"""
LOADED = """const files = performance.getEntriesByType("resource").filter((each) => each.name.includes("/static/"));
return files.reduce((sum, each) => sum + each.decodedBodySize, 0);"""
# milliseconds of each press until the frame in which the number has changed, and the picture with it
CHANGES = """const [presses, told] = arguments, number = document.getElementById("number"), seen = [];
const press = () => {
  if (seen.length === presses) return told(seen);
  const before = number.textContent, started = performance.now();
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  const look = () => {
    if (number.textContent === before) return requestAnimationFrame(look);
    seen.push(performance.now() - started);
    setTimeout(press);
  };
  requestAnimationFrame(look);
};
press();"""
# times of the frames in which the number has changed, and the picture with it
HELD = """const [presses, every, told] = arguments, number = document.getElementById("number"), seen = [];
let [pressed, last, over] = [0, number.textContent, false];
const there = () => !document.querySelector(".pane.empty:not([hidden])");
const pressing = setInterval(() => {
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
  if (++pressed < presses) return;
  clearInterval(pressing);
  setTimeout(() => (over = true, told(seen)), 500);
}, every);
const look = () => {
  if (number.textContent !== last && there()) seen.push(performance.now());
  last = number.textContent;
  if (!over) requestAnimationFrame(look);
};
look();"""


def measured(browser: Browser, studies: Studies, archive: bytes) -> Iterator[Line]:
    """Each figure as soon as it is known. ``archive`` is a zip of more than PRESSES slices that the page can hold;
    whoever uses the ``browser`` is signed in."""
    browser.chrome.set_script_timeout(ANSWER_SECONDS)
    study = studies.begin(archive)
    drawn = _opened(browser, study)
    told = studies.ask(f"/studies/{study}/").json()
    finished = datetime.fromisoformat(told["finished_at"]).timestamp()
    yield Line("the result's first picture", sum(drawn) / 1000 - finished, "s", at_most=1)
    opened = [_opened(browser, study)[0] / 1000 for _ in range(ROUNDS)]
    yield Line("opened again: first picture, median", statistics.median(opened), "s", at_most=1)
    yield Line("opened again: first picture, most", max(opened), "s")
    _until(browser, lambda chrome: chrome.execute_script(FETCHED) >= told["slice_count"])
    for name, (key, title) in SHOWN.items():
        yield from _moving(browser, name, key, title)
    yield Line("files of the pages", sum(each.stat().st_size for each in _assets()) / 1000, "kB", at_most=200)
    yield Line("loaded by the page of a study", browser.chrome.execute_script(LOADED) / 1000, "kB")


def page(about: dict, lines: list[Line]) -> str:
    """docs/page-figures.md."""
    return PAGE.format(table=markdown(lines), rounds=ROUNDS, presses=PRESSES, held=HELD_EVERY, fast=FAST_EVERY, **about)


def _moving(browser: Browser, name: str, key: str, title: str) -> Iterator[Line]:
    _begin(browser, key, title)
    changes = browser.chrome.execute_async_script(CHANGES, PRESSES)
    yield Line(f"{name}: to the next slice, median", statistics.median(changes), "ms")
    yield Line(f"{name}: to the next slice, most", max(changes), "ms")
    frames = _pressed(browser, key, title, FAST_EVERY)
    rate = 1000 * (len(frames) - 1) / (frames[-1] - frames[0])
    yield Line(f"{name}: slices shown a second", rate, "", at_least=30)
    shown = len(_pressed(browser, key, title, HELD_EVERY))
    yield Line(f"{name}: slices shown of a held key's {PRESSES}", shown, "")


def _pressed(browser: Browser, key: str, title: str, every: int) -> list[float]:
    """Milliseconds of each frame that showed another slice, while a key was pressed PRESSES times."""
    _begin(browser, key, title)
    return browser.chrome.execute_async_script(HELD, PRESSES, every)


def _begin(browser: Browser, key: str, title: str) -> None:
    """At the first slice."""
    browser.press(key, Keys.HOME)
    browser.find(".pane-title", title)
    browser.find("#number", "Slice 1 of ")


def _opened(browser: Browser, study: str) -> tuple[float, float]:
    """Milliseconds from the start of the page to its first picture, and when the page began (Unix time)."""
    browser.open(f"/read/{study}/")
    _until(browser, lambda chrome: chrome.execute_script(PICTURE))
    return tuple(browser.chrome.execute_script(FIRST))


def _until(browser: Browser, there) -> None:
    WebDriverWait(browser.chrome, ANSWER_SECONDS, 0.1).until(there)


def _assets() -> list[Path]:
    return [each for each in ASSETS.rglob("*") if each.is_file()]
