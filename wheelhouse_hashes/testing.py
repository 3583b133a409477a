"""Helpers for testing plugins: small artifacts, containers, servers, the command line.

The helpers are plain functions and context managers that work with any test framework.
Servers listen on loopback only.  ``docs/plugin-tutorial.rst`` shows how to use them.
The rest of the package does not import this module.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import os
import pathlib
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from packaging.tags import parse_tag

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes._startup import DISABLE, OPTION_VARIABLES
from wheelhouse_hashes.host import attach
from wheelhouse_hashes.plugins.registry import DISABLED_PLUGINS, TRACE

#: Environment variables that affect commands; unset them in tests.
FOREIGN = (
    *OPTION_VARIABLES,
    DISABLE,
    DISABLED_PLUGINS,
    TRACE,
    "WHEELHOUSE_UPLOADER_USERNAME",
    "WHEELHOUSE_UPLOADER_SECRET",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "TRAVIS_PULL_REQUEST",
    *(f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")),
    *(f"{scheme}_PROXY" for scheme in ("HTTP", "HTTPS", "ALL", "NO")),
    *("FORCE_COLOR", "NO_COLOR", "PYTHON_COLORS"),
)

# Artifacts.


def make_wheel(
    folder: str | os.PathLike[str], name: str, payload: bytes = b"payload"
) -> pathlib.Path:
    """Write a small valid wheel, with metadata, tags and a RECORD that match its name.

    :param folder: the folder to write to; created if it does not exist.
    :param name: the file name, any valid wheel name.
    :param payload: the content of its only data file.
    :returns: the wheel's path.
    """
    project, version, *build, python, abi, platform = name.removesuffix(".whl").split("-")
    info = f"{project}-{version}.dist-info"
    tags = sorted(map(str, parse_tag(f"{python}-{abi}-{platform}")))
    purelib = str(platform == "any").lower()
    lines = ["Wheel-Version: 1.0", "Generator: tests", f"Root-Is-Purelib: {purelib}"]
    lines += [*(f"Tag: {tag}" for tag in tags), *(f"Build: {each}" for each in build), ""]
    files = {f"{project}/data.bin": payload, f"{info}/METADATA": _metadata(project, version)}
    files[f"{info}/WHEEL"] = "\n".join(lines).encode()
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    target = pathlib.Path(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return target


def make_sdist(
    folder: str | os.PathLike[str], name: str, payload: bytes = b"payload"
) -> pathlib.Path:
    """Write a small valid sdist (``.tar.gz``), with metadata that match its name.

    The parameters and the result are those of :func:`make_wheel`.
    """
    stem = name.removesuffix(".tar.gz")
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        metadata = _metadata(*stem.rsplit("-", 1))
        for path, content in (("PKG-INFO", metadata), ("data.bin", payload)):
            member = tarfile.TarInfo(f"{stem}/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    target = pathlib.Path(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(body.getvalue(), mtime=0))
    return target


def _metadata(project: str, version: str) -> bytes:
    return f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n".encode()


# The command line.


@dataclass
class Result:
    """The result of a command: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    def line(self, start: str) -> str:
        """Return the only line of standard output with this prefix.

        :param start: the prefix.
        :raises ValueError: if no line or several lines have it.
        """
        (line,) = (line for line in self.out.splitlines() if line.startswith(start))
        return line


def run(*args: object) -> Result:
    """Run ``python -m wheelhouse_uploader`` in this process, with the installed plugins.

    :param args: the arguments, converted with :class:`str`.
    """
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["wheelhouse_uploader", *map(str, args)]),
    ):
        try:
            attach.run_host()
        except SystemExit as end:
            code = 0 if end.code is None else end.code
    return Result(code if isinstance(code, int) else 1, out.getvalue(), err.getvalue())


def run_python(*args: object, **environ: str) -> Result:
    """Run this interpreter in a subprocess, with a timeout of two minutes.

    :param args: its arguments, such as ``-m``, ``wheelhouse_uploader``, ``fetch``.
    :param environ: environment variables to set in addition to those of this process.
    :raises subprocess.TimeoutExpired: if it does not end in time.
    """
    done = subprocess.run(
        [sys.executable, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environ},
    )
    return Result(done.returncode, done.stdout, done.stderr)


class _Point:
    """An entry point that loads a given plugin, or raises a given exception."""

    def __init__(self, name: str, plugin: object) -> None:
        self.name = name
        self.dist = types.SimpleNamespace(name=f"{name}-dist", version="1.0")
        self._plugin = plugin

    def load(self) -> object:
        if isinstance(self._plugin, BaseException):
            raise self._plugin
        return self._plugin


@contextlib.contextmanager
def installed(**plugins: object) -> Iterator[None]:
    """Replace the installed plugins for commands run with :func:`run`.

    :param plugins: entry-point names and the modules or objects that they load; an
        exception is raised on loading.  In messages, plugin ``x`` comes from the
        distribution ``x-dist 1.0``.
    """
    with mock.patch("wheelhouse_hashes.plugins.registry.entry_points", entry_points_of(plugins)):
        yield


def entry_points_of(plugins: Mapping[str, object]) -> Callable[..., Any]:
    """Return a replacement for ``importlib.metadata.entry_points``, as :func:`installed` uses it.

    :param plugins: entry-point names and plugins, as for :func:`installed`.
    """

    def entry_points(*, group: str) -> list[_Point]:
        assert group == hookspecs.GROUP  # noqa: S101 (only tests call it)
        return [_Point(name, plugin) for name, plugin in plugins.items()]

    return entry_points


def local_options(store: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the options with which ``upload`` and ``index`` use containers of a local folder.

    :param store: the folder that holds the containers, one subfolder each.
    """
    return ("--provider-name", "LOCAL", "--username", str(store), "--secret", "none")


@dataclass(frozen=True)
class Container:
    """A container of libcloud's LOCAL provider."""

    #: The folder of the container; created by the first upload.
    path: pathlib.Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of ``upload`` and ``index`` for this container; options first."""
        return (*local_options(self.path.parent), self.path.name)


@contextlib.contextmanager
def local_container(name: str = "wheels") -> Iterator[Container]:
    """Yield a container in a temporary folder, which is removed afterwards.

    :param name: the container's name.
    """
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as store:
        yield Container(pathlib.Path(store, name))


# Servers.

Handler = http.server.BaseHTTPRequestHandler


@dataclass
class Server:
    """A running server: its URL and the requests that it received."""

    url: str
    #: One entry per request: method, path with query, headers with names in lower case.
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the requested paths, without queries."""
        return [path.partition("?")[0] for _, path, _ in self.requests]

    def note(self, handler: Handler) -> None:
        """Record a request; for handlers used with :func:`running`."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.command, handler.path, headers))


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: tests may close connections on purpose."""


@contextlib.contextmanager
def running(handler: Callable[..., Handler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve with a handler class on a free loopback port; yield the URL without final slash.

    :param handler: the handler class.
    :param tls: the TLS context for an ``https`` URL, None for ``http``.
    """
    server = _Quiet(("127.0.0.1", 0), handler)
    if tls is not None:
        # The handshake is done in the handler's thread; here it would block all connections.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def serving_folder(folder: str | os.PathLike[str]) -> Iterator[Server]:
    """Serve a folder as ``python -m http.server`` does: files, listings, ``index.html``."""
    server = Server("")

    class Files(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are written separately

        def do_GET(self) -> None:
            server.note(self)
            super().do_GET()

        def copyfile(
            self,
            source: Any,  # noqa: ANN401 (as the base class has it)
            outputfile: object,  # noqa: ARG002 (the same)
        ) -> None:
            self.connection.sendfile(source)

        def log_message(self, *args: object) -> None:
            pass

    with running(functools.partial(Files, directory=str(folder))) as url:
        server.url = f"{url}/"
        yield server
