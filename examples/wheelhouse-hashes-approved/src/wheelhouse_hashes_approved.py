"""Artifacts that a person approved.

``--approved-list FILE`` makes ``fetch --verify`` and ``verify`` accept only the artifacts of a
digest list that somebody signed off, and objects if one of them was not fetched.  A plugin
for wheelhouse-hashes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, Finding, ListedArtifact, Outcome, Tier
from wheelhouse_hashes.causes import Cause, register
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.report import FetchReport, Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.verbs import OptionGroup

NOT_APPROVED = register(
    "not-approved", 3, next="have it checked and added to the approved list, or do not publish it"
)

#: Maximum size of the list, in bytes.
MAX_BYTES = 1024 * 1024

#: The line that signs the list off.
SIGN_OFF = re.compile(r"#\s*approved by:?\s+(\S.*)", re.IGNORECASE)

#: A line as ``sha256sum`` writes it.
ENTRY = re.compile(r"([0-9A-Fa-f]{64}) [ *](.+)", re.ASCII)


@dataclass(frozen=True)
class Approved:
    """An approved list."""

    #: The path or URL, without secrets.
    where: str
    #: The origins of the URL and of the answer; empty for a path.
    origins: tuple[str, ...]
    #: The person who signed it off.
    by: str
    #: The approved artifacts: name to digest.
    digests: Mapping[str, Digest]


#: The lists of the commands in progress.  Outside of tests, a process runs only one.
_lists: dict[Run, Approved] = {}


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--approved-list``."""
    if verb in ("fetch", "verify"):
        parser.add_argument(
            "--approved-list",
            metavar="FILE",
            type=_path_or_url,
            environment="WHEELHOUSE_UPLOADER_APPROVED_LIST",
            help="accept only the artifacts in this digest list, which a person signed off: a "
            "file or an https URL with a line such as '# approved by: Jane Doe'",
        )


def _path_or_url(value: str) -> str:
    """Reject a URL over which others could change the list, and an empty value."""
    scheme, separator, _ = value.partition("://")
    if not value or (separator and scheme.lower() != "https"):
        raise argparse.ArgumentTypeError(f"{value!r}: use the path of a file or an https URL")
    return value


@hookimpl
def wheelhouse_tiers(run: Run) -> Sequence[Tier]:
    """Supply pinned claims if a list is given."""
    return [Tier.PINNED] if run.options.extra.get("approved_list") else []


@hookimpl
def wheelhouse_prepare(run: Run) -> None:
    """Read the list before anything is fetched."""
    given = run.options.extra.get("approved_list")
    if not given:
        return
    origins: tuple[str, ...] = ()
    if "://" in given:
        if not run.verify_tls:
            raise UsageError("--approved-list with a URL: remove --no-ssl-check")
        answer = run.client.get(given, max_bytes=MAX_BYTES)
        content, origins = answer.body, (_origin(given), _origin(answer.url))
        if not origins[1].startswith("https://"):
            raise UsageError(f"--approved-list {run.shown(given)}: redirected to plain HTTP")
    else:
        content = run.read_file(given, MAX_BYTES)
    where = run.shown(given) if origins else given
    if len(content) > MAX_BYTES:
        raise UsageError(f"--approved-list {where}: larger than {MAX_BYTES} bytes")
    by, digests = read_list(content, where)
    _lists[run] = Approved(where, origins, by, digests)


def _origin(url: str) -> str:
    """Return the origin of an http or https URL, without the port 443."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower().removesuffix(":443")


def read_list(content: bytes, where: str) -> tuple[str, Mapping[str, Digest]]:
    """Read an approved list.

    :param content: the content of the file.
    :param where: its path or URL, for messages.
    :returns: the person who signed it off, and the digests by artifact name.
    :raises UsageError: if nobody signed it off, or a line is invalid.
    """
    by, digests = "", dict[str, Digest]()
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        if match := SIGN_OFF.fullmatch(line.strip()):
            by = printable(match[1])
        elif line.strip() and not line.startswith("#"):
            match = ENTRY.fullmatch(line.rstrip())
            if match is None or parse_artifact_name(match[2]) is None:
                text = "expected a SHA-256 digest, two spaces and the name of an artifact"
                raise UsageError(f"--approved-list {where}, line {number}: {text}")
            digest = Digest("sha256", match[1])
            if digests.setdefault(match[2], digest) != digest:
                text = f"another digest for {match[2]} than in an earlier line"
                raise UsageError(f"--approved-list {where}, line {number}: {text}")
    if not by:
        text = "nobody signed it off; add a line such as '# approved by: Jane Doe'"
        raise UsageError(f"--approved-list {where}: {text}")
    return by, digests


@hookimpl
def wheelhouse_claims(artifact: ListedArtifact, run: Run) -> Sequence[Claim | Finding]:
    """Claim the approved digest; refuse an artifact that is not in the list."""
    approved = _lists.get(run)
    if approved is None:
        return []
    digest = approved.digests.get(artifact.name)
    if digest is None:
        return [Finding(NOT_APPROVED, f"{approved.by} did not approve it in {approved.where}")]
    # Anyone who can replace an artifact can replace a list beside it.
    beside = _origin(artifact.url) in approved.origins
    return [
        Claim(
            digest,
            "approved list",
            approved.where,
            Tier.CONTAINER if beside else Tier.PINNED,
            origins=approved.origins,
            evidence={"approved by": approved.by},
        )
    ]


@hookimpl
def wheelhouse_conclude(run: Run, report: Report) -> Sequence[Finding]:
    """Object to approved artifacts of the release that were neither fetched nor found."""
    approved = _lists.get(run)
    if approved is None or not isinstance(report, FetchReport):
        return []
    judged = {v.name for v in report.verdicts if v.outcome is not Outcome.WITHDRAWN}
    release = {_release(name) for name in judged}
    missing = sorted(approved.digests.keys() - judged)
    advice = "upload it, or approve the release without it"
    return [
        Finding(Cause.MISSING_ARTIFACT, f"{name}: approved by {approved.by}, but missing", advice)
        for name in missing
        if _release(name) in release
    ]


def _release(name: str) -> tuple[str, str]:
    """Return the project and version of an artifact; both are empty for other names."""
    parsed = parse_artifact_name(name)
    return (parsed.project, str(parsed.version)) if parsed else ("", "")


@hookimpl
def wheelhouse_run_finished(run: Run) -> None:
    """Forget the list."""
    _lists.pop(run, None)
