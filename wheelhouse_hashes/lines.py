"""The lines that commands print about their results."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Outcome
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.filenames import MARGIN, printable

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Claim, Finding, Tier, Verdict
    from wheelhouse_hashes.report import UploadRecord

#: The note about companions that were left over when a dev build was pruned.
LEFTOVER_NOTE = "older dev build; only its companions remain"


def others_write(others: str) -> str:
    """Return the text about a folder that other users can write to.

    :param others: these users.
    """
    return f"{others} can write to this folder and change files after the check"


def tiers_text(tiers: Iterable[Tier]) -> str:
    """Return tiers as they are printed, the strongest first: ``pinned+logged``."""
    return "+".join(map(str, sorted(tiers, reverse=True)))


#: Maximum width of the name column, so that a few long names do not push the text of
#: every line off the screen.
MAX_WIDTH = 60


#: Commands that CI services find anywhere in a line: ``##[error]`` (GitHub Actions and Azure
#: Pipelines), ``##vso[...]`` (Azure Pipelines), ``##teamcity[...]``.
_COMMAND = re.compile(r"##(?=\w*\[)")

#: A workflow command of GitHub Actions, which must begin a line.
_LINE_COMMAND = re.compile(r"(\s*):(?=:)")


def harmless(text: str) -> str:
    """Return lines that no terminal and no CI service takes for a command.

    Control characters are escaped, except line feeds and tabs, and so is one character of
    each command of a CI service (``::error``, ``##[error]``, ``##vso[...]``).
    """
    if "#" not in text and ":" not in text and text.isprintable():
        return text
    return "\n".join(map(_harmless_line, text.split("\n")))


def _harmless_line(text: str) -> str:
    text = "\t".join(map(printable, text.split("\t")))
    text = _COMMAND.sub(r"#\\x23", text)
    start = _LINE_COMMAND.match(text)
    return f"{start[1]}\\x3a{text[start.end() :]}" if start else text


def encodable(text: str, encoding: str | None) -> str:
    """Return a text in which characters that an encoding lacks are escaped.

    :param text: the text.
    :param encoding: the encoding of a stream, None if it has none.
    """
    if text.isascii() or not encoding:
        return text
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except (LookupError, UnicodeError):  # an encoding of others
        return text.encode("ascii", "backslashreplace").decode()


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
    Cause.NOT_LOGGED: "not in the log yet",
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
        algorithms = ",".join(sorted(verdict.algorithms))
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
            f"expected  {_expected(claim)}  {claim.source}, {claim.where}"
            for claim in verdict.claims
        ]
        if verdict.expected_size is not None:
            lines.append(f"expected  {verdict.expected_size} bytes")
        known = verdict.algorithms or {DEFAULT_ALGORITHM}
        for algorithm in sorted(known.intersection(verdict.digests) or verdict.digests):
            lines.append(f"got       {algorithm}:{verdict.digests[algorithm]}")
        if verdict.size is not None:
            lines.append(f"got       {verdict.size} bytes")
    lines.append(f"next      {verdict.next_step}")
    return f"\n{MARGIN}".join([lines[0], *map(printable, lines[1:])])


def _expected(claim: Claim) -> str:
    more = len(claim.alternatives)
    return f"{claim.digest}" + (f" or {more} other digest{'s'[: more > 1]}" if more else "")


def describe_record(record: UploadRecord, width: int = 0) -> str:
    """Return the lines about one file of an upload."""
    text = line(record.outcome.value, record.name, record.text, width)
    return f"{text}\n{MARGIN}next      {printable(record.next)}" if record.next else text
