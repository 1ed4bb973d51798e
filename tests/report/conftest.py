"""The browser that shows pages to tests: any Chromium on the machine; CHROMIUM names another."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium():
    """The browser's path, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser():
    """A running Chromium; one a module, as its event loop must not outlast its tests."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests need playwright: pip install -e .[dev]"
    )
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium found; install one or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        # Containers run as root, where Chromium's sandbox cannot start.
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()
