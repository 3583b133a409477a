"""The results as JSON and as tables for docs/performance.rst."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.measure import OTHER_VERSION, Row
from benchmarks.targets import Judged

BEGIN = ".. The tables below are written by ``tox run -e bench -- --docs``.\n"
END = ".. The end of the tables.\n"


def as_json(
    rows: Sequence[Row], judged: Sequence[Judged], about: dict[str, Any], facts: dict[str, Any]
) -> str:
    """Return all results as JSON values."""
    found = {
        "about": about,
        "facts": facts,
        "targets": [asdict(one) for one in judged],
        "rows": [
            {
                **asdict(row),
                **({"median": row.median, "min": row.least, "memory": row.memory}
                   if row.samples else {}),
            }
            for row in rows
        ],
    }  # fmt: skip
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a simple table in reStructuredText."""
    # An empty cell in the first column would continue the previous row.
    cells = [[cell or "\\" for cell in line] for line in (header, *lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    rule = "  ".join("=" * width for width in widths)
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([rule, rows[0], rule, *rows[1:], rule, ""])


def targets_table(judged: Sequence[Judged]) -> str:
    """Return the targets as a table."""
    word = {True: "hit", False: "**missed**", None: "-"}
    lines = [(one.target, one.wanted, one.measured, word[one.hit]) for one in judged]
    return table(("target", "wanted", "measured", ""), lines)


def times_table(rows: Sequence[Row]) -> str:
    """Return all times as a table."""
    lines = []
    case = ""
    for row in rows:
        name = "" if row.case == case else row.case
        case = row.case
        if not row.works:
            lines.append((name, row.tool, "failed", "", "", "", "", ""))
            continue
        asked = row.notes
        requests = (
            f"{asked['gets'] + asked['heads'] + asked['missing']:,}" if "gets" in asked else ""
        )
        lines.append(
            (
                name,
                row.tool,
                f"{row.median:.3f}",
                f"{row.least:.3f}",
                str(len(row.samples)),
                f"{row.cpu:.2f}",
                f"{row.memory / 1e6:.0f}",
                requests,
            )
        )
    header = ("case", "tool", "median s", "min s", "runs", "CPU s", "peak MB", "requests")
    return table(header, lines)


def versions_table(rows: Sequence[Row]) -> str:
    """Return the times of wheelhouse-hashes divided by those of the other version."""
    others = {(row.case, row.tool): row for row in rows if row.works}
    lines = []
    for row in rows:
        other = others.get((row.case, row.tool + OTHER_VERSION))
        if other is not None and row.works:
            ratios = (row.median / other.median, row.least / other.least, row.cpu / other.cpu)
            lines.append((row.case, row.tool, *(f"{ratio:.2f}" for ratio in ratios)))
    return table(("case", "tool", "median", "min", "CPU"), lines) if lines else ""


def as_text(
    rows: Sequence[Row], judged: Sequence[Judged], about: dict[str, Any], facts: dict[str, Any]
) -> str:
    """Return the tables with the information needed to read them."""
    installed = "\n".join(f"- {name}: {value}" for name, value in about["versions"].items())
    skipped = "\n".join(f"- {name}: {why}" for name, why in about["skipped"].items())
    machine = ", ".join(f"{name} {value}" for name, value in about["machine"].items())
    versions = versions_table(rows)
    parts = [
        "Targets\n=======\n",
        targets_table(judged),
        "Times\n=====\n",
        (
            f"Scale *{about['scale']}*, {about['date']}; {machine}; load average "
            f"{about['load before']} before and {about['load after']} after the run.\n"
        ),
        times_table(rows),
        *(
            ["Divided by the other version\n============================\n", versions]
            if versions
            else []
        ),
        "Not timed\n=========\n",
        "\n".join(f"- {name}: ``{value}``" for name, value in facts.items()) + "\n",
        "Versions\n========\n",
        installed + "\n",
    ]
    if skipped:
        parts += ["Skipped\n=======\n", skipped + "\n"]
    return "\n".join(parts)


def into_docs(text: str, page: pathlib.Path) -> None:
    """Put the tables between their marks in a page."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
