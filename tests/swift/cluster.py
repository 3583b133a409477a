"""A real three-node OpenStack Swift on loopback, with staleness that can be switched on and off.

How it works
    Each node is one account, one container and one object server, each in its own process
    (``workers = 0``), so killing one pid means losing one whole server. Every account, container
    and object has three replicas, one per node. A proxy in front of them serves Swift's API
    (tempauth signs Fernet tokens, which need no memcached, so nothing is cached), the S3 API, and
    staticweb for anonymous readers. All state is in one folder. Nothing needs root or
    ``/etc/swift`` (see ``launch.py``). Swift is installed in its own environment.

What is stale, and why
    *One replica is behind*: a write needs two of three servers, so a dead server misses it. Once
    revived, it answers with the OLD object or listing until a replicator has run (none runs on
    its own here; use ``run_once``). The proxy asks in random order; ``prefer(node)`` gives it a
    read affinity, so that the old answer is certain. ``X-Newest: true`` asks all replicas.
    An object server that is dead during a PUT also leaves one listing behind, because its share
    of the update to the container servers is lost; only the container replicator repairs that.
    *The listing is behind*: an object server reports each PUT and DELETE to the container server,
    and if it cannot, leaves a note on disk for the object updater. ``lag(True)`` redirects that
    report to a closed port. Objects then appear and disappear at once, but listings follow only
    after ``run_once("object-updater")``. This is the only part that is not Swift's own.
    *A 404 for an existing object* takes a majority that lacks it: ``wipe`` it on one server, let
    another have missed it, and kill the third. If only one lacks it and the others are dead, the
    answer is 503. A write with two servers of a kind dead is a 503 as well.
    *Days old*: ``age`` stores an object again with old timestamps (its listing row stays young).

How to use it
    One cluster serves all tests; each test has its own container with a random name. After each
    test the switches are put back (``reset``), but data are not. ``prefer`` restarts the proxy,
    which refuses connections for half a second: do not use it during a fetch.

Differences from a real cluster
    There is no rsync, so a container or account must be created while all its servers are alive:
    a replica that lacks the whole database is never repaired. Timeouts are those of loopback.

Cleanup
    The test process holds the ports, bound but not listening, so that no other program gets the
    port of a server that is currently dead, and connections to it are refused at once. The
    standard input of every process is the read end of one pipe: when the test process ends, for
    any reason, the pipe closes and the servers kill themselves.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

Kind = Literal["account", "container", "object"]
Daemon = Literal["object-updater", "object-replicator", "container-replicator"]

NODES = (1, 2, 3)
KINDS: tuple[Kind, ...] = ("account", "container", "object")
SERVERS = tuple(f"{kind}{node}" for kind in KINDS for node in NODES)
#: A user with all rights, and a known user without any.
USERS = {"tester": "testing", "guest": "guesting"}
REQUIREMENT = "swift == 2.38.*"
LAUNCHER = pathlib.Path(__file__).with_name("launch.py")
DAEMONS: dict[Daemon, str] = {
    "object-updater": "swift.obj.updater",
    "object-replicator": "swift.obj.replicator",
    "container-replicator": "swift.container.replicator",
}
PACKAGES = {
    "proxy": "swift.proxy",
    "account": "swift.account",
    "container": "swift.container",
    "object": "swift.obj",
}
#: Seconds in which the servers must start, and answer each other.  By default, a put is answered
#: before a third server that is half a second later, and before a listing that is one second later.
PATIENCE = 300
#: The same path of any two of these is the same object on the same disk.
HASH_SUFFIX = "wheelhouse"

DEFAULT = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
user = {user}
workers = 0
swift_dir = {folder}
devices = {folder}/nodes
mount_check = false
disable_fallocate = true
log_udp_host = 127.0.0.1
log_udp_port = 9
conn_timeout = {patience}
node_timeout = {patience}
container_update_timeout = {patience}
post_quorum_timeout = {patience}
[filter:healthcheck]
use = egg:swift#healthcheck
"""
STORAGE = """\
[pipeline:main]
pipeline = healthcheck {lag} {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
[filter:lag]
paste.filter_factory = launch:lag
switch = {folder}/lag
closed = 127.0.0.1:{closed}
[{kind}-replicator]
recon_cache_path = {folder}/recon
sync_method = ssync
[object-updater]
objects_per_second = 10000
recon_cache_path = {folder}/recon
"""
PROXY = """\
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats
    s3api tempauth staticweb container_quotas slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_limit = 1000000
{affinity}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
shunt_inbound_x_timestamp = false
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_guest = guesting
fernet_key_1 = d2hlZWxob3VzZS1oYXNoZXMtdGVzdHMtd2hlZWxob3U=
active_fernet_key_id = 1
[filter:staticweb]
use = egg:swift#staticweb
[filter:container_quotas]
use = egg:swift#container_quotas
[filter:slo]
use = egg:swift#slo
"""


class ClusterError(RuntimeError):
    """Swift could not be installed, started or reached."""


@dataclass(frozen=True)
class Answer:
    """The proxy's answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def swift_python() -> str:
    """Return the interpreter of the environment with Swift, created on the first call."""
    given = os.environ.get("WHEELHOUSE_HASHES_SWIFT_VENV")
    venv = pathlib.Path(given or LAUNCHER.parent.parent.parent / ".tox" / "swift-venv").absolute()
    python, done = venv / "bin" / "python", venv / "installed.txt"
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(venv.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if python.exists() and done.exists() and done.read_text() == REQUIREMENT:
            return str(python)
        for step in (
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            [str(python), "-m", "pip", "install", "--quiet", REQUIREMENT],
        ):
            ran = subprocess.run(
                step, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            if ran.returncode:
                raise ClusterError(f"Swift was not installed: {' '.join(step)}\n{ran.stdout}")
        done.write_text(REQUIREMENT)
    return str(python)


def hold_ports(ports: dict[str, int]) -> dict[str, socket.socket]:
    """Bind these loopback ports (0: any free one) without listening."""
    held: dict[str, socket.socket] = {}
    try:
        for name, port in ports.items():
            held[name] = socket.socket()
            # Swift's servers set this as well, so they can listen on the ports that are bound here.
            held[name].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held[name].bind(("127.0.0.1", port))
    except OSError:
        for sock in held.values():
            sock.close()
        raise
    return held


class Cluster:
    """A Swift cluster in a folder, for ``with Cluster(folder) as cluster:``.

    A later cluster in the same folder finds the data, the rings and (if still free) the ports.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder.absolute()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.preferred: int | None = None
        self._cleanup = contextlib.ExitStack()
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        with self._cleanup:  # close everything if a later line fails
            self._python = swift_python()
            for name in ("log", "recon", *(f"nodes/node{node}" for node in NODES)):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            self._probe_disk()
            self.lag(False)
            self._stdin, lifeline = os.pipe()
            self._cleanup.callback(os.close, self._stdin)
            self._cleanup.callback(os.close, lifeline)
            self._configure()
            self._cleanup.callback(self._kill_all)
            self._start(*SERVERS, "proxy")
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._cleanup.close()

    # URLs

    @property
    def s3_host(self) -> str:
        return "127.0.0.1"

    @property
    def s3_port(self) -> int:
        return self.ports["proxy"]

    @property
    def auth_url(self) -> str:
        return f"http://127.0.0.1:{self.s3_port}/auth/v1.0"

    @property
    def storage_url(self) -> str:
        return f"http://127.0.0.1:{self.s3_port}/v1/AUTH_test"

    def libcloud(self, provider: str) -> dict[str, Any]:
        """Return the arguments of libcloud's OPENSTACK_SWIFT or S3 driver."""
        login = {"key": "test:tester", "secret": USERS["tester"], "region": "us-east-1"}
        if provider == "S3":
            return {**login, "host": self.s3_host, "port": self.s3_port, "secure": False}
        assert provider == "OPENSTACK_SWIFT", provider
        urls = {"ex_force_auth_url": self.auth_url, "ex_force_base_url": self.storage_url}
        return {**login, **urls, "ex_force_auth_version": "1.0"}

    # Requests

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        user: str | None = "tester",
    ) -> Answer:
        """Request ``container/object?query`` of the account, as a user or (None) anonymously."""
        sent = dict(headers or {})
        if user is not None:
            sent["X-Auth-Token"] = self.token(user)
        return self._ask("proxy", method, f"/v1/AUTH_test/{path}", sent, body)

    def token(self, user: str = "tester") -> str:
        """Return a token for a user; it stays valid when the proxy is restarted."""
        if user not in self._tokens:
            login = {"X-Auth-User": f"test:{user}", "X-Auth-Key": USERS[user]}
            answer = self._ask("proxy", "GET", "/auth/v1.0", login)
            if answer.status != 200:
                raise ClusterError(f"no token for {user}: {answer}")
            self._tokens[user] = answer.headers["x-auth-token"]
        return self._tokens[user]

    def create(self, name: str, *, public: bool = False) -> str:
        """Create a container; anyone may read and list a public one (staticweb)."""
        acl = {"X-Container-Read": ".r:*,.rlistings", "X-Container-Meta-Web-Listings": "true"}
        answer = self.request("PUT", name, acl if public else {})
        if answer.status not in (201, 202):
            raise ClusterError(f"container {name} was not created: {answer}")
        return name

    def names(self, container: str) -> list[str]:
        """Return the names of the first 10,000 objects in the listing."""
        return self.request("GET", container).body.decode().split("\n")[:-1]

    # Switches

    def kill(self, node: int, kind: Kind) -> None:
        """Stop one server of one node with SIGKILL; it misses all changes until revived."""
        self._kill(f"{kind}{node}")

    def revive(self, node: int, kind: Kind) -> None:
        """Start that server again with its old data."""
        self._start(f"{kind}{node}")

    def stop_proxy(self) -> None:
        """Make every connection to the cluster fail."""
        self._kill("proxy")

    def start_proxy(self) -> None:
        """Undo ``stop_proxy``."""
        self._start("proxy")

    def prefer(self, node: int | None) -> None:
        """Have one node, or (None) any node, read first; restarts the proxy."""
        if node == self.preferred:
            return
        self.preferred = node
        self._write_proxy_conf()
        if "proxy" in self.processes:
            self.stop_proxy()
            self.start_proxy()

    def lag(self, on: bool) -> None:
        """Keep changes out of the listings until the object updater runs, or stop doing so."""
        if on:
            (self.folder / "lag").touch()
        else:
            (self.folder / "lag").unlink(missing_ok=True)

    def run_once(self, daemon: Daemon) -> None:
        """Run a daemon once on all three nodes; on return, everything it can repair is repaired."""
        kind = daemon.partition("-")[0]
        # The updater handles all disks it finds, a replicator those of one node.
        nodes = NODES[:1] if daemon == "object-updater" else NODES
        self._launch(daemon, DAEMONS[daemon], *(self._conf(f"{kind}{node}") for node in nodes))

    def wipe(self, node: int, path: str) -> None:
        """Remove ``container/object`` (unquoted) from one node's disk, including its tombstone."""
        name = f"/AUTH_test/{path}{HASH_SUFFIX}".encode()
        digest = hashlib.md5(name, usedforsecurity=False).hexdigest()
        for place in (self.folder / "nodes" / f"node{node}" / "objects").glob(f"*/*/{digest}"):
            shutil.rmtree(place)
            for cached in place.parent.parent.glob("hashes.*"):
                cached.unlink()

    def age(self, path: str, days: float) -> None:
        """Make ``container/object`` (unquoted) older by this much on all nodes."""
        quoted = urllib.parse.quote(path)
        old = self.request("GET", quoted, {"X-Newest": "true"})
        kept = {
            name: value
            for name, value in old.headers.items()
            if name == "content-type" or name.startswith("x-object-meta-")
        }
        kept["X-Timestamp"] = f"{float(old.headers['x-timestamp']) - days * 86400:.5f}"
        for node in NODES:
            self.wipe(node, path)
        answer = self.request("PUT", quoted, kept, old.body)
        if old.status != 200 or answer.status != 201:
            raise ClusterError(f"{path} was not aged: {old.status}, {answer}")

    def reset(self) -> None:
        """Undo all switches: every server alive, none preferred, no lag. Data are kept."""
        self.lag(False)
        self.preferred, changed = None, self.preferred is not None
        if changed:
            self._write_proxy_conf()
            self._kill("proxy")
        self._start(*SERVERS, "proxy")

    # Processes

    def pids(self) -> dict[str, int]:
        """Return the pid of each live server, by names like ``object1`` or ``proxy``."""
        return {name: process.pid for name, process in self.processes.items()}

    def _conf(self, name: str) -> str:
        return str(self.folder / f"{name}.conf")

    def _probe_disk(self) -> None:
        try:
            os.setxattr(self.folder / "nodes", "user.swift.probe", b"")
        except OSError as error:
            raise ClusterError(
                f"Swift needs extended attributes, which {self.folder} does not have "
                f"({error}): give pytest another --basetemp"
            ) from error

    def _configure(self) -> None:
        """Choose the ports; write rings and configurations."""
        known = self.folder / "ports.json"
        wanted = dict.fromkeys((*SERVERS, "proxy", "closed"), 0)
        try:
            held = hold_ports(json.loads(known.read_text()))
        except OSError:  # first start in this folder, or a port is taken
            held = hold_ports(wanted)
        for sock in held.values():
            self._cleanup.callback(sock.close)
        self.ports: dict[str, int] = {name: held[name].getsockname()[1] for name in held}
        ports = json.dumps(self.ports)
        swift_conf = f"[swift-hash]\nswift_hash_path_suffix = {HASH_SUFFIX}\n"
        (self.folder / "swift.conf").write_text(swift_conf)
        if not known.exists() or known.read_text() != ports:
            self._launch("rings", "rings", ports)
            known.write_text(ports)
        for name in SERVERS:
            kind = name[:-1]
            filters = "lag" if kind == "object" else ""
            self._write_conf(name, STORAGE, kind=kind, lag=filters, closed=self.ports["closed"])
        self._write_proxy_conf()

    def _write_proxy_conf(self) -> None:
        node = self.preferred
        affinity = f"sorting_method = affinity\nread_affinity = r1z{node}=1" if node else ""
        self._write_conf("proxy", PROXY, affinity=affinity)

    def _write_conf(self, name: str, template: str, **values: object) -> None:
        user = pwd.getpwuid(os.getuid()).pw_name
        values |= {"folder": self.folder, "port": self.ports[name], "user": user}
        values["patience"] = PATIENCE
        pathlib.Path(self._conf(name)).write_text((DEFAULT + template).format_map(values))

    def _popen(self, log: str, *args: str) -> subprocess.Popen[bytes]:
        command = [self._python, str(LAUNCHER), str(self.folder), *args]
        with (self.folder / "log" / f"{log}.log").open("ab") as output:
            return subprocess.Popen(command, stdin=self._stdin, stdout=output, stderr=output)

    def _launch(self, log: str, *args: str) -> None:
        """Run one of the programs that end on their own."""
        process = self._popen(log, *args)
        try:
            if process.wait(timeout=PATIENCE):
                raise ClusterError(f"{log} failed:\n{self._log(log)}")
        except subprocess.TimeoutExpired as late:
            raise ClusterError(f"{log} did not end:\n{self._log(log)}") from late
        finally:
            process.kill()
            process.wait()

    def _start(self, *names: str) -> None:
        """Start these servers unless they are running, and wait until each answers."""
        new = [name for name in names if name not in self.processes]
        for name in new:
            server = PACKAGES[name.rstrip("123")] + ".server"
            self.processes[name] = self._popen(name, server, self._conf(name))
        for name in new:
            self._await(name)

    def _await(self, name: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.processes[name].poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._ask(name, "GET", "/healthcheck", {}).status == 200:
                    return
            time.sleep(0.02)
        self._kill(name)
        raise ClusterError(f"{name} did not start:\n{self._log(name)}")

    def _kill(self, *names: str) -> None:
        processes = [self.processes.pop(name) for name in names if name in self.processes]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()

    def _kill_all(self) -> None:
        self._kill(*self.processes)

    def _log(self, name: str) -> str:
        """Return the last 40 lines of a program's log."""
        lines = (self.folder / "log" / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-40:])

    def _ask(
        self, server: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[server], timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            sent = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, sent, response.read())
        finally:
            connection.close()
