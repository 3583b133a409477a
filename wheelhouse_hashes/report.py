"""Results of a command: the lines to print, and the exit code."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import (
    Digest,
    Finding,
    LocalArtifact,
    Outcome,
    Verdict,
)
from wheelhouse_hashes.causes import Cause, gravest
from wheelhouse_hashes.errors import Refusal
from wheelhouse_hashes.filenames import MARGIN, listed, printable
from wheelhouse_hashes.records import Record

if TYPE_CHECKING:
    from wheelhouse_hashes.errors import WheelhouseHashesError

#: Maximum number of other origins in the summary line.
_MAX_ORIGINS = 3


@dataclass(repr=False, eq=False)
class Report(Record):
    """The results of a command; base class of the kinds of report."""

    #: Errors raised by plugins when it was too late to refuse an artifact.
    problems: list[WheelhouseHashesError] = field(default_factory=list)
    #: True if the user interrupted the command.
    interrupted: bool = False
    #: The error that ended the command early, None if there was none.
    ended_by: WheelhouseHashesError | None = None
    #: Objections to the run as a whole, from ``wheelhouse_conclude``.
    findings: list[Finding] = field(default_factory=list)
    #: The exit code that the verb of a plugin returned instead of a report.
    code: int = 0

    __hash__ = None  # type: ignore[assignment]

    def _codes(self) -> list[int]:
        return [
            self.code,
            *(problem.exit_code for problem in self.problems),
            *(finding.cause.exit_code for finding in self.findings),
        ]

    def problem_lines(self) -> list[str]:
        """Return the closing lines about the problems."""
        texts = (f"{p}; {p.next}" if p.next else str(p) for p in self.problems)
        return [f"problem: {printable(text)}" for text in texts]

    @property
    def exit_code(self) -> int:
        """The exit code: the most serious one, 130 if interrupted, 0 on success."""
        if self.interrupted:
            return 130
        return self.ended_by.exit_code if self.ended_by else gravest(self._codes())


@dataclass(frozen=True, repr=False, eq=False)
class ListingRecord(Record):
    """The listing that artifacts were selected from."""

    #: Its URL after redirects, without secrets.
    url: str
    #: False if it was read over plain HTTP, or over TLS without checking certificates.
    secure: bool


@dataclass(repr=False, eq=False)
class FetchReport(Report):
    """The results of ``fetch`` or ``verify``."""

    #: The verdicts, in the order in which they became final.
    verdicts: list[Verdict] = field(default_factory=list)
    #: Artifacts in the folder that this run did not check.
    unjudged: list[str] = field(default_factory=list)
    #: True if the listing has none of the requested artifacts.
    nothing_matched: bool = False
    #: True if bytes or digests were transferred without TLS.
    plain_http: bool = False
    #: True if they were transferred over TLS without checking certificates.
    unchecked_tls: bool = False
    #: True if a private container that was read is a folder of this machine.
    local_container: bool = False
    #: The origins of requests other than the origin that the user named: redirects and
    #: links led to them.
    other_origins: list[str] = field(default_factory=list)
    #: True if only digests were compared, and no artifact was read.
    no_bytes: bool = False
    #: False if no request was made to the named origin, such as that of a container.
    named_origin_answered: bool = True
    #: The artifacts that ``--exclude`` left out.
    excluded: frozenset[str] = frozenset()
    #: The listing, None if it was not read.
    listing: ListingRecord | None = None
    #: The listings that are known to lack objects, those of ``--against`` included: URLs, and
    #: why, as in :class:`~wheelhouse_hashes.transport.Listing`.
    cut: dict[str, str] = field(default_factory=dict)

    def _codes(self) -> list[int]:
        nothing = self.nothing_matched or not any(
            v.outcome is not Outcome.WITHDRAWN for v in self.verdicts
        )
        codes = [verdict.exit_code for verdict in self.verdicts]
        return [*super()._codes(), *codes, Cause.MISSING_ARTIFACT.exit_code if nothing else 0]

    @property
    def good(self) -> list[str]:
        """The names of the artifacts that were accepted."""
        return [verdict.name for verdict in self.verdicts if verdict.good]

    def _other_origins(self) -> str:
        return printable(listed(self.other_origins, most=_MAX_ORIGINS))

    def _tiers(self) -> list[str]:
        """Count the verified artifacts by their strongest tier, and name the weakest one.

        Artifacts that have MD5 digests only are counted, too.
        """
        verified = [verdict for verdict in self.verdicts if verdict.tiers]
        count = Counter(max(verdict.tiers) for verdict in verified)
        if not count:
            return []
        numbers = [f"{tier} {count[tier]}" for tier in sorted(count, reverse=True)]
        weak = sum(verdict.algorithms == {"md5"} for verdict in verified)
        facts = [f"md5 only: {weak}"] if weak else []
        return [*(numbers if len(numbers) > 1 else ()), f"weakest tier: {min(count)}", *facts]

    def closing(self) -> str:
        """Return the closing lines."""
        count = Counter(verdict.outcome for verdict in self.verdicts)
        planned = count[Outcome.PLANNED]
        done = f"dry run: would fetch {planned}" if planned else f"verified {count[Outcome.OK]}"
        verified = f"{done} of {len(self.verdicts)} artifacts"
        if self.good:
            facts = self._tiers()
            facts += ["over plain HTTP"] if self.plain_http else []
            facts += ["TLS certificates not checked"] if self.unchecked_tls else []
            facts += ["from a local folder"] if self.local_container else []
            also = "also from" if self.named_origin_answered else "from"
            facts += [f"{also} {self._other_origins()}"] if self.other_origins else []
            verified += f" ({', '.join(facts)})" if facts else ""
        parts = [verified]
        parts += [
            f"{outcome.value} {count[outcome]}"
            for outcome in (Outcome.UNVERIFIED, Outcome.REFUSED, Outcome.WITHDRAWN)
            if count[outcome]
        ]
        parts += [f"excluded {len(self.excluded)}"] if self.excluded else []
        lines = [", ".join(parts)]
        if self.no_bytes:
            lines[0] += "; no artifact was read: digests were compared with digests"
        if self.unjudged:
            lines.append("in the folder but not checked by this run:")
            lines += [f"{MARGIN}{printable(name)}" for name in sorted(self.unjudged)]
        lines += self.problem_lines()
        if self.interrupted:
            lines.append("interrupted: run the command again; good files are kept")
        return "\n".join(lines)


#: The exit codes of a store, a network or a disk that failed, and of a usage error.
_FAILURES = frozenset({2, 5, 6})


class UploadOutcome(enum.Enum):
    """The outcome for one file of ``upload`` or ``hash``."""

    SENT = "sent"  #: published, and confirmed by a read-back
    REPLACED = "replaced"  #: as ``SENT``, in place of different bytes
    THERE = "there"  #: it and all companions were already in the container
    SKIPPED = "skipped"  #: not an artifact
    REFUSED = "refused"  #: different bytes in the container, or a plugin objected
    FAILED = "failed"  #: the store, the network or the disk failed
    PLANNED = "planned"  #: would be sent (``--dry-run``)
    HASHED = "hashed"  #: by ``hash``: read, and sound


@dataclass(frozen=True, repr=False, eq=False)
class UploadRecord(Record):
    """The result for one file of ``upload`` or ``hash``."""

    #: The file's name.
    name: str
    #: The outcome.
    outcome: UploadOutcome
    #: One sentence for the user; may be empty.
    text: str = ""
    #: The exit code for this record.
    exit_code: int = 0
    #: Why it was refused; None if it was not, or if the store failed.
    cause: Cause | None = None
    #: What to do next, if a plugin gave advice; empty otherwise.
    next: str = ""
    #: The file's size in bytes, None if it was not read.
    size: int | None = None
    #: The file's digests: algorithm to hex; empty if it was not read.
    digests: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_error(cls, name: str, error: WheelhouseHashesError) -> UploadRecord:
        """Return the record of a file that was not published or hashed.

        :param name: the file's name.
        :param error: the reason.
        """
        failed = error.exit_code in _FAILURES
        outcome = UploadOutcome.FAILED if failed else UploadOutcome.REFUSED
        cause = error.cause if isinstance(error, Refusal) else None
        return cls(name, outcome, error.message, error.exit_code, cause, error.next)

    def of_artifact(self, artifact: LocalArtifact) -> UploadRecord:
        """Return the record with the size and digests of the file."""
        return replace(self, size=artifact.size, digests=artifact.digests)


@dataclass(repr=False, eq=False)
class FilesReport(Report):
    """The results for local files; base class of the reports of ``upload`` and ``hash``."""

    #: The records, in the order in which they were made.
    records: list[UploadRecord] = field(default_factory=list)
    #: True if there is no artifact, and ``--allow-empty`` is not given.
    nothing_found: bool = False

    def _codes(self) -> list[int]:
        codes = [record.exit_code for record in self.records]
        empty = Cause.MISSING_ARTIFACT.exit_code if self.nothing_found else 0
        return [*super()._codes(), *codes, empty]

    def _counts(self) -> list[str]:
        count = Counter(record.outcome for record in self.records)
        return [f"{outcome.value} {count[outcome]}" for outcome in UploadOutcome if count[outcome]]


@dataclass(repr=False, eq=False)
class HashReport(FilesReport):
    """The results of ``hash``."""

    def closing(self) -> str:
        """Return the closing lines."""
        lines = [", ".join(self._counts()) or "nothing was hashed", *self.problem_lines()]
        if self.interrupted:
            lines.append("interrupted: no digests were written; run the command again")
        return "\n".join(lines)


@dataclass(repr=False, eq=False)
class UploadReport(FilesReport):
    """The results of an upload."""

    #: The names of old dev builds and their companions that were deleted.
    pruned: list[str] = field(default_factory=list)
    #: The artifacts that the index page links, with their digests (None if unknown); None
    #: if no page was written.
    links: Mapping[str, Digest | None] | None = None

    def closing(self, container: str) -> str:
        """Return the closing lines.

        :param container: the container's name.
        """
        parts = self._counts()
        if self.pruned:
            parts.append(f"pruned {len(self.pruned)}")
        nothing = "nothing was sent" if self.interrupted else "nothing to send"
        lines = [f"container {container}: {', '.join(parts) or nothing}"]
        if any(record.outcome is UploadOutcome.PLANNED for record in self.records):
            lines[0] += "; dry run: nothing was sent"
        lines += self.problem_lines()
        if self.interrupted:
            lines.append("interrupted: run the command again to send the rest")
        return "\n".join(lines)


@dataclass(repr=False, eq=False)
class IndexReport(Report):
    """The results of ``index``."""

    #: The artifacts that the index page links, with their digests (None if unknown); None
    #: if the page was not written.
    links: Mapping[str, Digest | None] | None = None
