"""GitHub Actions: grid and artifacts in the job summary, and an annotation for each refusal.

Sources: the workflow commands and the environment files of GitHub Actions
(https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.errors import disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.lines import tiers_text

if TYPE_CHECKING:
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

_MARKUP = lazily(r"[\\`*_\[\]|~$#@!]|:(?=//)|(?<=www)\.", re.IGNORECASE)

SUMMARY = "GITHUB_STEP_SUMMARY"

#: Maximum size of a job's summary, in bytes; GitHub shows nothing of a longer one.
_LIMIT = 1024 * 1024

#: The number of artifacts from which on they are ordered by outcome.
_MANY = 1000


@hookimpl
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Write annotations and the job summary, if the run is part of a job."""

    def annotate(title: str, text: str) -> None:
        run.say(_annotation(title, text), command=True)

    annotated = os.environ.get("GITHUB_ACTIONS") == "true"
    path = os.environ.get(SUMMARY)
    if not annotated and not path:
        return
    rows = [(name, word, run.masked(text), step) for name, word, text, step in _rows(report)]
    if annotated:
        for name, _, text, next_step in rows:
            if next_step is not None:
                annotate(name, f"{text}; {next_step}" if next_step else text)
        for problem in (*report.problems, *filter(None, [report.ended_by])):
            annotate(f"wheelhouse {run.verb}", problem.message_and_next)
        for finding in report.findings:
            annotate(finding.cause.value, f"{finding.text}; {finding.next_step}")
    if path and (rows or report.findings):
        with (
            disk_errors(f"write {SUMMARY}"),
            open(path, "a", encoding="utf-8", opener=_open_at_once) as file,
        ):
            file.write(_table(run, report, rows))


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a named pipe that nothing reads is an error, not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


#: Name, outcome, text, and the next step: empty if there is none to suggest, None if
#: nothing went wrong.
_Row = tuple[str, str, str, "str | None"]


def _rows(report: Report) -> list[_Row]:
    # Imported here because only finished runs have a report.
    from wheelhouse_hashes.report import FetchReport, FilesReport

    rows: list[_Row] = []
    if isinstance(report, FetchReport):
        for verdict in report.verdicts:
            text, next_step = verdict.text, None
            if verdict.cause is not None:
                text = f"{verdict.cause.value}: {verdict.text}"
                next_step = verdict.next_step
            elif verdict.claims:
                text = ", ".join(dict.fromkeys(claim.source for claim in verdict.claims))
                text += f" ({tiers_text(verdict.tiers)})" if verdict.tiers else ""
            rows.append((verdict.name, verdict.outcome.value, text, next_step))
    elif isinstance(report, FilesReport):
        for record in report.records:
            next_step = record.next if record.exit_code else None
            rows.append((record.name, record.outcome.value, record.text, next_step))
    return sorted(rows, key=lambda row: row[0])


def _annotation(title: str, text: str) -> str:
    """Return a workflow command; escape characters that could end its parts early."""
    return f"::error title={_escaped(title, ':,')}::{_escaped(text)}"


def _escaped(text: str, further: str = "") -> str:
    text = printable(text)
    for character in "%" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _table(run: Run[Options], report: Report, rows: list[_Row]) -> str:
    lines = [f"### wheelhouse {_cell(run.verb)}: exit {report.exit_code}", "", *_grid(report)]
    lines += ["| artifact | outcome | |", "|---|---|---|"]
    # Artifacts with a next step come first if there is no room for all.
    ordered = rows if len(rows) <= _MANY else sorted(rows, key=lambda row: row[3] is None)
    table = [
        f"| {_cell(name)} | {_cell(word)} | {_cell(text)} |" for name, word, text, _ in ordered
    ]
    lines += _within(_LIMIT // 2, table, "artifacts")
    findings = (run.masked(f"{each.cause.value}: {each.text}") for each in report.findings)
    lines += ["", *_within(_LIMIT // 4, [f"- {_cell(text)}" for text in findings], "findings")]
    return "\n".join(lines) + "\n\n"


def _within(limit: int, lines: list[str], what: str) -> list[str]:
    """Return the first lines that have a number of bytes together; count the others."""
    room = limit
    for number, line in enumerate(lines):
        room -= len(line.encode()) + 1
        if room < 0:
            return [*lines[:number], "", f"and {len(lines) - number} more {what}"]
    return lines


def _grid(report: Report) -> Iterator[str]:
    """Return the lines of the grid, none if there is nothing to compare."""
    # Imported here because most runs have no summary.
    from wheelhouse_hashes.builtin.reports.grid_model import grid_of
    from wheelhouse_hashes.formats.grid import MAX_LABEL, NO_PYTHON, State, shortened
    from wheelhouse_hashes.report import FetchReport

    if not isinstance(report, FetchReport):
        return
    grid = grid_of(report)
    if sum(grid.count.values()) <= 1:
        return
    columns = [shortened(column or NO_PYTHON, MAX_LABEL) for column in grid.columns]
    heads = ["platform", *columns]
    yield f"| {' | '.join(map(_cell, heads))} |"
    yield "|---" * len(heads) + "|"
    for row in grid.rows:
        cells = [_cell(shortened(row, MAX_LABEL))]
        for column in grid.columns:
            text = _cell(grid.cell(row, column))
            bad = grid.worst(row, column) not in (None, State.VERIFIED, State.PLANNED)
            cells.append(f"**{text}**" if bad else text)
        yield f"| {' | '.join(cells)} |"
    yield ""
    if grid.rest:
        yield from (grid.rest, "")


def _cell(text: str) -> str:
    """Return text for a table cell or a list; escape Markdown syntax, and that of HTML.

    That includes what GitHub makes a link or a formula of: ``https://``, ``www.``, ``$``.
    """
    text = _MARKUP.sub(r"\\\g<0>", printable(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
