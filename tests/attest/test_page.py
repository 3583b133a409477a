"""The commands of docs/attestations.rst."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import metadata

from tests.attest.conftest import World
from tests.conftest import Result
from tests.support.artifacts import A
from tests.support.commands import got
from tests.support.docpages import PAGES, Command, commands
from tests.support.servers import serving
from tests.support.sigstore import Job

COMMANDS = commands(PAGES["docs/attestations.rst"])


def run(world: World, command: Command, url: str = "") -> Result:
    """Run a command of the page, with the trust root of the tests."""
    program, words = command.typed.split()[:3], shlex.split(command.typed)[3:]
    assert program == ["python", "-m", "wheelhouse_uploader"]
    words = [url if word == "URL" else "got" if word == "release" else word for word in words]
    return world.cli(*words, *world.options)


def matches(printed: str, line: str) -> bool:
    """Return whether a line is as the page shows it, apart from numbers and the trust root."""
    shown = re.sub(r"08802ef\.\.\.|that of sigstore [\d.]+", "...", printed)
    return re.fullmatch(re.escape(shown).replace(re.escape("..."), ".*"), line) is not None


def test_page_commands(world: World) -> None:
    install, verify, twine, sign, fetch, *inline = COMMANDS
    assert install.typed == "python -m pip install 'wheelhouse-hashes[attest]'"
    extras = metadata("wheelhouse-hashes").get_all("Provides-Extra")
    assert "attest" in (extras or ())
    assert twine.typed == "twine upload --attestations dist/*"
    assert sign.typed == "python -m pypi_attestations sign dist/*"
    usage = [sys.executable, "-m", "pypi_attestations", "sign", "--help"]
    subprocess.run(usage, check=True, capture_output=True)
    assert {command.typed.partition(" ")[0] for command in inline} <= {"twine"}

    document = json.dumps(world.attest(Job(commit="08802ef" + "0" * 33))).encode()
    world.put(document.decode())
    result = run(world, verify)
    assert result.code == 0
    lines = result.out.splitlines()
    assert len(lines) == len(verify.printed)
    for shown, line in zip(verify.printed, lines, strict=True):
        assert matches(" ".join(shown.split()), " ".join(line.split())), line

    page = f'<a href="{A}">x</a><a href="{A}.publish.attestation">y</a>'.encode()
    routes = {"/": page, f"/{A}": world.content, f"/{A}.publish.attestation": document}
    with serving(routes) as server:
        assert run(world, fetch, server.url).code == 0
    assert got() == [A, f"{A}.publish.attestation"]
