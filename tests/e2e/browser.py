"""Chromium without a screen, as a user with mouse or keyboard would use it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

_CHROMIUM, _DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    _CHROMIUM is None or _DRIVER is None, reason="Chromium and its driver are not installed: see .ci/run"
)
DESKTOP, PHONE = (1280, 800), (390, 844)
_OPTIONS = ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars")
Found = TypeVar("Found")


class Browser:
    """One window. *find* waits: a page needs a moment."""

    def __init__(self, home: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = _CHROMIUM or ""
        for each in (*_OPTIONS, f"--user-data-dir={home}"):
            options.add_argument(each)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # it refuses to be root with one
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(_DRIVER))
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
        )

    def open(self, page: Path, size: tuple[int, int] = DESKTOP) -> None:
        """Load *page* in a window of that *size* in pixels, and wait until it is drawn."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(page.as_uri())
        self.wait(lambda: self.script("return 'ready' in document.body.dataset"))

    def wait(self, condition: Callable[[], Found]) -> Found:
        """What *condition* gives as soon as it is true; elements may come and go meanwhile."""
        waiting = WebDriverWait(
            self.driver, 20, 0.02, (NoSuchElementException, StaleElementReferenceException, StopIteration)
        )
        return waiting.until(lambda _: condition())

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector: str) -> WebElement:
        """The first one that can be seen."""
        return self.wait(lambda: next(each for each in self.all(selector) if each.is_displayed()))

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def script(self, text: str, *arguments: object) -> Any:
        return self.driver.execute_script(text, *arguments)

    @property
    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def press(self, *keys: str) -> None:
        self.focused.send_keys(*keys)

    def tab_to(self, selector: str, most: int = 80) -> WebElement:
        """Press the tabulator until an element that *selector* matches has the focus."""
        for _ in range(most):
            self.press(Keys.TAB)
            if self.script("return document.activeElement.matches(arguments[0])", selector):
                return self.focused
        raise AssertionError(f"no {selector} after {most} times the tabulator")

    def complaints(self) -> list[str]:
        """Errors in the console since they were asked for last."""
        return [each["message"] for each in self.driver.get_log("browser") if each["level"] == "SEVERE"]

    def requests(self) -> set[str]:
        """What was asked for, of network or disk, since this was asked last."""
        told = [json.loads(each["message"])["message"] for each in self.driver.get_log("performance")]
        return {each["params"]["request"]["url"] for each in told if each["method"] == "Network.requestWillBeSent"}
