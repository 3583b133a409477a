"""Plots of the times."""

from __future__ import annotations

import json
import pathlib
import re
import sys
from collections import defaultdict
from typing import Any

import matplotlib as mpl

from benchmarks.measure import OTHER_VERSION

mpl.use("Agg")
from matplotlib import pyplot as plt

#: The cases with their own plot; for a few tools a table is enough.
TOOLS = 4


def draw(results: pathlib.Path, folder: pathlib.Path) -> list[pathlib.Path]:
    """Draw a plot for each case with several tools; return the files."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in json.loads(results.read_text())["rows"]:
        if "median" in row and "failed" not in row["notes"]:
            rows[row["case"]].append(row)
    drawn = [
        _bars(case, rows[case], folder)
        for case in rows
        if len(rows[case]) >= TOOLS and not case.endswith("cost of each")
    ]
    return [*drawn, *_slopes(rows, folder)]


def _file(folder: pathlib.Path, case: str) -> pathlib.Path:
    return folder / (re.sub(r"[^a-z0-9]+", "-", case.lower()).strip("-") + ".png")


def _color(tool: str, *, is_verified: bool) -> str:
    """Return the color of a tool."""
    if tool.startswith("ours"):
        return "lightsteelblue" if tool.endswith(OTHER_VERSION) else "tab:blue"
    return "tab:green" if is_verified else "0.7"


def _bars(case: str, rows: list[dict[str, Any]], folder: pathlib.Path) -> pathlib.Path:
    rows = sorted((row for row in rows), key=lambda row: row["median"], reverse=True)
    figure, axes = plt.subplots(figsize=(7, 0.4 * len(rows) + 1.2))
    colors = [_color(row["tool"], is_verified=row["verified"]) for row in rows]
    bars = axes.barh([row["tool"] for row in rows], [row["median"] for row in rows], color=colors)
    axes.plot([row["min"] for row in rows], range(len(rows)), "k|")
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_xlabel("seconds, median (mark: minimum); gray: not verified")
    axes.set_title(case)
    axes.margins(x=0.15)
    figure.tight_layout()
    target = _file(folder, case)
    figure.savefig(target, dpi=100)
    plt.close(figure)
    return target


def _slopes(rows: dict[str, list[dict[str, Any]]], folder: pathlib.Path) -> list[pathlib.Path]:
    cases = [case for case in rows if case.endswith("cost of each")]
    if not cases:
        return []
    figure, axes = plt.subplots(figsize=(7, 4))
    for case in cases:
        for suffix, line in (("", "o-"), (OTHER_VERSION, "o:")):
            points = sorted(
                (int(row["tool"].split()[0]), row["median"])
                for row in rows[case]
                if row["tool"].endswith(f"artifacts{suffix}")
            )
            if points:
                axes.loglog(*zip(*points, strict=True), line, label=f"{case}{suffix}")
    axes.set_xlabel("artifacts")
    axes.set_ylabel("seconds, median")
    axes.legend()
    figure.tight_layout()
    target = _file(folder, "cost of each")
    figure.savefig(target, dpi=100)
    plt.close(figure)
    return [target]


if __name__ == "__main__":
    for path in draw(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])):
        print(path)
