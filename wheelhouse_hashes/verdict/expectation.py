"""What a release is expected to have, as a number or by name, and what it lacks of that."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_hashes.disk.files import read_small_file
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable

if TYPE_CHECKING:
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

#: The most bytes that a list of names may have.
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Expectation:
    """What a user expects a release to have."""

    #: The number of artifacts, None if any will do.
    count: int | None = None
    #: Their names, None if any will do.
    names: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return self.count is not None or self.names is not None

    def unmet(self, good: Collection[str], unjudged: Iterable[str]) -> list[str]:
        """Say in what a folder differs from what is expected.

        :param good: the names of the artifacts that were found good.
        :param unjudged: the names of further artifacts in the folder.
        :returns: one sentence for each difference; none if there is none.
        """
        if not self:
            return []
        differences = []
        if self.count is not None and self.count != len(good):
            differences.append(f"expected {self.count} artifacts, {len(good)} are good")
        names = set(good) if self.names is None else self.names
        differences += [f"expected and not good: {name}" for name in sorted(names - set(good))]
        differences += [f"good and not expected: {name}" for name in sorted(set(good) - names)]
        differences += [f"in the folder, and not judged: {name}" for name in sorted(unjudged)]
        return differences


def expectation_of(run: Run[CheckOptions]) -> Expectation:
    """Return what the options of a command expect.

    :raises DiskError: if the list cannot be read.
    :raises UsageError: if it has a line that is not the name of an artifact.
    """
    options = run.options
    if not options.expect_file:
        return Expectation(options.expect)
    path = pathlib.Path(options.expect_file)
    content = read_small_file(path, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(f"--expect-file {path}: it has more than {MAX_BYTES} bytes")
    names = set()
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if parse_artifact_name(name) is None:
            raise UsageError(
                f"--expect-file {path}: line {number}, {printable(name[:80])!r}, is not the "
                "name of an artifact: give one name a line"
            )
        names.add(name)
    return Expectation(options.expect, frozenset(names))
