"""For the tests of plugins: small artifacts, a container, a server, the command line.

Nothing of this package imports this module, and it imports no test framework:
what is here are functions and context managers for any of them.  Whatever
listens, listens on loopback.  ``docs/plugin-tutorial.rst`` shows it at work.
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

from wheelhouse_hashes import hookspecs
from wheelhouse_hashes._startup import DISABLE, OPTION_VARIABLES
from wheelhouse_hashes.host import attach
from wheelhouse_hashes.plugins.manager import DISABLED_PLUGINS, TRACE

#: Environment variables that change what a command does: unset them in tests.
FOREIGN = (
    *OPTION_VARIABLES,
    DISABLE,
    DISABLED_PLUGINS,
    TRACE,
    "WHEELHOUSE_UPLOADER_USERNAME",
    "WHEELHOUSE_UPLOADER_SECRET",
    "APPVEYOR_PULL_REQUEST_NUMBER",
    "TRAVIS_PULL_REQUEST",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "FORCE_COLOR",
    "PYTHON_COLORS",
)

# Artifacts.


def make_wheel(
    folder: str | os.PathLike[str], name: str, payload: bytes = b"payload"
) -> pathlib.Path:
    """Write a small valid wheel.

    :param folder: where to; it is made if it is not there.
    :param name: the name of the wheel, any valid one.
    :param payload: the content of its one data file.
    :returns: its path.
    """
    project, version = name.split("-")[:2]
    info = f"{project}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n"
    files = {
        f"{project}/data.bin": payload,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n",
    }
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    target = _target(folder, name)
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return target


def make_sdist(
    folder: str | os.PathLike[str], name: str, payload: bytes = b"payload"
) -> pathlib.Path:
    """Write a small sdist (``.tar.gz``); parameters and result as of :func:`make_wheel`."""
    stem = name.removesuffix(".tar.gz")
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        member = tarfile.TarInfo(f"{stem}/data.bin")
        member.size = len(payload)
        archive.addfile(member, io.BytesIO(payload))
    target = _target(folder, name)
    target.write_bytes(gzip.compress(body.getvalue(), mtime=0))
    return target


def _target(folder: str | os.PathLike[str], name: str) -> pathlib.Path:
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


# The command line.


@dataclass
class Result:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    def line(self, start: str) -> str:
        """Return the one line of the output that starts so.

        :raises ValueError: if there is none, or more than one.
        """
        (line,) = (line for line in self.out.splitlines() if line.startswith(start))
        return line


def run(*args: object) -> Result:
    """Run ``python -m wheelhouse_uploader`` in this process, with the installed plugins.

    :param args: the arguments; paths and numbers will do.
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
    """Run this interpreter in a process of its own, for at most two minutes.

    :param args: its arguments, such as ``-m``, ``wheelhouse_uploader``, ``fetch``.
    :param environ: environment variables to set, beside those of this process.
    :raises subprocess.TimeoutExpired: if it does not end.
    """
    done = subprocess.run(
        [sys.executable, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environ},
    )
    return Result(done.returncode, done.stdout, done.stderr)


class _Point:
    """An entry point whose plugin is here already, or an error that loading it raises."""

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
    """Make plugins the installed ones, for the commands of :func:`run`.

    :param plugins: entry-point names, and the modules or objects that they
        load; an exception is raised by loading.  Messages say that ``x``
        comes from the distribution ``x-dist 1.0``.
    """
    with mock.patch("wheelhouse_hashes.plugins.manager.entry_points", entry_points_of(plugins)):
        yield


def entry_points_of(plugins: Mapping[str, object]) -> Callable[..., Any]:
    """Return what stands for ``importlib.metadata.entry_points`` in :func:`installed`."""

    def entry_points(*, group: str) -> list[_Point]:
        assert group == hookspecs.GROUP
        return [_Point(name, plugin) for name, plugin in plugins.items()]

    return entry_points


# Containers.


def local_options(store: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the store options by which ``upload`` and ``index`` reach LOCAL containers.

    :param store: the folder that holds the containers, a folder each.
    """
    return ("--provider-name", "LOCAL", "--username", str(store), "--secret", "none")


@dataclass(frozen=True)
class Container:
    """A container of libcloud's LOCAL provider."""

    #: The folder that is the container; it is there after the first upload.
    path: pathlib.Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of ``upload`` and ``index`` that name it; options first."""
        return (*local_options(self.path.parent), self.path.name)


@contextlib.contextmanager
def local_container(name: str = "wheels") -> Iterator[Container]:
    """Give a container in a temporary folder, which is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as store:
        yield Container(pathlib.Path(store, name))


# Servers.

Handler = http.server.BaseHTTPRequestHandler


@dataclass
class Server:
    """A server in progress: its address, and what it was asked."""

    url: str
    #: One entry a request: method, path with query, headers in lower case.
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, without queries."""
        return [path.partition("?")[0] for _, path, _ in self.requests]

    def note(self, handler: Handler) -> None:
        """Add a request; for handlers of :func:`running`."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.command, handler.path, headers))


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up may be what is tested."""


@contextlib.contextmanager
def running(handler: Callable[..., Handler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a handler class on a free loopback port; yield its address, without a slash.

    :param handler: the handler class.
    :param tls: how to speak TLS, for an ``https`` address.
    """
    server = _Quiet(("127.0.0.1", 0), handler)
    if tls is not None:
        # The handshake is left to the handler's thread: here it would hold up all.
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
    """Serve a folder as Python's own server does: files, listings, ``index.html``."""
    server = Server("")

    class Files(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are written one after the other

        def do_GET(self) -> None:
            server.note(self)
            super().do_GET()

        def copyfile(self, source: Any, outputfile: object) -> None:
            self.connection.sendfile(source)

        def log_message(self, *args: object) -> None:
            pass

    with running(functools.partial(Files, directory=str(folder))) as url:
        server.url = f"{url}/"
        yield server
