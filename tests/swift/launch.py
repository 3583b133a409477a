"""Run one of Swift's programs; this file is for the interpreter of Swift's own environment.

``launch.py FOLDER rings PORTS``            write the three rings (PORTS as JSON)
``launch.py FOLDER MODULE CONF [...]``      run ``MODULE.main()`` for each CONF, at once

The folder holds ``swift.conf``: Swift's daemons look for it in ``/etc/swift`` unless
``set_swift_dir`` is called before their ``main``. Swift's modules are looked up by name, since
the environment that checks the types of this file does not have them.
"""

from __future__ import annotations

import _thread
import array
import importlib
import json
import os
import pathlib
import signal
import sys
import time as clock
from collections.abc import Callable, Iterable
from typing import Any

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def end_with_the_tests() -> None:
    """Kill this process as soon as the other end of standard input is closed.

    A parent-death signal would not do: it comes when the *thread* that started the process ends.
    """
    lifeline = os.dup(0)  # Swift replaces file descriptor 0 with /dev/null

    def watch() -> None:
        os.read(lifeline, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    _thread.start_new_thread(watch, ())


def lag(_: dict[str, str], **conf: str) -> Callable[[App], App]:
    """Return the filter that sends the listing update of a PUT or DELETE to a closed port."""

    def wrap(app: App) -> App:
        def lagging(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if "HTTP_X_CONTAINER_HOST" in environ and pathlib.Path(conf["switch"]).exists():
                environ["HTTP_X_CONTAINER_HOST"] = conf["closed"]
            return app(environ, start_response)

        return lagging

    return wrap


class Remembered:
    """The parts of a memcached client that Swift uses for tokens."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[Any, float]] = {}

    def get(self, key: str, **_: object) -> Any:
        value, end = self._values.get(key, (None, 0.0))
        return value if clock.time() < end else None

    def set(self, key: str, value: Any, time: float = 0, **_: object) -> None:
        self._values[key] = value, clock.time() + (time or 3600)

    def delete(self, key: str, **_: object) -> None:
        self._values.pop(key, None)


def cache(_: dict[str, str], **__: str) -> Callable[[App], App]:
    """Return the filter that lets tempauth keep tokens, and hand them out until they expire."""
    remembered = Remembered()

    def wrap(app: App) -> App:
        def remembering(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            environ["swift.cache"] = remembered
            return app(environ, start_response)

        return remembering

    return wrap


def write_rings(folder: pathlib.Path, ports: dict[str, int]) -> None:
    """Put replica N of every partition on node N."""
    ring_data = importlib.import_module("swift.common.ring").RingData
    power = 2
    for kind in ("account", "container", "object"):
        devices = [
            {
                "id": number,
                "region": 1,
                "zone": number + 1,
                "ip": "127.0.0.1",
                "port": ports[f"{kind}{number + 1}"],
                "replication_ip": "127.0.0.1",
                "replication_port": ports[f"{kind}{number + 1}"],
                "device": f"node{number + 1}",
                "weight": 1.0,
                "meta": "",
            }
            for number in range(3)
        ]
        replicas = [array.array("H", [number] * 2**power) for number in range(3)]
        ring_data(replicas, devices, 32 - power).save(str(folder / f"{kind}.ring.gz"))


def run(program: str, conf: str) -> None:
    end_with_the_tests()
    once = [] if program.endswith(".server") else ["once"]
    sys.argv = [program, conf, *once, "-v"]
    sys.modules[program].main()


def main(folder: str, program: str, *confs: str) -> None:
    if program == "rings":
        write_rings(pathlib.Path(folder), json.loads(confs[0]))
        return
    importlib.import_module("swift.common.utils").set_swift_dir(folder)
    importlib.import_module(program)
    # A daemon expects its own process; forking after the imports reads them only once.
    children: dict[int, str] = {}
    for conf in confs[1:]:
        child = os.fork()
        if child == 0:
            run(program, conf)
            return
        children[child] = conf
    run(program, confs[0])
    for child, conf in children.items():
        if os.waitpid(child, 0)[1]:
            sys.exit(f"{program} failed on {conf}")


if __name__ == "__main__":
    main(*sys.argv[1:])
