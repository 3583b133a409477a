"""Each value of an attestation replaced by another one: none is believed, and none is a crash."""

from __future__ import annotations

import copy
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.artifacts import A
from tests.support.sigstore import Job, Sigstore, attestation, statement
from wheelhouse_hashes.builtin.sources.attestation_checks import Checker
from wheelhouse_hashes.builtin.sources.attestation_claims import Checked, Failed
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.attestations import UnreadableAttestation, read_attestations

SUBJECTS = {A: "0" * 64}

#: What stands in place of each value.
OTHERS: tuple[object, ...] = (
    None,
    "",
    "AAAA",
    "é",
    "\ud800",
    0,
    -1,
    2**70,
    1e300,
    True,
    [],
    [[]],
    {},
    {"x": 1},
)

Path = tuple[str | int, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each value in a document."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def changed(document: Any, path: Path, other: object) -> Any:
    """Return a copy of a document with another value at a path."""
    made = copy.deepcopy(document)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = other
    return made


def without(document: Any, path: Path) -> Any:
    """Return a copy of a document without the value at a path."""
    made = copy.deepcopy(document)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    del inside[path[-1]]
    return made


@pytest.mark.parametrize("form", ["attestation object", "bundle"])
def test_changed_value_is_refused_or_does_not_matter(form: str) -> None:
    instance = Sigstore()
    pathlib.Path("root.json").write_text(instance.root)
    checker = Checker("root.json")
    document = instance.bundle(statement(SUBJECTS), Job())
    if form == "attestation object":
        document = attestation(document)
    believed = set()
    for path in places(document):
        others = [changed(document, path, other) for other in OTHERS]
        for made in (*others, without(document, path)):
            result = check(checker, made)
            if isinstance(result, Checked):
                assert result.subjects == SUBJECTS
                assert str(result.signer) == "github:octo/demo/release.yml@refs/tags/v1.0"
                believed.add(path)
            else:
                assert result.text.isprintable(), (path, made)
    # The proof of a log with one entry has no hashes: [] and null are the same.
    assert {path[-1] for path in believed} == {"hashes"}


def check(checker: Checker, document: object) -> Checked | Failed:
    try:
        (read,) = read_attestations(json.dumps(document).encode())
    except UnreadableAttestation as error:
        return Failed(Cause.UNREADABLE_HASH, str(error))
    return checker.check(read)
