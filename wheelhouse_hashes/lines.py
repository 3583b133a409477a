"""The lines that commands print about their results."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Outcome, tiers_text
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.report import MARGIN

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Finding, Verdict
    from wheelhouse_hashes.report import UploadRecord

#: The note about companions that were left over when a dev build was pruned.
LEFTOVER_NOTE = "older dev build; only its companions remain"


def others_write(others: str) -> str:
    """Return the text about a folder that other users can write to.

    :param others: these users.
    """
    return f"{others} can write to this folder and change files after the check"


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


def describe_findings(findings: Iterable[Finding]) -> str:
    """Return the lines about the objections to a run, each with its advice.

    Advice that several successive findings share is printed once, after the last of them.
    """
    lines: list[str] = []
    for advice, group in itertools.groupby(findings, key=lambda finding: finding.next_step):
        lines += [f"{f.cause.value}: {printable(f.text)}" for f in group]
        lines.append(f"{MARGIN}next      {printable(advice)}")
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
    lines.append(f"next      {verdict.next_step}")
    return f"\n{MARGIN}".join([lines[0], *map(printable, lines[1:])])


def describe_record(record: UploadRecord, width: int = 0) -> str:
    """Return the lines about one file of an upload."""
    text = line(record.outcome.value, record.name, record.text, width)
    return f"{text}\n{MARGIN}next      {printable(record.next)}" if record.next else text
