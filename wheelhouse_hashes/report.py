"""What became of everything: lines for the screen, and the exit code."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Outcome, Verdict
from wheelhouse_hashes.causes import Cause, gravest
from wheelhouse_hashes.filenames import printable

if TYPE_CHECKING:
    from wheelhouse_hashes.errors import WheelhouseHashesError

#: What a user can do next about each cause.
NEXT_STEP: Mapping[Cause, str] = {
    Cause.UNTRUSTED: "do not publish it; ask who keeps the log, the pin or the key",
    Cause.CORRUPT: "check the network and the proxy, then fetch again",
    Cause.MISMATCH: "do not publish it; compare with the CI job's log, upload it again",
    Cause.CONFLICT: "upload it again with --hashfile, or run the verb index, then fetch again",
    Cause.NOT_A_DISTRIBUTION: "open the address in a browser: is it an error or login page?",
    Cause.UNSAFE_NAME: "rename the object in the container",
    Cause.PLUGIN: "repair the plugin, or leave it out with WHEELHOUSE_HASHES_DISABLED_PLUGINS",
    Cause.MISSING_HASH: "upload it with --hashfile, or fetch with --missing-hash accept",
    Cause.UNREADABLE_HASH: "upload it again with --hashfile",
    Cause.MISSING_ARTIFACT: "fetch again; if the container lacks it, run the upload again first",
    Cause.DISK: "make room, or check the folder's permissions, then run it again",
    Cause.TRUNCATED: "fetch again, with a longer --wait if the network is bad",
    Cause.STALE: "fetch again later, or with a longer --wait",
    Cause.UNREACHABLE: "check the address and the network, then fetch again",
    Cause.FORBIDDEN: "check the container's read permission and your credentials",
    Cause.TOO_LARGE: "look at the address: it serves more than such a file can have",
}

#: The note about companions that pruning left behind.
LEFTOVER_NOTE = "only companions are left of this older dev build"

_MARGIN = " " * 11

#: Names are aligned up to this width; a few long ones must not push the rest
#: of every line off the screen.
MAX_WIDTH = 60


def line(word: str, name: str, text: str = "", width: int = 0) -> str:
    """Return one line for the screen: a word that says what it is, a name, the rest.

    Names and texts may come from anybody, so control characters are escaped.

    :param width: the width of the longest name, for alignment.
    """
    name, text = printable(name), printable(text)
    return f"{word:<9}  {name:<{min(width, MAX_WIDTH)}}  {text}".rstrip()


#: What may come by itself, where the words of a refusal would be too final.
_NOT_YET: Mapping[Cause, str] = {
    Cause.MISSING_HASH: "hash file not there yet",
    Cause.MISSING_ARTIFACT: "artifact not there yet",
}


def waiting_line(name: str, cause: Cause, text: str, seconds: float) -> str:
    """Return the line that says, once, that something is tried again.

    :param seconds: how long the run may wait, in all.
    """
    why = _NOT_YET.get(cause, f"{cause.value}: {text}")
    return line("waiting", name, f"{why}: waiting, up to {seconds:g} s")


@dataclass
class Report:
    """What became of a command; the base of the two kinds of report."""

    #: What plugins raised where nothing could be refused any more.
    problems: list[WheelhouseHashesError] = field(default_factory=list)
    #: True if the user ended the command.
    interrupted: bool = False
    #: What ended the command before its time, None if nothing did.
    ended_by: WheelhouseHashesError | None = None

    def _codes(self) -> list[int]:
        return [problem.exit_code for problem in self.problems]

    @property
    def exit_code(self) -> int:
        """The exit code: the gravest of all, 130 if interrupted, 0 if all is well."""
        if self.interrupted:
            return 130
        return self.ended_by.exit_code if self.ended_by else gravest(self._codes())


@dataclass
class FetchReport(Report):
    """What became of the artifacts of a fetch."""

    #: The verdicts, in the order in which they were final.
    verdicts: list[Verdict] = field(default_factory=list)
    #: Artifacts in the folder that this run did not judge.
    unjudged: list[str] = field(default_factory=list)
    #: In what the folder differs from what the user expects it to have.
    incomplete: list[str] = field(default_factory=list)
    #: True if the address has nothing of what was asked for.
    nothing_matched: bool = False
    #: True if bytes or digests came without TLS.
    plain_http: bool = False
    #: True if they came over TLS from anybody.
    unchecked_tls: bool = False

    def _codes(self) -> list[int]:
        nothing = self.nothing_matched or not any(
            v.outcome is not Outcome.WITHDRAWN for v in self.verdicts
        )
        codes = [verdict.exit_code for verdict in self.verdicts]
        lacking = nothing or bool(self.incomplete)
        return [*super()._codes(), *codes, Cause.MISSING_ARTIFACT.exit_code if lacking else 0]

    @property
    def good(self) -> list[str]:
        """The names of the artifacts that are under their final names."""
        return [verdict.name for verdict in self.verdicts if verdict.good]

    def closing(self) -> str:
        """Return the closing lines."""
        count = Counter(verdict.outcome for verdict in self.verdicts)
        verified = f"verified {count[Outcome.OK]} of {len(self.verdicts)} artifacts"
        tiers = [verdict.tier for verdict in self.verdicts if verdict.tier is not None]
        if tiers:
            way = ", over plain HTTP" if self.plain_http else ""
            way += ", TLS certificates not checked" if self.unchecked_tls else ""
            verified += f" (weakest tier: {min(tiers)}{way})"
        parts = [verified]
        parts += [
            f"{outcome.value} {count[outcome]}"
            for outcome in (Outcome.UNVERIFIED, Outcome.REFUSED, Outcome.WITHDRAWN)
            if count[outcome]
        ]
        lines = [", ".join(parts)]
        if self.unjudged:
            lines.append("in the folder, but not judged by this run:")
            lines += [f"{_MARGIN}{name}" for name in self.unjudged]
        lines += [f"incomplete: {text}" for text in self.incomplete]
        lines += [f"problem: {printable(str(problem))}" for problem in self.problems]
        if self.interrupted:
            lines.append("interrupted: run it again, good files are kept")
        return "\n".join(lines)


def describe_verdict(verdict: Verdict, width: int = 0) -> str:
    """Return the lines about one artifact.

    :param verdict: what was concluded.
    :param width: the width of the longest name, for alignment.
    """
    word = verdict.outcome.value
    if verdict.outcome is Outcome.OK:
        algorithms = ",".join(sorted({claim.digest.algorithm for claim in verdict.claims}))
        sources = ", ".join(dict.fromkeys(claim.source for claim in verdict.claims))
        text = f"{algorithms}  {sources}  {verdict.tier}"
        if algorithms == "md5":
            text += "  md5 detects accidents only"
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
    """What became of one file of an upload."""

    SENT = "sent"  #: published, and confirmed by a read-back
    REPLACED = "replaced"  #: the same, in the place of other bytes
    THERE = "there"  #: it and every companion were there already
    SKIPPED = "skipped"  #: not an artifact
    REFUSED = "refused"  #: the container has other bytes, or a plugin objected
    FAILED = "failed"  #: the store, the network or the disk failed


@dataclass(frozen=True)
class UploadRecord:
    """What became of one file of an upload."""

    #: The file's name.
    name: str
    #: What became of it.
    outcome: UploadOutcome
    #: One sentence for the user; may be empty.
    text: str = ""
    #: The exit code that this record asks for.
    exit_code: int = 0

    @classmethod
    def of_error(cls, name: str, error: WheelhouseHashesError) -> UploadRecord:
        """Return the record of a file that was not published.

        :param name: the file's name.
        :param error: why it was not.
        """
        outcome = UploadOutcome.REFUSED if error.exit_code == 1 else UploadOutcome.FAILED
        return cls(name, outcome, error.message, error.exit_code)


@dataclass
class UploadReport(Report):
    """What became of the files of an upload."""

    #: The records, in the order in which they came to be.
    records: list[UploadRecord] = field(default_factory=list)
    #: The names of old dev builds, and of their companions, that were deleted.
    pruned: list[str] = field(default_factory=list)

    def _codes(self) -> list[int]:
        return [*super()._codes(), *(record.exit_code for record in self.records)]

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
            lines.append("interrupted: run it again, it sends what is missing")
        return "\n".join(lines)


def describe_record(record: UploadRecord, width: int = 0) -> str:
    """Return the line about one file of an upload."""
    return line(record.outcome.value, record.name, record.text, width)
