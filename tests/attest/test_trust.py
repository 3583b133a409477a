"""The column ``attestation`` of the table in docs/trust.rst."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping

import pytest

from tests.attest.conftest import GITHUB
from tests.conftest import Cli, Result
from tests.docs import test_trust_page as page
from tests.support.artifacts import sha256, wheel_bytes
from tests.support.servers import Respond, serving
from tests.support.sigstore import Sigstore

OPTIONS = ("--attested-by", GITHUB, "--trusted-root", "root.json")


class Attested(page.World):
    """A release whose artifacts are attested; the container's writers cannot sign."""

    def __init__(self, instance: Sigstore) -> None:
        super().__init__("attestation")
        self._instance = instance

    def announce(
        self, name: str, content: bytes, *, signed: bool = True, built_as: str = ""
    ) -> None:
        if signed:
            made = self._instance.attest(built_as or name, content)
            self.objects[f"{name}.publish.attestation"] = json.dumps(made).encode()


@pytest.fixture
def world() -> Attested:
    instance = Sigstore()
    pathlib.Path("root.json").write_text(instance.root)
    made = Attested(instance)
    contents = {name: wheel_bytes("good", name) for name in (page.WHEEL, page.OTHER)}
    page.release(made, contents)
    return made


def good() -> Mapping[str, str]:
    return {name: sha256(wheel_bytes("good", name)) for name in (page.WHEEL, page.OTHER)}


def fetch(cli: Cli, world: Attested) -> Result:
    routes: dict[str, Respond] = {"/": world.page}
    routes |= {f"/{n}": world.answer(n) for n in {*world.objects, page.WHEEL, page.OTHER}}
    saved = ("--save", "attestation", "--local-folder", "got")
    with serving(routes) as server:
        return cli(
            *("fetch", "--verify", "--wait", 0, *saved, *OPTIONS, "demo", server.url),
        )


def test_good_release_is_fetched(cli: Cli, world: Attested) -> None:
    assert fetch(cli, world).code == 0
    assert {n: d for n, d in page.contents().items() if n.endswith(".whl")} == good()


@pytest.mark.parametrize("what", page.ROWS)
def test_attestation_detects_what_trust_table_says(cli: Cli, world: Attested, what: str) -> None:
    page.ROWS[what](world)
    results = [fetch(cli, world)]
    if world.changed_afterwards:
        page.change_folder()
    results.append(cli("verify", "got", *OPTIONS))
    wheels = {name: value for name, value in page.contents().items() if name.endswith(".whl")}
    detected = any(result.code for result in results) or wheels == good()
    assert ("yes" if detected else "no") == page.ATTESTED[what], results
