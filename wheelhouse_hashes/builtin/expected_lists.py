"""Read the files of ``--expect-file`` and ``--expect-cibuildwheel``.

Imported only if one of the options is given.
"""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import listed, printable
from wheelhouse_hashes.formats import kind_changes
from wheelhouse_hashes.formats.build_identifiers import Identifier, parse_identifier, unmet
from wheelhouse_hashes.formats.expected_lines import ExpectedLines, parse_lines

if TYPE_CHECKING:
    from wheelhouse_hashes.formats.differences import Difference
    from wheelhouse_hashes.options import CheckOptions
    from wheelhouse_hashes.run import Run

#: Maximum size of a file, in bytes.
MAX_BYTES = 1024 * 1024

#: Maximum number of wheels that the note about unexpected ones names.
_MAX_NAMED = 5


def _read(run: Run[CheckOptions], option: str, path: str) -> str:
    """Return the text of a file.

    :raises DiskError: if it cannot be read.
    :raises UsageError: if it is too large.
    """
    content = run.read_file(pathlib.Path(path), MAX_BYTES)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{option} {printable(path)}: larger than {MAX_BYTES} bytes")
    return content.decode("utf-8-sig", "replace")


def expected_lines(run: Run[CheckOptions], path: str) -> ExpectedLines:
    """Read the list of ``--expect-file``, without excluded artifacts.

    :param run: the command in progress.
    :param path: the file.
    :raises DiskError: if it cannot be read.
    :raises UsageError: if a line is not valid, or if nothing is expected.
    """
    text = _read(run, "--expect-file", path)
    try:
        return parse_lines(text).excluding(run.options.exclude)
    except ValueError as error:
        raise UsageError(f"--expect-file {printable(path)}: {error}") from None


class BuildIdentifiers:
    """The expectation of ``--expect-cibuildwheel``.

    :param run: the command in progress.
    :raises DiskError: if a file cannot be read.
    :raises UsageError: if a line is not a build identifier, or if there are none.
    """

    def __init__(self, run: Run[CheckOptions]) -> None:
        self._run = run
        found: dict[Identifier, None] = {}
        for path in run.options.expect_cibuildwheel:
            found |= dict.fromkeys(_identifiers(run, path))
        exclude = run.options.exclude
        self._identifiers = [each for each in found if not any(map(each.matches, exclude))]
        if not self._identifiers:
            raise UsageError("--exclude: excludes all identifiers of --expect-cibuildwheel")

    def unmet(self, good: Collection[str]) -> list[Difference]:
        """Return what is missing, and note wheels that no identifier stands for.

        :param good: the names of the artifacts with a good verdict.
        :returns: one difference for each group of identifiers without a wheel.
        """
        wheels = [name for name in good if name.endswith(".whl")]
        others = [w for w in wheels if not any(each.fits(w) for each in self._identifiers)]
        if others:
            named = listed(sorted(others), most=_MAX_NAMED)
            text = f"no build identifier of --expect-cibuildwheel: {named}"
            self._run.note_once(text, text)
        missing = set(unmet(self._identifiers, wheels))
        before = Counter(each.kind for each in self._identifiers)
        # A wheel that no identifier stands for does not make up for one that is missing.
        now = kind_changes.kinds_of(others)
        for kind in before:
            del now[kind]
        now.update(each.kind for each in self._identifiers if each not in missing)
        return kind_changes.lost(before, now, "the build identifiers")


def _identifiers(run: Run[CheckOptions], path: str) -> Iterator[Identifier]:
    option = "--expect-cibuildwheel"
    empty = True
    for number, line in enumerate(_read(run, option, path).splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        identifier = parse_identifier(text)
        if identifier is None:
            why = "is not a build identifier such as cp312-manylinux_x86_64"
            where = f"{option} {printable(path)}: line {number}"
            raise UsageError(f"{where}: {text[:80]!r} {why}")
        empty = False
        yield identifier
    if empty:
        # It prints nothing, and exits with 0, if CIBW_BUILD matches nothing.
        text = "it has no build identifiers; check CIBW_BUILD, --platform and --archs"
        raise UsageError(f"{option} {printable(path)}: {text}")
