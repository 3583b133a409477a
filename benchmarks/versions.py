"""Commands of another version of the package, which may lack verbs and options."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections.abc import Sequence

#: The modules that wheelhouse-hashes commands run.
MODULES = ("wheelhouse_hashes", "wheelhouse_uploader")

#: A folder without modules, so that the installed version is found.
ELSEWHERE = "/"

#: Options with a value that only switch a feature off, so a version without it needs no option.
SWITCHES = frozenset({"--check-contents"})

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")

#: Prints the version, and the commit if the package was installed from a repository.
_VERSION = """
import importlib.metadata, json, platform, subprocess, urllib.parse
found = importlib.metadata.distribution("wheelhouse-hashes")
address = json.loads(found.read_text("direct_url.json") or "{}").get("url", "")
commit = ""
if address.startswith("file:"):
    folder = urllib.parse.unquote(urllib.parse.urlsplit(address).path)
    command = ["git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=7"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        pass
python = f"{platform.python_implementation()} {platform.python_version()}"
print(found.version, f"({commit})" if commit else "", "on", python)
"""


def version_of(python: str) -> str:
    """Return the version of wheelhouse-hashes of an interpreter, and the interpreter's.

    :raises subprocess.CalledProcessError: if it has none.
    """
    command = [python, "-c", _VERSION]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ELSEWHERE)
    return " ".join(done.stdout.split())


class OtherVersion:
    """Another version of the package.

    :param python: the interpreter of its environment.
    """

    def __init__(self, python: str) -> None:
        self.python = python

    @functools.cache  # noqa: B019 (one object in each run of the suite)
    def _options(self, module: str, verb: str) -> frozenset[str]:
        """Return the options of a verb; none if the version has no such verb."""
        command = [self.python, "-m", module, verb, "--help"]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=ELSEWHERE
        )  # fmt: skip
        return frozenset() if done.returncode else frozenset(_OPTION.findall(done.stdout))

    def command(self, command: Sequence[str]) -> list[str] | None:
        """Return the same command of this version, without switches that it lacks.

        :returns: None for a command of another program, and if this version lacks the verb or
            an option of the command.
        """
        if command[0] != sys.executable or not set(MODULES) & set(command[:3]):
            return None
        module, *arguments = command[2:]
        if not arguments or arguments[0].startswith("-"):
            return [self.python, *command[1:]]
        known = self._options(module, arguments[0])
        kept: list[str] = []
        rest = iter(arguments)
        for argument in rest:
            if argument in SWITCHES - known:
                next(rest)
                continue
            if argument.startswith("--") and argument not in known:
                return None
            kept.append(argument)
        return [self.python, "-m", module, *kept] if known else None
