"""Completeness checks: ``--expect``, ``--expect-file``, ``--expect-like`` and others.

Without an expectation, an incomplete release looks complete.  A listing that is cut is
incomplete whatever is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause, register
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.option_values import Once, count
from wheelhouse_hashes.options import PREFIX, CheckOptions, Options, UploadOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.expected_lists import BuildIdentifiers
    from wheelhouse_hashes.builtin.expected_releases import EarlierRelease
    from wheelhouse_hashes.formats.differences import Difference
    from wheelhouse_hashes.formats.expected_lines import ExpectedLines
    from wheelhouse_hashes.report import FetchReport, Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: The cause of a release that differs from the expected one.
INCOMPLETE = register(
    "incomplete",
    4,
    next="build or upload the missing artifacts and remove the surplus ones, or correct "
    "--expect, --expect-file or --expect-cibuildwheel",
)

_UPLOAD_REST = "build and upload the missing artifacts, or correct --expect"


class _Expectations:
    """What the options of a run expect, apart from a number.

    Not a dataclass, because generating one adds to the time of every start.
    """

    def __init__(
        self,
        lines: ExpectedLines | None,
        identifiers: BuildIdentifiers | None,
        release: EarlierRelease | None,
    ) -> None:
        self.lines = lines
        self.identifiers = identifiers
        self.release = release


_expectations: WeakKeyDictionary[Run, _Expectations] = WeakKeyDictionary()


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--expect`` and the other options of completeness."""
    if verb in ("upload", "fetch", "verify"):
        uploaded = "artifacts to be uploaded, or in the container already"
        what = uploaded if verb == "upload" else "good artifacts in the folder"
        parser.add_argument(
            "--expect",
            action=Once,
            type=count,
            metavar="N",
            environment=f"{PREFIX}EXPECT",
            help=f"require exactly N {what} (exit code 4 otherwise)",
        )
    if verb in ("fetch", "verify"):
        _add_check_options(parser)


def _add_check_options(parser: OptionGroup) -> None:
    parser.add_argument(
        "--expect-file",
        path="file",
        action=Once,
        metavar="LIST",
        help="require exactly the artifacts of the file LIST (exit code 4 otherwise); each line is "
        "a name, TAG-GLOB [COUNT or MIN-MAX], or !TAG-GLOB",
    )
    parser.add_argument(
        "--expect-like",
        path="file",
        action=Once,
        metavar="[VERSION@]WHAT",
        help="require the kinds of artifacts that another release has (exit code 4 otherwise): "
        "best its own release candidate, by default the highest final version below; WHAT is a "
        "folder, a digest list, or the URL of an index page or container",
    )
    parser.add_argument(
        "--without",
        action="append",
        metavar="TAG-GLOB",
        help="with --expect-like, artifacts that are no longer built; repeatable",
    )
    parser.add_argument(
        "--expect-cibuildwheel",
        path="file",
        action="append",
        metavar="FILE",
        help="require at least one wheel for each build identifier in FILE, as cibuildwheel "
        "--print-build-identifiers prints them (exit code 4 otherwise); repeatable",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        metavar="TAG-GLOB",
        help="leave out artifacts whose PYTHON-ABI-PLATFORM tag matches, such as '*-win32' or "
        "sdist; they are counted, and never missing; repeatable",
    )


@hookimpl
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Read the expectations, before anything is fetched."""
    if isinstance(run.options, CheckOptions):
        _expectations[run] = _read(cast("Run[CheckOptions]", run), run.options)


def _read(run: Run[CheckOptions], options: CheckOptions) -> _Expectations:
    """Return the expectations of a run.

    :raises DiskError: if a file cannot be read.
    :raises UsageError: if a file or a pattern is not valid, or if nothing is expected.
    """
    # The modules are imported only for runs with these options: --help and others start faster.
    if options.exclude or options.without:
        from wheelhouse_hashes.formats.tag_globs import check_globs

        check_globs("--exclude", options.exclude)
        check_globs("--without", options.without)
        if options.without and options.expect_like is None:
            raise UsageError("--without: no effect without --expect-like")
    lines = identifiers = release = None
    if options.expect_file is not None:
        from wheelhouse_hashes.builtin.expected_lists import expected_lines

        lines = expected_lines(run, options.expect_file)
    if options.expect_cibuildwheel:
        from wheelhouse_hashes.builtin.expected_lists import BuildIdentifiers

        identifiers = BuildIdentifiers(run)
    if options.expect_like is not None:
        from wheelhouse_hashes.builtin.expected_releases import EarlierRelease

        release = EarlierRelease(run)
    return _Expectations(lines, identifiers, release)


@hookimpl
def wheelhouse_prepare(run: Run[Options]) -> None:
    """Read the release that ``--expect-like`` names."""
    expected = _expectations.get(run)
    if expected is not None and expected.release is not None:
        expected.release.read()


@hookimpl
def wheelhouse_conclude(run: Run[Options], report: Report) -> Sequence[Finding]:
    """Compare the good or published artifacts with the expectations."""
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport, UploadOutcome, UploadReport

    if isinstance(report, UploadReport) and isinstance(run.options, UploadOptions):
        in_container = {
            *(UploadOutcome.SENT, UploadOutcome.REPLACED, UploadOutcome.THERE),
            UploadOutcome.PLANNED,  # would be
        }
        published = sum(record.outcome in in_container for record in report.records)
        if run.options.expect in (None, published):
            return []
        text = f"expected {run.options.expect} uploaded artifacts, found {published}"
        return [Finding(INCOMPLETE, text, next=_UPLOAD_REST)]
    if not isinstance(report, FetchReport):
        return []
    findings = [Finding(Cause.LISTING_CUT, f"{url}: {why}") for url, why in report.cut.items()]
    expected = _expectations.get(run)
    if expected is not None and isinstance(run.options, CheckOptions):
        findings += [
            Finding(INCOMPLETE, each.text, missing=each.missing, unexpected=each.unexpected)
            for each in _differences(run.options.expect, expected, report)
        ]
        if expected.release is not None:
            findings += expected.release.findings(report, INCOMPLETE)
    return findings


def _differences(
    number: int | None, expected: _Expectations, report: FetchReport
) -> Iterator[Difference]:
    """Yield the differences between the folder and what is expected."""
    # Imported here because most runs expect nothing.
    from wheelhouse_hashes.formats.differences import Difference

    good = report.good
    if number not in (None, len(good)):
        yield Difference(f"expected {number} good artifacts, found {len(good)}")
    if expected.lines is not None:
        yield from expected.lines.unmet(good)
    if number is not None or expected.lines is not None:
        for name in sorted(report.unjudged):
            yield Difference(f"in the folder, but not checked: {name}", unexpected=(name,))
    if expected.identifiers is not None:
        yield from expected.identifiers.unmet(good)
