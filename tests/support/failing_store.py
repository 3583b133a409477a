"""A store on loopback that answers chosen requests with an error, through several APIs."""

from __future__ import annotations

import contextlib
import http.server
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from tests.support.servers import running

#: Also a valid key of Azure.
SECRET = "hunter2SECRET+/x"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
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


@contextlib.contextmanager
def failing_store() -> Iterator[Store]:
    """Run a store in which an empty container can be looked up and listed."""
    made = Store("")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        seen: ClassVar[list[str]] = []

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            swift = "/v1/AUTH_test" in self.path
            if self.command == "PUT" and "wheels/" in self.path:
                made.sent.append(self.path.partition("?")[0].rpartition("/")[2])
            status, body, kind = 200, "", "text/plain"
            if self.command in made.failing:
                status, body, kind = made.status, made.body, made.kind
                if made.echo:
                    text = f"{self.path} {self.headers} {sent.decode('utf-8', 'replace')}"
                    body = body.format(text.replace("<", "&lt;"))
            elif swift:
                listing = self.command == "GET" and self.path.partition("?")[0].endswith("wheels")
                status = 200 if listing else 404 if "wheels/" in self.path else 204
                status = 201 if self.command == "PUT" else status
                body, kind = ("[]", "application/json") if listing else ("", kind)
            elif "wheels/" in self.path:
                status = 200 if self.command == "PUT" else 404
            elif self.command == "GET" and "wheels" in self.path:
                body, kind = LISTING, "application/xml"
            encoded = "" if self.command == "HEAD" else body
            self.send_response(status)
            self.send_header("X-Auth-Token", "gAAAA-TOKEN")
            self.send_header("X-Subject-Token", "gAAAA-TOKEN")
            if made.echo:
                self.send_header("x-ms-error-code", "Echo")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(encoded.encode())))
            self.end_headers()
            self.wfile.write(encoded.encode())

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with running(Handler) as url:
        made.url = url
        yield made


def xml(code: str, message: str) -> str:
    """Return an error of the S3 API or of Azure."""
    return (
        f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>4442587FB7D0A2F9</RequestId></Error>"
    )
