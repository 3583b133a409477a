"""The tools that fetch: wheelhouse-hashes, the host alone, and alternatives."""

from __future__ import annotations

import os
import pathlib
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from benchmarks.artifacts import PROJECT, SUBFOLDER, ArtifactSet, without_hash_files
from benchmarks.environments import Environment
from benchmarks.measure import Tool
from benchmarks.servers import Served

OURS = "ours, hash files"
FRAGMENTS = "ours, fragments alone"
LISTED = "ours, digest list"
UNCHECKED = "ours, contents not checked"
HOST = "bare host"
RCLONE = "rclone copy + checksum"
ARIA2 = "aria2c with checksums"
CURL = "curl + sha256sum"
WGET = "wget + sha256sum"
PIP = "pip download with hashes"
CURL_ALONE = "curl"
TWO_CORES = "hashing alone, two threads"

#: Number of parallel downloads of the other tools, except wget, which has none, and the bare
#: host, which has no option for it: as many as wheelhouse-hashes uses, for small artifacts and
#: for large ones.
SMALL_AT_ONCE, LARGE_AT_ONCE = 16, 8

#: The suffix of the names of tools with their own defaults.
DEFAULTS = ", defaults"

#: Removes package-index settings of the environment from pip.
NO_PIP = dict.fromkeys(("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT"))

HASHER = pathlib.Path(__file__).with_name("hasher.py")


class Fetchers:
    """Creates the tools that fetch one set into one folder.

    :param of: the set.
    :param served: the server.
    :param into: the folder; it is removed before each run.  Lists of URLs are written beside it.
    :param environment: the available tools.
    :param at_once: the number of parallel downloads of the other tools.
    """

    def __init__(
        self,
        of: ArtifactSet,
        served: Served,
        into: pathlib.Path,
        environment: Environment,
        at_once: int = LARGE_AT_ONCE,
    ) -> None:
        self._set = of
        self._served = served
        self._into = into
        self._environment = environment
        self._url = served.url + of.path
        self._lists = into.parent / f"{of.folder.name}-lists"
        self._lists.mkdir(exist_ok=True)
        self._at_once: int | None = at_once

    def _clear(self) -> None:
        shutil.rmtree(self._into, ignore_errors=True)
        self._into.mkdir()
        self._served.counts()

    def _tool(
        self, name: str, command: list[str], *, verified: bool, **environ: str | None
    ) -> Tool:
        if self._served.authority:
            environ["SSL_CERT_FILE"] = str(self._served.authority)
        return Tool(name, command, verified, environ, self._clear, self._served.counts)

    def _parallel(self, option: str) -> list[str]:
        """Return the option for the number of downloads at a time, unless it is the default."""
        return [option, str(self._at_once)] if self._at_once else []

    def _list(self, name: str, lines: Iterable[str]) -> str:
        path = self._lists / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return str(path)

    def defaults(self, *wanted: str) -> list[Tool]:
        """Return the requested tools, each with as many downloads at a time as it likes."""
        at_once, self._at_once = self._at_once, None
        try:
            tools = self.tools(*wanted)
        finally:
            self._at_once = at_once
        return [replace(tool, name=tool.name + DEFAULTS) for tool in tools]

    def tools(self, *wanted: str) -> list[Tool]:
        """Return the requested tools that are available, in this order."""
        makers: dict[str, tuple[str, Callable[[], Tool]]] = {
            OURS: ("", self.ours),
            FRAGMENTS: ("", self.fragments),
            LISTED: ("", self.listed),
            UNCHECKED: ("", self.unchecked),
            HOST: (HOST, self.host),
            RCLONE: ("rclone", self.rclone),
            ARIA2: ("aria2c", self.aria2),
            CURL: ("curl", self.curl),
            CURL_ALONE: ("curl", self.curl_alone),
            WGET: ("wget", self.wget),
            PIP: ("", self.pip),
            TWO_CORES: ("", self.two_cores),
        }
        skipped = self._environment.skipped
        return [
            makers[name][1]() for name in wanted if not {name, makers[name][0]} & skipped.keys()
        ]

    def ours(self, page: str = "") -> Tool:
        """Return the verified fetch from a listing with the hash files."""
        return self._tool(OURS, ours("fetch", "--verify", *self._place(page)), verified=True)

    def limited(self, number: int) -> Tool:
        """Return the verified fetch with a number of workers."""
        command = ours("fetch", "--verify", "--max-workers", str(number), *self._place(""))
        return self._tool(workers(number), command, verified=True)

    def unchecked(self) -> Tool:
        """Return the verified fetch that does not check the contents of the artifacts."""
        command = ours("fetch", "--verify", "--check-contents", "none", *self._place(""))
        return self._tool(UNCHECKED, command, verified=True)

    def listed(self) -> Tool:
        """Return the verified fetch of artifacts without hash files, from a digest list."""
        if not (self._set.folder / SUBFOLDER).is_dir():
            without_hash_files(self._set)
        place = self._place(f"{SUBFOLDER}/")
        command = ours("fetch", "--verify", "--against", str(self._set.sums), *place)
        return self._tool(LISTED, command, verified=True)

    def _place(self, page: str) -> tuple[str, ...]:
        return ("--local-folder", str(self._into), PROJECT, self._url + page)

    def fragments(self, page: str = "links.html") -> Tool:
        """Return the verified fetch from a page with fragments, without hash file requests."""
        command = ours("fetch", "--verify", *self._place(page))
        return self._tool(
            FRAGMENTS, command, verified=True, WHEELHOUSE_HASHES_DISABLED_PLUGINS="hash-files"
        )

    def host(self, page: str = "links.html") -> Tool:
        """Return the fetch of the host alone, which verifies nothing."""
        command = host(self._environment, "fetch", *self._place(page))
        return self._tool(HOST, command, verified=False)

    def rclone(self) -> Tool:
        """Return rclone's two commands; the second one reads everything again."""
        url = ("--http-url", self._url, ":http:")
        command = rclone(url, self._into, self._set.sums, self._at_once)
        return self._tool(RCLONE, command, verified=True)

    def aria2(self) -> Tool:
        """Return aria2 with the digests in its list."""
        lines = [
            f"{self._url}{name}\n  checksum=sha-256={digest}"
            for name, digest in self._set.digests.items()
        ]
        command = ["aria2c", "--quiet", *self._parallel("-j"), "-x", "1", "-s", "1"]
        if self._served.authority:
            command += ["--ca-certificate", str(self._served.authority)]
        command += ["--file-allocation=none", "--no-conf", "--max-tries=1"]
        command += ["-d", str(self._into), "-i", self._list("aria2.txt", lines)]
        return self._tool(ARIA2, command, verified=True)

    def _summed(self, fetch: list[str]) -> list[str]:
        check = f"cd {shlex.quote(str(self._into))} && sha256sum -c --quiet {self._set.sums}"
        return ["sh", "-c", f"{shlex.join(fetch)} && {check}"]

    def _curl_command(self) -> list[str]:
        lines = [f'url = "{self._url}{name}"\nremote-name' for name in self._set.digests]
        command = ["curl", "-q", "-sS", "--fail", "-Z", *self._parallel("--parallel-max")]
        if self._served.authority:
            command += ["--cacert", str(self._served.authority)]
        return [*command, "--output-dir", str(self._into), "-K", self._list("curl.txt", lines)]

    def curl(self) -> Tool:
        """Return curl followed by sha256sum."""
        return self._tool(CURL, self._summed(self._curl_command()), verified=True)

    def curl_alone(self) -> Tool:
        """Return curl, which verifies nothing."""
        return self._tool(CURL_ALONE, self._curl_command(), verified=False)

    def wget(self) -> Tool:
        """Return wget on one connection, followed by sha256sum."""
        lines = [self._url + name for name in self._set.digests]
        command = ["wget", "--no-config", "-q", "-P", str(self._into)]
        return self._tool(
            WGET, self._summed([*command, "-i", self._list("wget.txt", lines)]), verified=True
        )

    def pip(self) -> Tool:
        """Return pip, one run per artifact, because it chooses one file of a project.

        One run at a time on each core: their starts cost more than the downloads.
        """
        lines = [f"{self._url}{name}#sha256={d}" for name, d in self._set.digests.items()]
        download = [sys.executable, "-m", "pip", "--isolated", "download", "--quiet", "--no-deps"]
        download += ["--no-index", "--no-cache-dir", "--disable-pip-version-check", "-d"]
        command = ["xargs", "-a", self._list("pip.txt", lines), "-n", "1"]
        command += ["-P", str(os.cpu_count())]
        return self._tool(PIP, [*command, *download, str(self._into)], verified=True, **NO_PIP)

    def two_cores(self) -> Tool:
        """Return a lower bound: the SHA-256 of all artifacts, two threads, no network."""
        command = [sys.executable, "-S", str(HASHER), str(self._set.folder)]
        return Tool(TWO_CORES, command, verified=False)


def rclone(
    source: Sequence[str], into: pathlib.Path, sums: pathlib.Path, at_once: int | None
) -> list[str]:
    """Return the command that copies all wheels with rclone, and then reads and checks them.

    :param source: the arguments that name the source.
    :param into: the folder.
    :param sums: the digest list.
    :param at_once: the number of downloads at a time, None for rclone's default.
    """
    copy = ["rclone", "copy", "--config", "/dev/null", "--include", "*.whl"]
    if at_once:
        copy += ["--transfers", str(at_once), "--checkers", str(at_once)]
    check = ["rclone", "checksum", "--config", "/dev/null", "sha256", str(sums), str(into)]
    return ["sh", "-c", f"{shlex.join([*copy, *source, str(into)])} && {shlex.join(check)}"]


def workers(number: int) -> str:
    """Return the name of wheelhouse-hashes with a number of workers."""
    return f"ours, {number} workers"


def ours(*args: str) -> list[str]:
    """Return the command line of wheelhouse-hashes."""
    return [sys.executable, "-m", "wheelhouse_hashes", *args]


def host(environment: Environment, *args: str) -> list[str]:
    """Return the command line of the host alone."""
    python = environment.host_python or sys.executable
    return [python, "-W", "ignore", "-m", "wheelhouse_uploader", *args]
