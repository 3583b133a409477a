"""The artifacts that a release is expected to have, by number or name, and those it lacks."""

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

#: Maximum size of an ``--expect-file``, in bytes.
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Expectation:
    """The artifacts that the user expects in a release."""

    #: The number of artifacts, None if any number is accepted.
    count: int | None = None
    #: Their names, None if any names are accepted.
    names: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return self.count is not None or self.names is not None

    def unmet(self, good: Collection[str], unjudged: Iterable[str]) -> list[str]:
        """Return the differences between a folder and the expectation.

        :param good: the names of the artifacts with a good verdict.
        :param unjudged: the names of other artifacts in the folder.
        :returns: one sentence per difference; an empty list if all is as expected.
        """
        if not self:
            return []
        differences = []
        if self.count is not None and self.count != len(good):
            differences.append(f"expected {self.count} good artifacts, found {len(good)}")
        names = set(good) if self.names is None else self.names
        differences += [f"expected, but not good: {name}" for name in sorted(names - set(good))]
        differences += [f"good, but not expected: {name}" for name in sorted(set(good) - names)]
        differences += [f"in the folder, but not judged: {name}" for name in sorted(unjudged)]
        return differences


def expectation_of(run: Run[CheckOptions]) -> Expectation:
    """Return the expectation that ``--expect`` and ``--expect-file`` describe.

    :raises DiskError: if the file cannot be read.
    :raises UsageError: if it is too large, or a line is not the name of an artifact.
    """
    options = run.options
    if not options.expect_file:
        return Expectation(options.expect)
    path = pathlib.Path(options.expect_file)
    content = read_small_file(path, MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(f"--expect-file {path}: larger than {MAX_BYTES} bytes")
    names = set()
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        if parse_artifact_name(name) is None:
            raise UsageError(
                f"--expect-file {path}: line {number}: {printable(name[:80])!r} is not an "
                "artifact name; put one name on each line"
            )
        names.add(name)
    return Expectation(options.expect, frozenset(names))
