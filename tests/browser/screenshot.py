"""Make the pictures of ``docs/reports.rst``: ``python -m tests.browser.screenshot``."""

from __future__ import annotations

import base64
import os
import pathlib
import tempfile

from tests.browser.chromium import chromium
from tests.support import ROOT
from tests.support.damaged_release import VERIFY, make_release
from wheelhouse_hashes import testing

#: The pictures, by the color scheme that they show.
TARGETS = {"light": ROOT / "docs" / "report.png", "dark": ROOT / "docs" / "report-dark.png"}

#: Size of the picture, in pixels.
WIDTH, HEIGHT = 1020, 740


def main() -> None:
    """Check a damaged release, and take pictures of the top of the page about it."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        os.chdir(name)
        make_release(pathlib.Path(name), damaged=True)
        testing.run(*VERIFY, "--html", "report.html")
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        browser.open(pathlib.Path(name, "report.html"))
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        for scheme, target in TARGETS.items():
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.call("Emulation.setEmulatedMedia", features=[feature])
            picture = browser.call("Page.captureScreenshot", format="png", optimizeForSpeed=False)
            target.write_bytes(base64.b64decode(picture["data"]))


if __name__ == "__main__":
    main()
