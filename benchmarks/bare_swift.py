"""Run the host alone with a Swift whose URLs it has no option for.

``bare_swift.py AUTH_URL STORAGE_URL upload …``: registers a libcloud provider that knows the
URLs, as libcloud documents it; the host itself is unchanged.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

from libcloud.storage.drivers.cloudfiles import OpenStackSwiftStorageDriver
from libcloud.storage.providers import set_driver
from libcloud.storage.types import Provider

NAME = "bench-swift"


class Driver(OpenStackSwiftStorageDriver):
    """Swift at the URLs given on the command line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"ex_force_auth_url": AUTH_URL, "ex_force_base_url": STORAGE_URL}
        kwargs["ex_force_auth_version"] = "1.0"
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


AUTH_URL, STORAGE_URL = sys.argv[1:3]

if __name__ == "__main__":
    # libcloud's type annotations are wrong here.
    providers: Any = Provider
    providers.BENCH_SWIFT = NAME
    register: Any = set_driver
    register(NAME, "__main__", "Driver")
    sys.argv[1:] = [*sys.argv[3:-1], "--provider-name", "BENCH_SWIFT", sys.argv[-1]]
    runpy.run_module("wheelhouse_uploader", run_name="__main__", alter_sys=False)
