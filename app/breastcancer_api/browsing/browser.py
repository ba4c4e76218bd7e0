"""Debian's Chromium without a window, at a server of ours."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
EVENT_SECONDS = 60  # in which whatever is waited for must happen
HEIGHT = 860  # of the window, in pixels
# a proxy set for the house is asked neither for the driver nor for our server
NO_PROXY = dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
COPY = 1  # what a drop does with a file (Chrome DevTools protocol, Input.DragData)


@dataclass(frozen=True)
class Browser:
    """``url`` of the server, without a slash at its end."""

    chrome: Chrome
    url: str

    def open(self, path: str) -> None:
        self.chrome.get(f"{self.url}{path}")

    def find(self, selector: str, holding: str = "") -> WebElement:
        """The first visible element, once it is there with the text ``holding``."""

        def found(chrome: Chrome) -> WebElement | None:
            shown = [each for each in chrome.find_elements(By.CSS_SELECTOR, selector) if each.is_displayed()]
            return next((each for each in shown if holding in each.text), None)

        return self.wait(found, f"{selector} {holding}")

    def there(self, selector: str) -> WebElement:
        """The first element, visible or not: what takes files is not."""
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def wait(self, until: Callable, told: str):
        passing = (StaleElementReferenceException,)  # the page before goes while it is looked at
        return WebDriverWait(self.chrome, EVENT_SECONDS, 0.05, passing).until(until, told)

    def at(self, path: str) -> None:
        """Waits until the address ends so."""
        self.wait(lambda chrome: chrome.current_url == f"{self.url}{path}", path)

    def press(self, *keys: str) -> None:
        """One after the other, on whatever has the focus."""
        ActionChains(self.chrome).send_keys(*keys).perform()

    def focused(self) -> WebElement:
        return self.chrome.switch_to.active_element

    def drop(self, path: Path, selector: str) -> None:
        """A file or folder is dragged from a desktop onto an element."""
        box = self.there(selector).rect
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(path)], "dragOperationsMask": COPY}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.chrome.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, "data": data} | place)

    def width(self, pixels: int) -> None:
        """Of the page; a window cannot be as narrow as a telephone."""
        metrics = {"width": pixels, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def theme(self, name: str) -> None:
        """``dark``, ``light`` or ``auto``."""
        self.find(f"#theme option[value={name}]").click()

    def sign_in(self, user: str, password: str, then: str = "/") -> None:
        self.open(f"/session/login/?next={then}")
        self.find("[name=username]").send_keys(user)
        self.find("[name=password]").send_keys(password)
        self.find("[type=submit]").click()

    def leave(self) -> None:
        """Nobody is signed in, and no page is open that would ask on without its session."""
        self.chrome.get("about:blank")
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def console(self) -> list[str]:
        """What the browser has warned of since it was asked last: errors of scripts, what is refused or not there."""
        return [each["message"] for each in self.chrome.get_log("browser")]

    def picture(self, file: Path) -> None:
        """The page as it is seen, as PNG."""
        file.write_bytes(self.chrome.get_screenshot_as_png())


@contextmanager
def browsing(url: str) -> Iterator[Browser]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for each in OPTIONS:
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
    with mock.patch.dict(os.environ, NO_PROXY):
        chrome = Chrome(options, Service(DRIVER))
        try:
            yield Browser(chrome, url)
        finally:
            chrome.quit()
