"""A private Sigstore instance, and a folder with one attested wheel."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, make_wheel
from tests.support.sigstore import Job, Sigstore, statement

GITHUB = "github:octo/demo/release.yml"


@dataclass
class World:
    """A folder with a wheel, and what signs attestations of it."""

    cli: Cli
    folder: pathlib.Path
    instance: Sigstore
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def options(self) -> tuple[str, ...]:
        return ("--trusted-root", "root.json")

    def attest(self, job: Job | None = None, **digests: str) -> dict[str, Any]:
        """Return an attestation object of the wheel."""
        made = self.instance.attest(A, self.content, job)
        assert isinstance(made, dict)
        return made

    def bundle(self, subjects: Mapping[str, str] | None = None, job: Job | None = None) -> Any:
        """Return a bundle about the wheel, or about other subjects."""
        named = subjects if subjects is not None else {A: self.digest}
        return self.instance.bundle(statement(named), job or Job())

    def put(self, document: object, name: str = f"{A}.publish.attestation") -> pathlib.Path:
        """Write a document beside the wheel."""
        path = self.folder / name
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text)
        return path

    def verify(self, *options: object, by: str = GITHUB) -> Result:
        return self.cli("verify", self.folder, "--attested-by", by, *self.options, *options)


@pytest.fixture
def world(cli: Cli, dist: pathlib.Path) -> World:
    """A wheel in ``dist``, and an instance whose root is in ``root.json``."""
    content = make_wheel(dist, A).read_bytes()
    instance = Sigstore()
    pathlib.Path("root.json").write_text(instance.root)
    return World(cli, dist, instance, content)
