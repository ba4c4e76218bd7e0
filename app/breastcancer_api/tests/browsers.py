"""What tests of pages share: a server, Chromium that must warn of nothing, and axe-core."""

import json
import tempfile
from pathlib import Path
from unittest import skipUnless

from django.test import tag

from breastcancer_api.browsing.browser import CHROMIUM, DRIVER, browsing
from breastcancer_api.browsing.line import Line
from breastcancer_api.browsing.server import page_server
from breastcancer_api.browsing.stage import Stage
from imaging.tests.folders import FolderTestCase

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
WIDTHS, THEMES = (1280, 390), ("dark", "light")


@tag("servers")
@skipUnless(CHROMIUM and DRIVER, "Debian's chromium and chromium-driver are not here")
class BrowserTestCase(FolderTestCase):
    """``settings`` are of the server, beside those of every test."""

    settings = {}  # noqa: RUF012

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.state = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(page_server(cls.state, **cls.settings))
        cls.line = Line(cls.server.url)
        cls.addClassCleanup(cls.line.close)
        cls.browser = cls.enterClassContext(browsing(cls.line.url))

    def setUp(self):
        super().setUp()
        self.stage = Stage(self.browser, self.line, self.folder)
        self.line.free()
        self.browser.leave()
        self.browser.width(1280)
        self.browser.console()
        self.addCleanup(self.assert_nothing_told)

    def assert_nothing_told(self):
        self.assertEqual(self.browser.console(), [])

    def sign_in(self, then: str = "/") -> None:
        self.stage.sign_in(then)

    def assert_accessible(self):
        """axe-core finds no violation and nothing is wider than the page, at any width and in any theme."""
        for width in WIDTHS:
            for theme in THEMES:
                self.browser.width(width)
                self.script("document.documentElement.dataset.theme = arguments[0]", theme)
                with self.subTest(width=width, theme=theme):
                    self.assertEqual(self.violations(), [])
                    self.assertLessEqual(self.script("return document.documentElement.scrollWidth"), width)

    def violations(self) -> list[str]:
        self.script(AXE.read_text())
        found = self.later("axe.run().then((found) => told(JSON.stringify(found.violations)))")
        return [
            f"{each['id']}: {node['failureSummary']} {node['html']}"
            for each in json.loads(found)
            for node in each["nodes"]
        ]

    def script(self, text: str, *arguments):
        return self.browser.chrome.execute_script(text, *arguments)

    def later(self, text: str):
        """What ``text`` hands to ``told``, which may be later."""
        return self.browser.chrome.execute_async_script(f"const told = arguments[0]; {text}")
