"""A store in memory that speaks enough of Swift and S3 for libcloud, with faults on demand."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.servers import Handler, respond, running

CONTAINER = "wheels"

#: Answers a request instead of the store; the request's body is not read yet.
Fault = Callable[[Handler], object]


@dataclass(frozen=True)
class Place:
    """The requests that fail.

    :param method: their method.
    :param path: the end of their path, without query.
    """

    method: str
    path: str

    def covers(self, handler: Handler) -> bool:
        """Return whether a request is one of them."""
        path = handler.path.partition("?")[0].rstrip("/")
        return handler.command == self.method and path.endswith(self.path)


@dataclass
class FakeStore:
    """A container in memory, and what is to go wrong.

    :param provider: ``OPENSTACK_SWIFT`` or ``S3``.
    """

    provider: str
    port: int = 0
    #: The objects: content and headers.
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    #: The requests, as method and last part of the path.
    asked: list[tuple[str, str]] = field(default_factory=list)
    _place: Place | None = None
    _fault: Fault | None = None
    _times: float = 0
    #: The number of requests to the failing place so far.
    hits: int = 0
    #: Chooses the fault of a request by its number from 0, instead of :meth:`fail`.
    choose: Callable[[Handler, int], Fault | None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, place: Place, fault: Fault, times: float = 1) -> None:
        """Let the next requests to a place fail.

        :param place: the place.
        :param fault: how.
        :param times: how often.
        """
        self._place, self._fault, self._times, self.hits = place, fault, times, 0

    def fault_for(self, handler: Handler) -> Fault | None:
        """Record a request; return its fault, if it has one."""
        with self.lock:
            self.asked.append((handler.command, handler.path.partition("?")[0].split("/")[-1]))
            if self.choose is not None:
                return self.choose(handler, len(self.asked) - 1)
            if self._place is None or not self._place.covers(handler):
                return None
            self.hits += 1
            return self._fault if self.hits <= self._times else None

    def count(self, method: str, name: str) -> int:
        """Return the number of requests for an object."""
        return self.asked.count((method, name))

    @property
    def driver_options(self) -> tuple[str, ...]:
        """The driver options to reach it."""
        if self.provider == "S3":
            return ("host=127.0.0.1", f"port={self.port}", "secure=false")
        base = f"http://127.0.0.1:{self.port}"
        return (f"ex_force_auth_url={base}/auth", f"ex_force_base_url={base}/v1/account")

    @property
    def options(self) -> tuple[str, ...]:
        """The options of ``upload`` and ``index``, with the container."""
        given = [word for each in self.driver_options for word in ("--driver-option", each)]
        login = ("--username", "user", "--secret", "secret-key")
        return ("--provider-name", self.provider, *login, *given, CONTAINER)


@contextlib.contextmanager
def fake_store(provider: str, beside: FakeStore | None = None) -> Iterator[FakeStore]:
    """Serve an empty container.

    :param provider: ``OPENSTACK_SWIFT`` or ``S3``.
    :param beside: another store, to serve its container at a second port without its faults.
    """
    store = FakeStore(provider) if beside is None else FakeStore(provider, objects=beside.objects)
    api = _S3 if provider == "S3" else _Swift
    handler = type("_Bound", (api,), {"store": store})
    with running(handler) as url:
        store.port = int(url.rpartition(":")[2])
        try:
            yield store
        finally:
            # libcloud leaves its connections to the garbage collector, which warns of them:
            # in this test, not in a later one.
            gc.collect()


def drain(handler: Handler) -> bytes:
    """Read the body of a request."""
    return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))


class _Api(http.server.BaseHTTPRequestHandler):
    """Both APIs: a listing, and objects with an MD5 as their etag."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: FakeStore

    def _handle(self) -> None:
        fault = self.store.fault_for(self)
        if fault is not None:
            fault(self)
        else:
            carry_out(self)

    do_GET = do_HEAD = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        if self.command == "HEAD" and "Content_Length" in headers:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
        else:
            respond(self, status, body, **headers)

    def answer(self, body: bytes) -> None:
        """Answer as a store does that works."""
        path = self.path.partition("?")[0]
        name = unquote(path.partition(f"/{CONTAINER}/")[2])
        if path.endswith("/auth/v1.0"):
            self._answer(204, X_Auth_Token="token", Content_Type="text/plain")
        elif not name:
            self.container()
        else:
            self.object(name, body)

    def container(self) -> None:
        raise NotImplementedError

    def object(self, name: str, body: bytes) -> None:
        objects = self.store.objects
        if self.command == "PUT":
            if self.headers.get("If-None-Match") == "*" and name in objects:
                return self._answer(412)
            replaced = self.headers.get("If-Match")
            if replaced and (name not in objects or objects[name][1]["ETag"] != replaced):
                return self._answer(412)
            etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
            kept = {k: v for k, v in self.headers.items() if "-meta-" in k.lower()}
            objects[name] = (body, {"ETag": self.quoted(etag), **kept})
            return self._answer(self.created, ETag=self.quoted(etag))
        if self.command == "DELETE":
            return self._answer(404 if objects.pop(name, None) is None else 204)
        if name not in objects:
            return self._answer(404)
        return self._content(*objects[name])

    def _content(self, content: bytes, headers: dict[str, str]) -> None:
        start = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        # Swift does not know If-Range.
        other = self.honors_if_range and self.headers.get("If-Range") != headers["ETag"]
        if start.isdecimal() and not other:
            position = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self._answer(206, content[int(start) :], **headers, Content_Range=position)
        return self._answer(200, content, **headers, Content_Length=str(len(content)))

    honors_if_range = False

    created = 200

    def quoted(self, etag: str) -> str:
        return f'"{etag}"'

    def rows(self) -> Iterator[tuple[str, int, str]]:
        """Yield name, size and etag of each object."""
        for name, (content, headers) in sorted(self.store.objects.items()):
            yield name, len(content), headers["ETag"]


def carry_out(handler: Handler) -> None:
    """Carry out a request, and answer it."""
    api: Any = handler
    api.answer(drain(handler))


def carry_out_silently(handler: Handler) -> None:
    """Carry out a request, and drop the connection instead of answering."""
    answer, handler.wfile = handler.wfile, Nowhere()  # type: ignore[assignment]
    carry_out(handler)
    handler.wfile = answer
    handler.close_connection = True


class Nowhere:
    """A file that swallows everything."""

    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        pass


class _Swift(_Api):
    created = 201

    def quoted(self, etag: str) -> str:
        return etag

    def container(self) -> None:
        if self.command != "GET":
            self._answer(204)
            return
        after = self.path.partition("marker=")[2].partition("&")[0]
        rows = [
            {
                "name": name,
                "bytes": size,
                "hash": etag,
                "content_type": "application/octet-stream",
                "last_modified": "2026-01-01T00:00:00.000000",
            }
            for name, size, etag in self.rows()
            if not after
        ]
        self._answer(200, json.dumps(rows).encode(), Content_Type="application/json")


class _S3(_Api):
    honors_if_range = True

    def container(self) -> None:
        rows = "".join(
            f"<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{etag}</ETag><Size>{size}</Size><Owner><ID>x</ID></Owner></Contents>"
            for name, size, etag in self.rows()
        )
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        text = f'<ListBucketResult xmlns="{space}"><IsTruncated>false</IsTruncated>{rows}'
        body = f"{text}</ListBucketResult>".encode()
        self._answer(200, body if self.command == "GET" else b"", Content_Type="application/xml")
