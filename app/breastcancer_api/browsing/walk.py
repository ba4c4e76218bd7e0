"""A picture of every state of the pages, for the docs."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from breastcancer_api.browsing import reading, states
from breastcancer_api.browsing.reading import Desk
from breastcancer_api.browsing.stage import Stage

COLOURS = 128  # of a picture
GREY = 24  # levels by which the red, green and blue of a grey differ at most
STILL = """const told = arguments[0], frame = () => requestAnimationFrame(() => requestAnimationFrame(told));
const moving = document.getAnimations().filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime));
Promise.allSettled(moving.map((each) => each.finished)).then(frame);"""


@dataclass(frozen=True)
class Look:
    """How pages are looked at: ``names`` of the pictures that are taken so; none stands for every."""

    ending: str
    theme: str
    width: int
    names: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        return not self.names or name in self.names


LOOKS = (
    Look("", "dark", 1280),
    Look("-light", "light", 1280, frozenset({"home-choosing", "home-networks", "read-refused", "read-heat"})),
    Look("-narrow", "dark", 390, frozenset({"home-choosing", "home-sending", "read-analysing", "read-reading"})),
)
NAMES = [f"home-{name}" for name in states.STATES] + [f"read-{name}" for name in reading.STATES]
FILES = [f"{name}{look.ending}.png" for look in LOOKS for name in NAMES if look.takes(name)]


def walk(stage: Stage, desk: Desk, folder: Path) -> Iterator[Path]:
    """Writes FILES, each when the one before is asked for. ``stage`` and ``desk`` have one browser."""
    browser = stage.browser
    for look in LOOKS:
        browser.leave()
        browser.open("/session/login/")
        browser.theme(look.theme)
        browser.width(look.width)
        for name, state in states.STATES.items():
            if look.takes(f"home-{name}"):
                with state(stage):
                    yield _picture(stage, folder / f"home-{name}{look.ending}.png")
                browser.leave()
        desk.sign_in()
        for name, state in reading.STATES.items():
            if look.takes(f"read-{name}"):
                state(desk)
                yield _picture(stage, folder / f"read-{name}{look.ending}.png")


def _picture(stage: Stage, file: Path) -> Path:
    stage.browser.chrome.execute_async_script(STILL)
    stage.browser.picture(file)
    _few_colours(Image.open(io.BytesIO(file.read_bytes())).convert("RGB")).save(file, optimize=True)
    return file


def _few_colours(picture: Image.Image) -> Image.Image:
    """Half of the colours are shared by all pixels, who are mostly grey; half are of the coloured ones alone, or heat
    and curves would turn grey."""
    pixels = np.asarray(picture)
    coloured = pixels[np.ptp(pixels, axis=-1) > GREY]
    palette = _palette(picture, Image.Quantize.MEDIANCUT)
    if len(coloured):
        palette += _palette(Image.fromarray(coloured[None]), Image.Quantize.MAXCOVERAGE)
    shared = Image.new("P", (1, 1))
    shared.putpalette(palette)
    return picture.quantize(palette=shared, dither=Image.Dither.NONE)


def _palette(picture: Image.Image, method: Image.Quantize) -> list[int]:
    return picture.quantize(COLOURS // 2, method=method).getpalette()[: 3 * COLOURS // 2]
