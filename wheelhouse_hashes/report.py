"""Results of a command: the lines to print, and the exit code."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Outcome, Verdict, tiers_text
from wheelhouse_hashes.causes import Cause, gravest
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    from wheelhouse_hashes.errors import Refusal, WheelhouseHashesError

#: The advice printed for each cause.
NEXT_STEP: Mapping[Cause, str] = {
    Cause.UNTRUSTED: "do not publish it; report it to the maintainer of the transparency "
    "log, pinned digests or signing key",
    Cause.REPLACED: "do not publish it, unless you know of a rebuild; then make the list or page "
    "again from the log of the job that built it, not from the container",
    Cause.CORRUPT: "check the network and any proxy, then fetch it again",
    Cause.MISMATCH: "do not publish it; compare its digest with the CI job's log, then upload "
    "the correct file again",
    Cause.CONFLICT: "compare the digests with the CI job's log; if the container has the wrong "
    "one, upload it again with --hashfile or run the index command, then fetch it again",
    Cause.NOT_A_DISTRIBUTION: "open the URL in a browser and look for an error or login page",
    Cause.UNSAFE_NAME: "rename the object in the container",
    Cause.PLUGIN: "fix the plugin or disable it with WHEELHOUSE_HASHES_DISABLED_PLUGINS",
    Cause.MISSING_HASH: "upload it with --hashfile, or fetch it with --missing-hash accept",
    Cause.UNREADABLE_HASH: "upload it again with --hashfile, or correct the digest list",
    Cause.WEAK: "add the artifact to a source of that tier, or remove --require",
    Cause.MISSING_ARTIFACT: "upload it again if it is not in the container, then fetch it again",
    Cause.DISK: "free up disk space or check the folder's permissions, then run the command again",
    Cause.TRUNCATED: "fetch it again, with a longer --wait if the network is unreliable",
    Cause.STALE: "fetch it again later or with a longer --wait",
    Cause.UNREACHABLE: "check the URL and the network, then fetch it again",
    Cause.FORBIDDEN: "check the container's read permission and your credentials",
    Cause.TOO_LARGE: "check the URL: a valid response is never that large",
}


def with_next_step(error: Refusal) -> Refusal:
    """Return an error that ends the command, with the advice for its cause added."""
    error.args = (f"{error}; {NEXT_STEP[error.cause]}",)
    return error


#: The note about companions that were left over when a dev build was pruned.
LEFTOVER_NOTE = "older dev build; only its companions remain"

_MARGIN = " " * 11

#: Maximum width of the name column, so that a few long names do not push the text of
#: every line off the screen.
MAX_WIDTH = 60


def line(word: str, name: str, text: str = "", width: int = 0) -> str:
    """Return one line for the terminal: an outcome or other word, a name, and a text.

    Names and texts may come from untrusted sources, so control characters are escaped.

    :param width: the width of the longest name, for alignment.
    """
    name, text = printable(name), printable(text)
    return f"{word:<9}  {name:<{min(width, MAX_WIDTH)}}  {text}".rstrip()


#: Texts for causes that are expected to go away, in place of the refusal's text, which
#: sounds final.
_NOT_YET: Mapping[Cause, str] = {
    Cause.MISSING_HASH: "hash file not published yet",
    Cause.MISSING_ARTIFACT: "artifact not published yet",
}


def waiting_line(name: str, cause: Cause, text: str, seconds: float) -> str:
    """Return the line, printed once per artifact, that says it will be retried.

    :param seconds: the maximum total time that the run waits.
    """
    why = _NOT_YET.get(cause, f"{cause.value}: {text}")
    return line("waiting", name, f"{why}; waiting up to {seconds:g} s")


#: Maximum number of other origins in the summary line.
_MAX_ORIGINS = 3


@dataclass
class Report:
    """The results of a command; base class of the two kinds of report."""

    #: Errors raised by plugins when it was too late to refuse an artifact.
    problems: list[WheelhouseHashesError] = field(default_factory=list)
    #: True if the user interrupted the command.
    interrupted: bool = False
    #: The error that ended the command early, None if there was none.
    ended_by: WheelhouseHashesError | None = None
    #: The exit code that the verb of a plugin returned instead of a report.
    code: int = 0

    def _codes(self) -> list[int]:
        return [self.code, *(problem.exit_code for problem in self.problems)]

    @property
    def exit_code(self) -> int:
        """The exit code: the most serious one, 130 if interrupted, 0 on success."""
        if self.interrupted:
            return 130
        return self.ended_by.exit_code if self.ended_by else gravest(self._codes())


@dataclass
class FetchReport(Report):
    """The results of ``fetch`` or ``verify``."""

    #: The verdicts, in the order in which they became final.
    verdicts: list[Verdict] = field(default_factory=list)
    #: Artifacts in the folder that this run did not check.
    unjudged: list[str] = field(default_factory=list)
    #: How the folder differs from ``--expect`` and ``--expect-file``.
    incomplete: list[str] = field(default_factory=list)
    #: True if the listing has none of the requested artifacts.
    nothing_matched: bool = False
    #: True if bytes or digests were transferred without TLS.
    plain_http: bool = False
    #: True if they were transferred over TLS without checking certificates.
    unchecked_tls: bool = False
    #: The origins of requests other than the origin that the user named: redirects and
    #: links led to them.
    other_origins: list[str] = field(default_factory=list)

    def _codes(self) -> list[int]:
        nothing = self.nothing_matched or not any(
            v.outcome is not Outcome.WITHDRAWN for v in self.verdicts
        )
        codes = [verdict.exit_code for verdict in self.verdicts]
        lacking = nothing or bool(self.incomplete)
        return [*super()._codes(), *codes, Cause.MISSING_ARTIFACT.exit_code if lacking else 0]

    @property
    def good(self) -> list[str]:
        """The names of the artifacts that were accepted."""
        return [verdict.name for verdict in self.verdicts if verdict.good]

    def _other_origins(self) -> str:
        shown = self.other_origins[:_MAX_ORIGINS]
        more = len(self.other_origins) - len(shown)
        return printable(", ".join(shown)) + (f" and {more} more" if more else "")

    def _tiers(self) -> list[str]:
        """Count the verified artifacts by their strongest tier, and name the weakest one."""
        count = Counter(v.tier for v in self.verdicts if v.tier is not None)
        if not count:
            return []
        numbers = [f"{tier} {count[tier]}" for tier in sorted(count, reverse=True)]
        return [*(numbers if len(numbers) > 1 else ()), f"weakest tier: {min(count)}"]

    def closing(self) -> str:
        """Return the closing lines."""
        count = Counter(verdict.outcome for verdict in self.verdicts)
        verified = f"verified {count[Outcome.OK]} of {len(self.verdicts)} artifacts"
        if self.good:
            facts = self._tiers()
            facts += ["over plain HTTP"] if self.plain_http else []
            facts += ["TLS certificates not checked"] if self.unchecked_tls else []
            facts += [f"also from {self._other_origins()}"] if self.other_origins else []
            verified += f" ({', '.join(facts)})" if facts else ""
        parts = [verified]
        parts += [
            f"{outcome.value} {count[outcome]}"
            for outcome in (Outcome.UNVERIFIED, Outcome.REFUSED, Outcome.WITHDRAWN)
            if count[outcome]
        ]
        lines = [", ".join(parts)]
        if self.unjudged:
            lines.append("in the folder but not checked by this run:")
            lines += [f"{_MARGIN}{name}" for name in self.unjudged]
        lines += [f"incomplete: {text}" for text in self.incomplete]
        lines += [f"problem: {printable(str(problem))}" for problem in self.problems]
        if self.interrupted:
            lines.append("interrupted: run the command again; good files are kept")
        return "\n".join(lines)


def describe_verdict(verdict: Verdict, width: int = 0) -> str:
    """Return the lines about one artifact.

    :param verdict: the verdict.
    :param width: the width of the longest name, for alignment.
    """
    word = verdict.outcome.value
    if verdict.outcome is Outcome.OK:
        algorithms = ",".join(sorted({claim.digest.algorithm for claim in verdict.claims}))
        sources = ", ".join(dict.fromkeys(claim.source for claim in verdict.claims))
        text = f"{algorithms}  {sources}  {tiers_text(verdict.tiers)}"
        if algorithms == "md5":
            text += "  md5 detects accidental corruption, not tampering"
        if verdict.text:
            text += f"  ({verdict.text})"
        return line(word, verdict.name, text, width)
    if verdict.cause is None:
        return line(word, verdict.name, verdict.text, width)
    lines = [line(word, verdict.name, f"{verdict.cause.value}: {verdict.text}", width)]
    if verdict.digests:
        lines += [
            f"expected  {claim.digest}  {claim.source}, {claim.where}" for claim in verdict.claims
        ]
        if verdict.expected_size is not None:
            lines.append(f"expected  {verdict.expected_size} bytes")
        algorithms_claimed = {claim.digest.algorithm for claim in verdict.claims}
        for algorithm in sorted(algorithms_claimed or {DEFAULT_ALGORITHM}):
            lines.append(f"got       {algorithm}:{verdict.digests[algorithm]}")
        lines.append(f"got       {verdict.size} bytes")
    lines.append(f"next      {NEXT_STEP[verdict.cause]}")
    return f"\n{_MARGIN}".join([lines[0], *map(printable, lines[1:])])


class UploadOutcome(enum.Enum):
    """The outcome for one file of an upload."""

    SENT = "sent"  #: published, and confirmed by a read-back
    REPLACED = "replaced"  #: as ``SENT``, in place of different bytes
    THERE = "there"  #: it and all companions were already in the container
    SKIPPED = "skipped"  #: not an artifact
    REFUSED = "refused"  #: different bytes in the container, or a plugin objected
    FAILED = "failed"  #: the store, the network or the disk failed


@dataclass(frozen=True)
class UploadRecord:
    """The result for one file of an upload."""

    #: The file's name.
    name: str
    #: The outcome.
    outcome: UploadOutcome
    #: One sentence for the user; may be empty.
    text: str = ""
    #: The exit code for this record.
    exit_code: int = 0

    @classmethod
    def of_error(cls, name: str, error: WheelhouseHashesError) -> UploadRecord:
        """Return the record of a file that was not published.

        :param name: the file's name.
        :param error: the reason.
        """
        outcome = UploadOutcome.REFUSED if error.exit_code == 1 else UploadOutcome.FAILED
        return cls(name, outcome, error.message, error.exit_code)


@dataclass
class UploadReport(Report):
    """The results of an upload."""

    #: The records, in the order in which they were made.
    records: list[UploadRecord] = field(default_factory=list)
    #: The names of old dev builds and their companions that were deleted.
    pruned: list[str] = field(default_factory=list)
    #: True if the folder has no artifact, and ``--allow-empty`` is not given.
    nothing_found: bool = False

    def _codes(self) -> list[int]:
        codes = [record.exit_code for record in self.records]
        empty = Cause.MISSING_ARTIFACT.exit_code if self.nothing_found else 0
        return [*super()._codes(), *codes, empty]

    def closing(self, container: str) -> str:
        """Return the closing lines.

        :param container: the container's name.
        """
        count = Counter(record.outcome for record in self.records)
        parts = [f"{outcome.value} {count[outcome]}" for outcome in UploadOutcome if count[outcome]]
        if self.pruned:
            parts.append(f"pruned {len(self.pruned)}")
        nothing = "nothing was sent" if self.interrupted else "nothing to send"
        lines = [f"container {container}: {', '.join(parts) or nothing}"]
        lines += [f"problem: {printable(str(problem))}" for problem in self.problems]
        if self.interrupted:
            lines.append("interrupted: run the command again to send the rest")
        return "\n".join(lines)


def describe_record(record: UploadRecord, width: int = 0) -> str:
    """Return the line about one file of an upload."""
    return line(record.outcome.value, record.name, record.text, width)
