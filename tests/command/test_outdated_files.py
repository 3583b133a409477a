"""Files of other tools beside artifacts that an upload replaced or pruned are named."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import Cli
from tests.support.artifacts import SDIST, A, B, make_sdist, make_wheel
from tests.support.commands import UPLOAD

SUFFIXES = (".asc", ".metadata", ".minisig", ".sig")
#: Those of attestations, which are companions.
ATTESTATIONS = (".publish.attestation", ".sigstore.json")


@pytest.mark.parametrize("name", [A, SDIST])
def test_files_of_a_replaced_artifact_are_named(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, name: str
) -> None:
    make = make_wheel if name == A else make_sdist
    make(dist, name, b"old")
    make_wheel(dist, B)
    assert cli(*UPLOAD).code == 0
    for suffix in SUFFIXES:
        (container / f"{name}{suffix}").write_text("of the old bytes")
        (container / f"{B}{suffix}").write_text("of the other wheel")
    (container / "SHA256SUMS").write_text("")
    assert "note" not in cli(*UPLOAD).out
    make(dist, name, b"rebuilt")
    result = cli(*UPLOAD)
    assert result.code == 0
    notes = [line.split()[1] for line in result.out.splitlines() if line.startswith("note")]
    assert notes == ["SHA256SUMS", *sorted(f"{name}{suffix}" for suffix in SUFFIXES)]
    assert "belongs to the previous artifact: create it again, or delete it" in result.out
    for suffix in SUFFIXES:
        assert (container / f"{name}{suffix}").read_text() == "of the old bytes"


def test_attestations_of_a_replaced_artifact_are_deleted(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    make_wheel(dist, B)
    assert cli(*UPLOAD).code == 0
    for suffix in ATTESTATIONS:
        (container / f"{A}{suffix}").write_text("of the old bytes")
        (container / f"{B}{suffix}").write_text("of the other wheel")
    make_wheel(dist, A, b"rebuilt")
    result = cli(*UPLOAD)
    assert result.code == 0
    for suffix in ATTESTATIONS:
        assert not (container / f"{A}{suffix}").exists()
        assert (container / f"{B}{suffix}").exists()
    assert result.out.count("deleted: it belonged to the previous artifact") == 2


def test_files_of_a_pruned_dev_build_are_named(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    builds = [f"demo-1.1.dev0+2026010100000{n}-py3-none-any.whl" for n in range(6)]
    for build in builds[:5]:
        path = make_wheel(dist, build)
        assert cli(*UPLOAD).code == 0
        path.unlink()
    (container / f"{builds[0]}.asc").write_text("signature")
    make_wheel(dist, builds[5])
    result = cli(*UPLOAD)
    assert f"{builds[0]}.asc  belongs to an artifact that was pruned" in result.out
    assert f"{builds[0]}.sha256  belongs" not in result.out
