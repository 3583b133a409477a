"""Completeness checks: ``--expect N`` and ``--expect-file LIST``.

Without an expected count, an incomplete release looks complete.  A listing that is cut is
incomplete whatever is expected.
"""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause, register
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.options import PREFIX, CheckOptions, Options, UploadOptions, count

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: The cause of a release that differs from the expected one.
INCOMPLETE = register(
    "incomplete",
    4,
    next="build or upload the missing artifacts and remove the surplus ones, or correct "
    "--expect and --expect-file",
)

_UPLOAD_REST = "build and upload the missing artifacts, or correct --expect"

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
        lacking, surplus = sorted(names - set(good)), sorted(set(good) - names)
        differences += [f"expected, but missing or refused: {name}" for name in lacking]
        differences += [f"not expected: {name}" for name in surplus]
        differences += [f"in the folder, but not checked: {name}" for name in sorted(unjudged)]
        return differences


_expectations: WeakKeyDictionary[Run, Expectation] = WeakKeyDictionary()


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--expect`` and ``--expect-file``."""
    if verb in ("upload", "fetch", "verify"):
        uploaded = "artifacts to be uploaded, or in the container already"
        what = uploaded if verb == "upload" else "good artifacts in the folder"
        parser.add_argument(
            "--expect",
            type=count,
            metavar="N",
            environment=f"{PREFIX}EXPECT",
            help=f"require exactly N {what} (exit code 4 otherwise)",
        )
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--expect-file",
            metavar="LIST",
            help="require exactly the artifacts named in the file LIST, one per line "
            "(exit code 4 otherwise)",
        )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Read the expectation, before anything is fetched."""
    if isinstance(run.options, CheckOptions):
        _expectations[run] = _expectation(run, run.options)


@hookimpl
def wheelhouse_conclude(run: Run[Options], report: Report) -> Sequence[Finding]:
    """Compare the good or published artifacts with the expectation."""
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport, UploadOutcome, UploadReport

    if isinstance(report, UploadReport) and isinstance(run.options, UploadOptions):
        in_container = {UploadOutcome.SENT, UploadOutcome.REPLACED, UploadOutcome.THERE}
        published = sum(record.outcome in in_container for record in report.records)
        if run.options.expect in (None, published):
            return []
        text = f"expected {run.options.expect} uploaded artifacts, found {published}"
        return [Finding(INCOMPLETE, text, next=_UPLOAD_REST)]
    if not isinstance(report, FetchReport):
        return []
    findings = []
    if report.listing is not None and report.listing.cut:
        text = f"{report.listing.url}: {report.listing.cut}"
        findings.append(Finding(Cause.LISTING_CUT, text))
    expectation = _expectations.get(run, Expectation())
    unmet = expectation.unmet(report.good, report.unjudged)
    return [*findings, *(Finding(INCOMPLETE, text) for text in unmet)]


def _expectation(run: Run[Options], options: CheckOptions) -> Expectation:
    """Return the expectation that ``--expect`` and ``--expect-file`` describe.

    :raises DiskError: if the file cannot be read.
    :raises UsageError: if it is too large, or a line is not the name of an artifact.
    """
    if not options.expect_file:
        return Expectation(options.expect)
    path = pathlib.Path(options.expect_file)
    content = run.read_file(path, MAX_BYTES)
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
