"""A small Keystone (identity API 3) that hands out the tokens of a Swift cluster."""

from __future__ import annotations

import contextlib
import http.server
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers import running
from tests.swift.cluster import Cluster

#: The application credential and the user that it knows, with their secrets.
CREDENTIAL = ("21dced0fd20347869b93710d2b98aae0", "app-secret-ÄÖ€")
USER = ("jörg", "pass wörd€")


@dataclass
class Keystone:
    """The server's address, and the bodies of the requests that it received."""

    url: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)


@contextlib.contextmanager
def keystone(cluster: Cluster) -> Iterator[Keystone]:
    """Run the server in front of a cluster; its tokens claim to be valid for years."""
    made = Keystone()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.received.append(body)
            if not known(body["auth"]["identity"]):
                self._answer(401, {"error": {"code": 401, "message": "The request needs a user."}})
                return
            login = {"X-Auth-User": "test:tester", "X-Auth-Key": "testing"}
            request = urllib.request.Request(cluster.auth_url, headers=login)
            with urllib.request.urlopen(request, timeout=300) as answer:
                token = answer.headers["X-Auth-Token"]
            endpoint = {"interface": "public", "region": "RegionOne", "url": cluster.storage_url}
            catalog = [{"type": "object-store", "name": "swift", "endpoints": [endpoint]}]
            expires = "2099-01-01T00:00:00.000000Z"
            self._answer(201, {"token": {"expires_at": expires, "catalog": catalog}}, token)

        def _answer(self, status: int, content: object, token: str = "") -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Subject-Token", token)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    def known(identity: dict[str, Any]) -> bool:
        if identity["methods"] == ["application_credential"]:
            given = identity["application_credential"]
            return (given["id"], given["secret"]) == CREDENTIAL
        given = identity["password"]["user"]
        return (given["name"], given["password"]) == USER

    with running(Handler) as url:
        made.url = url
        yield made
