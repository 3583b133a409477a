"""A store on loopback that answers chosen requests with an error, through several APIs."""

from __future__ import annotations

import contextlib
import http.server
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from tests.support.servers import collecting, running

#: Also a valid key of Azure.
SECRET = "hunter2SECRET+/x"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
#: Headers of all answers, which libcloud's driver for Azure needs.
AZURE = {
    "ETag": "0x8DE",
    "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    "x-ms-blob-type": "BlockBlob",
}
AZURE_LISTING = "<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>"
LISTING = (
    f'<ListBucketResult xmlns="{NAMESPACE}"><IsTruncated>false</IsTruncated></ListBucketResult>'
)


@dataclass
class Store:
    """A store that answers every put with an error, and what to tell it to answer."""

    url: str
    status: int = 400
    body: str = ""
    kind: str = "application/xml"
    #: The methods whose requests fail.
    failing: tuple[str, ...] = ("PUT",)
    #: The names of the objects that were sent.
    sent: list[str] = field(default_factory=list)
    #: The media types of the objects that were sent.
    media_types: dict[str, str] = field(default_factory=dict)
    #: Whether the body of an answer is what the request sent.
    echo: bool = False

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    def options(self, provider: str = "S3", *more: str) -> tuple[str, ...]:
        """Return the options for the store."""
        options = {
            "OPENSTACK_SWIFT": (
                f"ex_force_auth_url={self.url}",
                f"ex_force_base_url={self.url}/v1/AUTH_test",
                "ex_force_auth_version=1.0",
            ),
            "KEYSTONE": (
                f"ex_force_auth_url={self.url}",
                f"ex_force_base_url={self.url}/v1/AUTH_test",
                *("ex_force_auth_version=3.x_password", "ex_tenant_name=demo"),
            ),
        }.get(provider, ("host=127.0.0.1", f"port={self.port}", "secure=false"))
        provider = "OPENSTACK_SWIFT" if provider == "KEYSTONE" else provider
        login = ("--provider-name", provider, "--username", "someone", "--secret", SECRET)
        return (*login, *(w for o in (*options, *more) for w in ("--driver-option", o)))


def _answer(method: str, path: str, azure: bool) -> tuple[int, str, str]:
    """Return status, body and media type of the answer of a store that works, and is empty."""
    listing = method == "GET" and path.partition("?")[0].endswith("wheels")
    created = 201 if azure or "/v1/AUTH_test" in path else 200
    if "wheels/" in path:
        return created if method == "PUT" else 404, "", "text/plain"
    if "/v1/AUTH_test" in path:
        return (200, "[]", "application/json") if listing else (204, "", "text/plain")
    if azure:
        return 200, AZURE_LISTING, "application/xml"
    if method == "GET" and "wheels" in path:
        return 200, LISTING, "application/xml"
    return 200, "", "text/plain"


@contextlib.contextmanager
def failing_store() -> Iterator[Store]:
    """Run a store in which an empty container can be looked up and listed."""
    made = Store("")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        seen: ClassVar[list[str]] = []

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            azure = "x-ms-version" in self.headers
            if self.command == "PUT" and "wheels/" in self.path:
                self._record()
            status, body, kind = _answer(self.command, self.path, azure)
            if self.command in made.failing:
                status, body, kind = made.status, made.body, made.kind
                if made.echo:
                    text = f"{self.path} {self.headers} {sent.decode('utf-8', 'replace')}"
                    body = body.format(text.replace("<", "&lt;"))
            encoded = "" if self.command == "HEAD" else body
            self.send_response(status)
            self.send_header("X-Auth-Token", "gAAAA-TOKEN")
            self.send_header("X-Subject-Token", "gAAAA-TOKEN")
            for name, value in (AZURE if azure else {}).items():
                self.send_header(name, value)
            if made.echo:
                self.send_header("x-ms-error-code", "Echo")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(encoded.encode())))
            self.end_headers()
            self.wfile.write(encoded.encode())

        def _record(self) -> None:
            name = self.path.partition("?")[0].rpartition("/")[2]
            made.sent.append(name)
            # Azure has a header of its own for the media type of the object.
            kind = self.headers.get("x-ms-blob-content-type") or self.headers["Content-Type"]
            made.media_types[name] = kind

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with collecting(), running(Handler) as url:
        made.url = url
        yield made


def xml(code: str, message: str) -> str:
    """Return an error of the S3 API or of Azure."""
    return (
        f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
