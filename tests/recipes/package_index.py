"""A package index on loopback: twine uploads to it, and its page offers what it has."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.servers import respond, running

_NAME = re.compile(rb'name="content"; filename="([^"]+)"')


@dataclass
class PackageIndex:
    """A package index with one project, and an older release of it."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    #: How many requests for the page are answered as if nothing had been uploaded.
    lag: int = 0
    #: How many requests for the page were answered.
    pages: int = 0

    @property
    def page(self) -> str:
        """The address of the project's page."""
        return f"{self.url}/simple/demo/"

    @property
    def variables(self) -> dict[str, str]:
        """The variables with which twine uploads to this index."""
        account = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": "pypi-token"}
        return {"TWINE_REPOSITORY_URL": f"{self.url}/legacy/", **account}

    def add(self, kind: str, body: bytes) -> None:
        """Take an upload.

        :param kind: its ``Content-Type``, with the boundary of its parts.
        """
        boundary = kind.partition("boundary=")[2].encode()
        for part in body.split(b"--" + boundary):
            head, _, content = part.partition(b"\r\n\r\n")
            if name := _NAME.search(head):
                self.files[name[1].decode()] = content.removesuffix(b"\r\n")

    def links(self) -> str:
        """Return the page (PEP 503)."""
        self.pages += 1
        shown = {"demo-0.9.tar.gz": b"old"}
        if self.pages > self.lag:
            shown.update(self.files)
        return "<!DOCTYPE html><html><body>{}</body></html>".format(
            "\n".join(
                f'<a href="/files/{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>'
                for name, content in shown.items()
            )
        )


@contextlib.contextmanager
def package_index() -> Iterator[PackageIndex]:
    """Serve a package index."""
    index = PackageIndex()

    class Served(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            index.add(self.headers["Content-Type"], body)
            respond(self, 200, b"")

        def do_GET(self) -> None:
            respond(self, 200, index.links().encode())

        def log_message(self, *args: object) -> None:
            pass

    with running(Served) as index.url:
        yield index
