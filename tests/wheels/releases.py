"""Real releases for the checks of contents, and the faults that are known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from pip._internal.models.index import PyPI

#: The oldest, a middle and the newest release of each project, as the index has them for this
#: interpreter (November 2026).  Their build tools are many: distutils, setuptools, flit,
#: hatchling, poetry, meson and others.
PROJECTS: Mapping[str, tuple[str, str, str]] = {
    "attrs": ("15.0.0", "20.1.0", "26.1.0"),
    "click": ("0.1", "6.5", "8.5.1"),
    "docutils": ("0.3", "0.15.2", "0.23"),
    "flit-core": ("2.0", "3.5.1", "4.2.0"),
    "hatchling": ("0.8.0", "1.9.0", "1.33.0"),
    "idna": ("0.2", "2.10", "3.20"),
    "markupsafe": ("0.9", "0.23", "3.0.4"),
    "meson-python": ("0.1.0", "0.12.1", "0.22.1"),
    "packaging": ("14.0", "20.0", "26.4"),
    "pluggy": ("0.3.0", "0.10.0", "1.7.0"),
    "poetry-core": ("1.0.0", "1.6.1", "2.5.0"),
    "psutil": ("0.1.1", "5.1.1", "7.2.2"),
    "pyparsing": ("1.4.6", "2.3.0", "3.3.3"),
    "python-dateutil": ("1.4", "2.6.0", "4.0.0"),
    "pyyaml": ("3.10", "5.3", "6.0.4"),
    "ruamel.yaml": ("0.1", "0.15.34", "0.19.1"),
    "simplejson": ("1.1", "3.1.2", "4.3.0"),
    "six": ("0.9.0", "1.6.1", "1.17.0"),
    "urllib3": ("0.3", "1.25.4", "2.8.0"),
    "wheel": ("0.1", "0.31.1", "0.48.0"),
}

#: Ten small releases, which CI checks as well.
SMALL: Sequence[tuple[str, str]] = (
    ("attrs", "15.0.0"),
    ("click", "8.5.1"),
    ("flit-core", "2.0"),
    ("idna", "0.2"),
    ("markupsafe", "0.23"),
    ("meson-python", "0.22.1"),
    ("packaging", "14.0"),
    ("pluggy", "1.7.0"),
    ("pyparsing", "3.3.3"),
    ("six", "1.17.0"),
)

#: Wheels with which installers or indexes had trouble.
NAMED = (
    "selenium==4.1.0",
    "musica==0.14.1",
    "intersystems-irispython==5.2.0",
    "drake==1.58.0",
    "ziglang==0.17.1",
    "azure-mgmt-iothub==4.0.0",
)

#: The platform that they are downloaded for.
PLATFORM = (
    *("--python-version", "3.12", "--platform", "any", "--platform", "manylinux_2_12_x86_64"),
    *("--platform", "manylinux_2_17_x86_64", "--platform", "manylinux_2_28_x86_64"),
    *("--platform", "manylinux_2_34_x86_64"),
)

#: The artifacts that are rightly refused, and words of the reason: RECORD is wrong.
UNSOUND: Mapping[str, str] = {
    "selenium-4.1.0-py3-none-any.whl": "selenium/__init__.py is not in its RECORD",
    "musica-0.14.1-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl": (
        "which is not in the wheel"
    ),
}


def index_url() -> str:
    """Return the URL of pip's package index."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    url = os.environ.get("PIP_INDEX_URL") or done.stdout.strip() or PyPI.simple_url
    return url.rstrip("/")
