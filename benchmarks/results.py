"""The results as JSON and as tables for docs/performance.rst."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from benchmarks import profiling
from benchmarks.judging import Judged
from benchmarks.measure import OTHER_VERSION, Row, Sample

BEGIN = ".. The tables below are written by ``tox run -e bench -- --docs``.\n"
END = ".. The end of the tables.\n"


#: The targets, by the title of their table.
Judgements = Mapping[str, Sequence[Judged]]


class Results(NamedTuple):
    """The results of a run."""

    rows: list[Row]
    #: The date, the machine, the versions, the load.
    about: dict[str, Any]
    #: The results that are not times.
    facts: dict[str, Any]

    @classmethod
    def load(cls, file: pathlib.Path) -> Results:
        """Read the results that :func:`as_json` wrote."""
        found = json.loads(file.read_text())
        rows = [
            Row(
                row["case"], row["tool"], row["verified"],
                [Sample(**sample) for sample in row["samples"]], row["notes"],
            )
            for row in found["rows"]
        ]  # fmt: skip
        return cls(rows, found["about"], found["facts"])


def as_json(results: Results, judged: Judgements) -> str:
    """Return all results as JSON values."""
    found = {
        "about": results.about,
        "facts": results.facts,
        "targets": [asdict(one) for each in judged.values() for one in each],
        "rows": [
            {
                **asdict(row),
                **({"median": row.median, "min": row.least, "memory": row.memory}
                   if row.samples else {}),
            }
            for row in results.rows
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
            lines.append((name, row.tool, "failed", "", "", "", "", "", ""))
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
                "" if row.each is None else f"{row.each:.2f}",
                f"{row.memory / 1e6:.0f}",
                requests,
            )
        )
    times = ("median s", "min s", "runs", "CPU s", "ms each")
    return table(("case", "tool", *times, "peak MB", "requests"), lines)


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


def profile_text(found: Mapping[str, Any]) -> str:
    """Return the profile of a fetch, of each version, as text and tables."""
    parts = []
    for tool, costs in found.items():
        numbers = [f"{name}: {value:,}" for name, value in costs.items() if not _is_many(value)]
        modules = "percent of the time by module"
        shares = ", ".join(f"{name} {value}" for name, value in costs[modules].items())
        functions = [
            (f"``{each['function']}``", f"{each['calls of each artifact']:,}", str(each["percent"]))
            for each in costs["functions"]
        ]
        parts += [
            f"*{tool}*: {'; '.join(numbers)}.  {modules.capitalize()}: {shares}.\n",
            table(("function", "calls of each", "percent"), functions),
        ]
    return "\n".join(parts)


def _is_many(value: object) -> bool:
    return isinstance(value, (dict, list))


def section(title: str, text: str) -> list[str]:
    """Return a section, or nothing if it is empty."""
    return [f"{title}\n{'=' * len(title)}\n", text] if text else []


def as_text(results: Results, judged: Judgements) -> str:
    """Return the tables with the information needed to read them."""
    rows, about, facts = results
    installed = "\n".join(f"- {name}: {value}" for name, value in about["versions"].items())
    skipped = "\n".join(f"- {name}: {why}" for name, why in about["skipped"].items())
    machine = ", ".join(f"{name} {value}" for name, value in about["machine"].items())
    scale = (
        f"Scale *{about['scale']}*, {about['date']}; {machine}; load average "
        f"{about['load before']} before and {about['load after']} after the run.\n"
    )
    profiled = facts.get(profiling.CASE, {})
    others = {name: value for name, value in facts.items() if name != profiling.CASE}
    parts = [
        *(part for title, each in judged.items() for part in section(title, targets_table(each))),
        *section("Times", f"{scale}\n{times_table(rows)}"),
        *section("Divided by the other version", versions_table(rows)),
        *section("Profile of a fetch", profile_text(profiled)),
        *section("Not timed", "".join(f"- {k}: ``{v}``\n" for k, v in others.items())),
        *section("Versions", f"{installed}\n"),
        *section("Skipped", f"{skipped}\n" if skipped else ""),
    ]
    return "\n".join(parts)


def into_docs(text: str, page: pathlib.Path, pictures: Sequence[pathlib.Path] = ()) -> None:
    """Put the tables and pictures between their marks in a page.

    :param text: the tables.
    :param page: the page.
    :param pictures: the pictures, in a folder beside the page; others there are removed.
    """
    for path in {picture.parent for picture in pictures}:
        for old in set(path.glob("*.png")) - set(pictures):
            old.unlink()
    images = "".join(
        f".. image:: {path.relative_to(page.parent).as_posix()}\n   :alt: {_title(path)}\n"
        for path in pictures
    )
    if images:
        colors = (
            "Blue is ours (light: the other version), green are the others that verify, gray "
            "does not verify.\n"
        )
        text = "\n".join([text, *section("Pictures", f"{colors}\n{images}")])
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def _title(picture: pathlib.Path) -> str:
    """Return the alternative text of a picture."""
    return f"Seconds of each tool: {picture.stem.replace('-', ' ')}"
