"""Containers of the cluster and of other stores: options, contents, and counted requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.artifacts import hash_file, sha256
from tests.swift.cluster import Cluster

Store = tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """A container to upload to."""

    options: tuple[str, ...]
    name: str
    #: The public URL; empty if it is not public.
    url: str = ""


def store_options(cluster: Cluster, api: str, user: str = "tester", secret: str = "") -> Store:
    """Return the options for the cluster through Swift's own API or an S3 provider."""
    login = ("--username", f"test:{user}", "--secret", secret or f"{user[:-2]}ing")
    if api == "OPENSTACK_SWIFT":
        options = [
            f"ex_force_auth_url={cluster.auth_url}",
            f"ex_force_base_url={cluster.storage_url}",
        ]
    else:
        options = [f"host={cluster.s3_host}", f"port={cluster.s3_port}", "secure=false"]
    given = [word for option in options for word in ("--driver-option", option)]
    return ("--provider-name", api, *login, *given)


def content(cluster: Cluster, path: str) -> bytes:
    """Return an object's newest content."""
    answer = cluster.request("GET", path, {"X-Newest": "true"})
    assert answer.status == 200, (path, answer)
    return answer.body


def links(cluster: Cluster, container: str) -> dict[str, str]:
    """Return the links of the index page: name to digest."""
    page = content(cluster, f"{container}/index.html").decode()
    return dict(re.findall(r'href="([^"#]+)(?:#sha256=([0-9a-f]{64}))?"', page))


def check_pairs(cluster: Cluster, container: str, wheels: dict[str, bytes]) -> None:
    """Check that each wheel has its hash file and its metadata."""
    for name, body in wheels.items():
        assert content(cluster, f"{container}/{name}") == body
        assert content(cluster, f"{container}/{name}.sha256") == hash_file(body, name)
        head = cluster.request("HEAD", f"{container}/{name}", {"X-Newest": "true"})
        assert head.headers["x-object-meta-sha256"] == sha256(body)


class Counted:
    """Counts libcloud's requests where they are sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from libcloud.http import LibcloudConnection

        self.paths: list[tuple[str, str]] = []
        for name in ("request", "prepared_request"):
            monkeypatch.setattr(LibcloudConnection, name, self._counting(name))

    def of_container(self, container: str) -> Counter[str]:
        """Count object requests by method, and other requests by purpose."""
        kinds: Counter[str] = Counter()
        for method, path in self.paths:
            if "/auth" in path:
                kinds["authentication"] += 1
            elif f"{container}/" in path:
                kinds[method] += 1
            elif path.endswith(container):
                kinds["listing" if method == "GET" else "look-up"] += 1
        return kinds

    def _counting(self, name: str) -> Callable[..., object]:
        from libcloud.http import LibcloudConnection

        original = getattr(LibcloudConnection, name)

        def request(
            connection: object, method: str, url: str, *args: object, **kw: object
        ) -> object:
            self.paths.append((method, url.partition("?")[0]))
            return original(connection, method, url, *args, **kw)

        return request
