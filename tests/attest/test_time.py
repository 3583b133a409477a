"""The time that attestations cost, and which commands import sigstore."""

from __future__ import annotations

import json

from tests.attest.conftest import GITHUB, World
from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A, make_wheel
from tests.support.servers import serving
from tests.support.sigstore import TIMED

#: The number of wheels of a release that is large, as those of numpy and lxml are.
WHEELS = 65

#: Seconds of CPU time for all of them, after the import.
LIMIT = 2.0


def test_65_attestations_take_at_most_two_seconds(world: World, python: Cli) -> None:
    for number in range(WHEELS):
        name = f"demo-1.0-{number}-py3-none-any.whl"
        content = make_wheel(world.folder, name).read_bytes()
        world.put(world.instance.attest(name, content), f"{name}.publish.attestation")
    world.put(world.attest())
    for _ in range(3):  # CPU time is longer while other processes compete for caches
        result = python("-c", TIMED, "verify", "dist", "--attested-by", GITHUB, *world.options)
        assert (result.code, result.err) == (0, "")
        assert f"verified {WHEELS + 1} of {WHEELS + 1} artifacts" in result.out
        seconds = float(result.line("seconds after the import:").split()[-1])
        print(f"{WHEELS + 1} attestations: {seconds:.2f} s")
        if seconds <= LIMIT:
            break
    assert seconds <= LIMIT


_IMPORTED = """
import sys
from wheelhouse_hashes.__main__ import main
try:
    code = main()
except SystemExit as end:
    code = end.code
slow = [name for name in sys.modules if name.partition(".")[0] in ("sigstore", "cryptography")]
ours = [name for name in sys.modules if "attest" in name or "identities" in name]
print("imported", len(slow), sorted(name for name in ours if name.startswith("wheelhouse_")))
"""


def test_other_commands_import_neither_sigstore_nor_its_checks(world: World, python: Cli) -> None:
    world.put(world.attest())
    page = f'<a href="{A}#sha256={world.digest}">x</a>'.encode()
    hooks = ["attestation_names", "attestations"]
    modules = [f"wheelhouse_hashes.{room}" for room in ("builtin.sources", "formats")]
    expected = [f"{modules[0]}.{hooks[1]}", f"{modules[1]}.{hooks[0]}"]
    with serving({"/": page, f"/{A}": world.content}) as server:
        for command in (
            ("--help",),
            ("verify", "dist"),
            ("verify", "--help"),
            ("fetch", "--verify", "demo", server.url),
            ("upload", "--hashfile", *LOCAL, "wheels"),
        ):
            result = python("-c", _IMPORTED, *map(str, command))
            assert result.line("imported") == f"imported 0 {expected}"


#: Runs a command, and prints where Python's own sockets connected to.
_CONNECTED = """
import sys
connected = []
def hear(event, details):
    if event in ("socket.connect", "socket.getaddrinfo"):
        connected.append(details[-1] if event == "socket.connect" else details[0])
sys.addaudithook(hear)
from wheelhouse_hashes.__main__ import main
try:
    code = main()
except SystemExit as end:
    code = end.code
print("connected", connected)
sys.exit(code)
"""


def test_fetch_connects_to_no_other_server(world: World, python: Cli) -> None:
    """The bytes come through libcurl; sigstore would use Python's sockets."""
    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    document = json.dumps(world.attest()).encode()
    routes = {"/": page, f"/{A}": world.content, f"/{A}.publish.attestation": document}
    with serving(routes) as server:
        options = ("--verify", "--attested-by", GITHUB, *world.options)
        result = python("-c", _CONNECTED, "fetch", *options, "demo", server.url)
    assert (result.code, result.err) == (0, "")
    assert result.line("connected") == "connected []"
