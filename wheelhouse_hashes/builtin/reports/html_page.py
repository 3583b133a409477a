"""The page that ``--html`` writes.

It loads nothing and runs nothing, which its content security policy enforces
(https://www.w3.org/TR/CSP3/).  Tables have captions and heads with a scope, as screen readers
need them (https://www.w3.org/WAI/tutorials/tables/).
"""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from wheelhouse_hashes import __version__
from wheelhouse_hashes.builtin.reports.explain import MEANING, agreement
from wheelhouse_hashes.builtin.reports.grid_model import grid_of, states_of
from wheelhouse_hashes.builtin.reports.html_style import style
from wheelhouse_hashes.formats.grid import NO_PYTHON, Grid, counted
from wheelhouse_hashes.formats.html_text import Markup, Writer, joined
from wheelhouse_hashes.lines import tiers_text

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Claim, Verdict
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.report import FetchReport
    from wheelhouse_hashes.run import Run

#: No content, and the start of a new line before content.
_NOTHING = _LINE = Markup("")

_UNITS = ("bytes", "kB", "MB", "GB")


def page(run: Run[Options], report: FetchReport) -> str:
    """Return the page of a report.

    :param run: the run.
    :param report: its report.
    """
    return _Page(run, report).document()


def size_text(size: int | None) -> str:
    """Return a size for people: ``12.3 MB``, empty if it is unknown."""
    if size is None:
        return ""
    number, unit = float(size), 0
    while number >= 1000 and unit + 1 < len(_UNITS):  # noqa: PLR2004 (SI prefixes)
        number, unit = number / 1000, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{size} bytes"


class _Page:
    def __init__(self, run: Run[Options], report: FetchReport) -> None:
        self._verb = run.verb
        self._report = report
        self._verdicts = sorted(report.verdicts, key=lambda verdict: verdict.name)
        self._states = states_of(report)
        self._writer = Writer(run.masked)
        self._element = self._writer.element

    def document(self) -> str:
        sections = [
            self._section("Result", self._result()),
            self._section("Grid", self._grid(grid_of(self._report))),
            self._section("Next steps", self._next_steps()),
            self._section("Artifacts", self._artifacts()),
            self._section("Excluded", self._excluded()),
            self._section("Digests", self._claims()),
            self._section("Tiers", self._tiers()),
        ]
        title = f"wheelhouse {self._verb}: exit code {self._report.exit_code}"
        body = self._element(
            "body",
            self._element("h1", title),
            self._element("main", *sections),
            self._element("footer", self._element("p", f"wheelhouse-hashes {__version__}")),
        )
        page = self._element("html", self._head(title), body, lang="en")
        return f"<!DOCTYPE html>\n{page}\n"

    def _head(self, title: str) -> Markup:
        css = style()
        digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        meta = (
            {"charset": "utf-8"},
            {"http_equiv": "Content-Security-Policy", "content": f"{policy}form-action 'none'"},
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
            {"name": "referrer", "content": "no-referrer"},
        )
        parts = [self._element("meta", **attributes) for attributes in meta]
        parts += [self._element("title", title), Markup(f"<style>{css}</style>")]
        return self._element("head", joined("\n", [_LINE, *parts]))

    def _section(self, title: str, *parts: Markup) -> Markup:
        """Return a section of the page; nothing if it has no content."""
        if not any(parts):
            return _NOTHING
        name = title.lower().replace(" ", "-")
        head = self._element("h2", title, id=name)
        content = joined("\n", [_LINE, head, *parts])
        return joined("\n", [_LINE, self._element("section", content, aria_labelledby=name)])

    def _result(self) -> Markup:
        report = self._report
        lines = report.closing().splitlines()
        if report.ended_by is not None:
            lines.append(f"The run ended early: {report.ended_by.message_and_next}")
        listing = report.listing
        if listing is not None:
            how = "" if listing.secure else " (not over checked TLS)"
            lines.append(f"Listing: {listing.url}{how}")
        sizes = [verdict.size for verdict in self._verdicts if verdict.size is not None]
        if sizes:
            lines.append(f"Total size of the artifacts that were read: {size_text(sum(sizes))}")
        return joined("\n", (self._element("p", line) for line in lines))

    def _next_steps(self) -> Markup:
        """Return each advice, with the artifacts and findings that it is for."""
        steps: dict[str, list[str]] = defaultdict(list)
        for verdict in self._verdicts:
            if verdict.cause is not None:
                steps[verdict.next_step].append(f"{verdict.name} ({verdict.cause.value})")
        for finding in self._report.findings:
            steps[finding.next_step].append(f"{finding.cause.value}: {finding.text}")
        for error in filter(None, [*self._report.problems, self._report.ended_by]):
            if error.next:
                steps[error.next].append(str(error))
        items = (
            self._element("li", step, self._list(about)) for step, about in steps.items() if step
        )
        return self._element("ol", *items) if steps else _NOTHING

    def _list(self, texts: Iterable[str]) -> Markup:
        return self._element("ul", *(self._element("li", text) for text in texts))

    def _grid(self, grid: Grid) -> Markup:
        if not grid:
            return _NOTHING
        rows: list[list[str | Markup]] = []
        for row in grid.rows:
            cells: list[str | Markup] = [row]
            for column in grid.columns:
                worst = grid.worst(row, column)
                class_ = f"state {worst}" if worst else "none"
                cells.append(self._element("td", grid.cell(row, column), class_=class_))
            rows.append(cells)
        heads = ["Platform", *(column or NO_PYTHON for column in grid.columns)]
        rest = f"; the table leaves out {grid.left_out} artifacts" if grid.left_out else ""
        caption = f"Artifacts by platform and Python: {counted(grid.count)}{rest}"
        return self._scrolling("Grid", self._writer.table(caption, heads, rows))

    def _scrolling(self, label: str, table: Markup) -> Markup:
        """Return a wide table that a keyboard can scroll."""
        return self._element(
            "div", table, class_="scroll", role="region", aria_label=label, tabindex="0"
        )

    def _artifacts(self) -> Markup:
        rows = [self._artifact(verdict) for verdict in self._verdicts]
        if not rows:
            return _NOTHING
        heads = ["Artifact", "State", "Tiers", "Size", "Remarks"]
        table = self._writer.table("Artifacts by name", heads, rows)
        return self._scrolling("Artifacts", table)

    def _excluded(self) -> Markup:
        names = sorted(self._report.excluded)
        if not names:
            return _NOTHING
        why = self._element("p", "--exclude left out these artifacts; they were not judged.")
        return joined("\n", [why, self._list(names)])

    def _artifact(self, verdict: Verdict) -> list[str | Markup]:
        word = self._states[verdict.name] or verdict.outcome.value
        remarks = [verdict.text] if verdict.text else []
        if verdict.cause is not None:
            remarks = [f"{verdict.cause.value}: {verdict.text}", f"Next: {verdict.next_step}"]
        size = size_text(verdict.size)
        if verdict.size is None:
            size = size_text(verdict.expected_size)
        elif verdict.expected_size not in (None, verdict.size):
            size = f"{verdict.size} bytes, expected {verdict.expected_size}"
        return [
            self._element("span", verdict.name, class_="name"),
            self._element("td", word, class_=f"state {word}"),
            tiers_text(verdict.tiers) or "none",
            self._element("td", size, class_="number"),
            self._element("td", *(self._element("div", remark) for remark in remarks)),
        ]

    def _claims(self) -> Markup:
        return joined("\n", map(self._claims_about, self._verdicts))

    def _claims_about(self, verdict: Verdict) -> Markup:
        rows = [self._claim(verdict, claim) for claim in verdict.claims]
        read = [f"{name}:{value}" for name, value in sorted(verdict.digests.items())]
        summary = self._element("span", verdict.name, class_="name")
        heads = ["Digest", "Source", "Where", "Tier", "Compared with the bytes", "Evidence"]
        table = self._writer.table(f"Digests claimed for {verdict.name}", heads, rows)
        lines = [self._element("p", "Read: ", self._element("code", line)) for line in read]
        return self._element(
            "details",
            self._element("summary", summary, f": {len(rows)} claimed"),
            *lines,
            table if rows else self._element("p", "No digest was found."),
        )

    def _claim(self, verdict: Verdict, claim: Claim) -> list[str | Markup]:
        evidence = [f"{name}: {value}" for name, value in claim.evidence.items()]
        return [
            self._element("code", str(claim.digest)),
            claim.source,
            claim.where,
            str(claim.earned),
            agreement(verdict, claim),
            self._list(evidence) if evidence else "none",
        ]

    def _tiers(self) -> Markup:
        seen = {tier for verdict in self._verdicts for tier in verdict.tiers}
        terms = (
            part
            for tier in sorted(seen, reverse=True)
            for part in (self._element("dt", str(tier)), self._element("dd", MEANING[tier]))
        )
        return self._element("dl", *terms) if seen else _NOTHING
