"""Faults: small servers or folders that misbehave, and the expected results."""

from __future__ import annotations

import contextlib
import functools
import pathlib
import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.support.artifacts import A, hash_file, sha256, wheel_bytes
from tests.support.servers import Handler, Respond, Server, respond, serving
from wheelhouse_hashes.causes import Cause, gravest

B = "demo-1.0-1-py3-none-any.whl"

#: The offset at which the bytes of A are cut, flipped or changed.
HALF = 60_000

_CAUSES = frozenset(cause.value for cause in Cause)


@functools.lru_cache
def wheel(name: str = A, seed: int = 0) -> bytes:
    """Return a valid wheel of 100 kB, with the same bytes in every run."""
    return wheel_bytes(random.Random(seed).randbytes(100_000), name)


def link(name: str, content: bytes | None = None) -> str:
    """Return a link, with the digest of *content* as its fragment if given."""
    fragment = f"#sha256={sha256(content)}" if content is not None else ""
    return f'<a href="{name}{fragment}">x</a>\n'


def page(*links: str) -> bytes:
    """Return an index page."""
    return f"<!doctype html>\n{''.join(links)}".encode()


def raw(head: str, body: bytes = b"") -> Respond:
    """Write a raw answer, then close the connection.

    :param head: status line and headers, separated by newlines.
    """

    def answer(handler: Handler) -> None:
        handler.wfile.write("\r\n".join(head.split("\n")).encode() + b"\r\n\r\n" + body)
        handler.close_connection = True

    return answer


def status(code: int, body: bytes = b"no", **headers: str) -> Respond:
    """Answer with a status."""
    return lambda handler: respond(handler, code, body, **headers)


def in_turn(*answers: Respond | bytes) -> Respond:
    """Give the answers one after the other, then repeat the last one."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        current = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(current, bytes):
            respond(handler, 200, current)
        else:
            current(handler)

    return answer


@dataclass
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str
    seconds: float
    #: Its peak memory in MiB.
    memory: int
    #: The files in the target folder, including hidden ones: path to content.
    left: dict[str, bytes]
    #: Files and folders outside the target folder that are new or changed.
    strayed: list[str]

    @property
    def refused(self) -> list[tuple[str, Cause, str]]:
        """The printed refusals: name, cause, text.  Errors of stores have no cause."""
        found = []
        # The result of ``hash`` is on standard output, its lines are not.
        for row in [*self.out.splitlines(), *self.err.splitlines()]:
            if row.startswith(("refused ", "failed ")):
                _, _, rest = row.partition(" ")
                name, _, text = rest.strip().partition("  ")
                cause, _, text = text.strip().partition(": ")
                if cause in _CAUSES:
                    found.append((name, Cause(cause), text))
        return found


@dataclass
class Case:
    """A fault that is set up: running servers, a working folder and a command."""

    #: The folder that the command runs in; it contains the target folder ``got``.
    folder: pathlib.Path
    stack: contextlib.ExitStack
    #: The server's answers. Initially everything is good.
    routes: dict[str, Respond | bytes] = field(default_factory=dict)
    #: The files that may be under a final name at the end.
    good: dict[str, bytes] = field(default_factory=dict)
    #: The URL to fetch; by default the server's.
    url: str = ""
    project: str = "demo"
    wait: str = "0"
    options: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    #: A prefix for the command, to set limits.
    prefix: list[str] = field(default_factory=list)
    #: The complete command line after the program, if it is not a plain fetch.
    command: list[str] = field(default_factory=list)
    #: The server, with its requests.
    server: Server = field(default_factory=lambda: Server(""))

    def __post_init__(self) -> None:
        self.good = {A: wheel()}
        self.routes |= {"/": page(link(A, wheel())), f"/{A}": wheel()}
        self.routes[f"/{A}.sha256"] = hash_file(wheel())
        self.folder.mkdir()

    @property
    def got(self) -> pathlib.Path:
        """The target folder."""
        return self.folder / "got"

    def add(self, name: str, content: bytes) -> None:
        """Publish another good artifact beside A."""
        self.good[name] = content
        listed = self.routes["/"]
        assert isinstance(listed, bytes)
        self.routes |= {"/": listed + link(name, content).encode(), f"/{name}": content}
        self.routes[f"/{name}.sha256"] = hash_file(content, name)

    def list(self, *links: str) -> None:
        """Add links to the page."""
        listed = self.routes["/"]
        assert isinstance(listed, bytes)
        self.routes["/"] = listed + "".join(links).encode()

    def without_digest_in_the_link(self) -> None:
        """Make the hash file the only source."""
        self.routes["/"] = page(link(A))

    def serve(
        self, routes: dict[str, Respond | bytes], tls: ssl.SSLContext | None = None
    ) -> Server:
        """Start another server."""
        return self.stack.enter_context(serving(routes, tls))

    def start(self) -> None:
        """Start the server."""
        self.server = self.serve(self.routes)
        self.url = self.url or self.server.url


Check = Callable[[Done], None]
SetUp = Callable[[Case], Check | None]


@dataclass(frozen=True)
class Fault:
    """One fault of the catalogue."""

    name: str
    #: Description: the docstring of its function.
    does: str
    set_up: SetUp
    #: The entries of :data:`tests.slow.faults.entries.ENTRIES` that it covers.
    entries: tuple[str, ...]
    #: The causes of the refusals, sorted; empty if nothing is refused.
    causes: tuple[Cause, ...]
    exit_code: int
    #: The files left in the target folder.
    left: tuple[str, ...]
    #: Words that must be printed.
    says: str
    #: Maximum seconds for the command, on a busy machine.
    limit: float
    #: Maximum memory in MiB.
    memory: int
    #: Whether the fault applies to any tool that fetches A by its URL.
    for_peers: bool


CATALOGUE: dict[str, Fault] = {}


def fault(
    *entries: str,
    causes: tuple[Cause, ...] | Cause = (),
    exit_code: int | None = None,
    left: tuple[str, ...] = (),
    says: str = "",
    limit: float = 60.0,
    memory: int = 128,
    for_peers: bool = False,
) -> Callable[[SetUp], SetUp]:
    """Add a function to the catalogue.

    :param exit_code: by default the gravest exit code of the causes.
    """
    causes = (causes,) if isinstance(causes, Cause) else causes

    def register(set_up: SetUp) -> SetUp:
        name = set_up.__name__
        assert name not in CATALOGUE, name
        code = gravest(cause.exit_code for cause in causes) if exit_code is None else exit_code
        does = " ".join((set_up.__doc__ or "").split())
        CATALOGUE[name] = Fault(
            *(name, does, set_up, entries, tuple(sorted(causes, key=lambda c: c.value)), code),
            *(tuple(sorted(left)), says, limit, memory, for_peers),
        )
        return set_up

    return register


@contextlib.contextmanager
def prepared(chosen: Fault, folder: pathlib.Path) -> Iterator[tuple[Case, Check | None]]:
    """Set up a fault; its servers run within the ``with`` block.

    :param folder: a folder that does not exist yet.
    """
    with contextlib.ExitStack() as stack:
        case = Case(folder, stack)
        check = chosen.set_up(case)
        case.start()
        yield case, check
