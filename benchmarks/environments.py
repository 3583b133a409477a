"""The tools: which are installed, which are not available, and their versions."""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from benchmarks.versions import version_of

ROOT = pathlib.Path(__file__).parent.parent

#: The host alone, as a user would install it for a current Python.
HOST_REQUIREMENTS = (
    "wheelhouse-uploader >=0.10,<0.11",
    "apache-libcloud >=3.8",
    "fasteners",
    "setuptools <82",
)

#: Programs, with the Debian package of each.
PROGRAMS = {
    "aria2c": "aria2",
    "curl": "curl",
    "wget": "wget",
    "rclone": "rclone",
    "sha256sum": "coreutils",
    "strace": "strace",
}

VERSION_OPTIONS = {"rclone": "version", "strace": "-V"}


class Environment:
    """The tools on this machine that can be compared.

    :param cache: the folder for the host's environment.
    :param install: whether missing tools may be installed.
    :param say: prints a line.
    """

    def __init__(self, cache: pathlib.Path, say: Callable[[str], None], *, install: bool) -> None:
        self._say = say
        self._install = install
        self.versions: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.host_python = self._host(cache / "bench-host")
        self.programs = {name for name, package in PROGRAMS.items() if self._program(name, package)}
        self.versions["python"] = f"{platform.python_implementation()} {platform.python_version()}"
        described = self._ran(["git", "-C", str(ROOT), "describe", "--always", "--dirty"])
        if described is not None:
            self.versions["commit of the suite"] = described.strip()
        self.versions["wheelhouse-hashes"] = version_of(sys.executable)
        for name in ("pycurl", "apache-libcloud", "pip"):
            self._distribution(name, sys.executable, name)

    def _skip(self, name: str, why: str) -> None:
        self.skipped[name] = why
        self._say(f"SKIPPED: {name}: {why}")

    def _ran(self, command: Sequence[str]) -> str | None:
        """Return the output of a command, None if it failed."""
        done = subprocess.run(
            command,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
        )
        return None if done.returncode else done.stdout

    def _host(self, venv: pathlib.Path) -> str | None:
        python = venv / "bin" / "python"
        if not python.exists() and self._install:
            venv.parent.mkdir(parents=True, exist_ok=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", *HOST_REQUIREMENTS]
            for step in ([sys.executable, "-m", "venv", str(venv)], pip):
                if self._ran(step) is None:
                    shutil.rmtree(venv, ignore_errors=True)
                    self._skip("bare host", f"it could not be installed: {' '.join(step)}")
                    return None
        if not python.exists():
            self._skip("bare host", f"there is no {venv.name}, and nothing may be installed")
            return None
        self._distribution("bare host", str(python), "wheelhouse-uploader")
        self._distribution("libcloud of the bare host", str(python), "apache-libcloud")
        return str(python)

    def _program(self, name: str, package: str) -> bool:
        if shutil.which(name) is None and self._install and os.geteuid() == 0:
            self._ran(["apt-get", "install", "--yes", "--no-install-recommends", package])
        if shutil.which(name) is None:
            self._skip(name, f"it is not here: apt-get install {package}")
            return False
        said = self._ran([name, VERSION_OPTIONS.get(name, "--version")]) or "?"
        self.versions[name] = said.splitlines()[0][:60].strip()
        return True

    def _distribution(self, shown: str, python: str, name: str) -> None:
        code = f"import importlib.metadata as m; print(m.version({name!r}))"
        said = self._ran([python, "-c", code])
        if said is not None:
            self.versions[shown] = said.strip()


def machine() -> dict[str, str]:
    """Return a description of the machine."""
    model = platform.machine()
    memory = ""
    cpuinfo, meminfo = pathlib.Path("/proc/cpuinfo"), pathlib.Path("/proc/meminfo")
    if cpuinfo.exists():
        models = [li for li in cpuinfo.read_text().splitlines() if li.startswith("model name")]
        model = models[0].partition(": ")[2] if models else model
    if meminfo.exists():
        memory = f"{int(meminfo.read_text().split()[1]) / 1e6:.0f} GB"
    return {
        "cores": str(os.cpu_count()),
        "processor": model,
        "memory": memory,
        "system": f"{platform.system()} {platform.release()}",
    }
