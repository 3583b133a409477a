"""The page ``docs/faults.rst``: the result of each fault in an actual run.

``python -m tests.slow.faults.table`` runs the catalogue and writes the page; with ``--peers``
it also runs the faults with other tools and keeps the results in ``peers.json`` beside this
file.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence

from tests.slow.faults import peers, reports
from tests.slow.faults.catalogue import CATALOGUE, Done, Fault
from tests.slow.faults.entries import ELSEWHERE, ENTRIES, NOT_COVERED
from tests.slow.faults.running import MODULES, run_all
from tests.support import ROOT

PAGE = ROOT / "docs" / "faults.rst"

_INTRODUCTION = """\
======
Faults
======

.. Written by ``python -m tests.slow.faults.table``; do not edit.

How ``fetch --verify`` and ``upload --hashfile`` behave when servers, networks,
containers and disks misbehave.  Each row is a test with a real server or folder
that has the fault, and the command line as a user would run it.  In all of
them

- no bad file has a final name at the end,
- the exit code is not 0 if anything was refused,
- each refusal has one of the documented causes,
- nothing is written outside the target folder,
- the output has no control characters and no traceback,
- the command ends within its time limit.

By default a fetch waits up to 90 seconds for faults that may heal; most of
these tests use ``--wait 0``.
"""

_TITLES = {
    "transport": "Servers, networks and proxies (E.3)",
    "names": "Names (E.2.1)",
    "pages": "Index pages (E.2.2)",
    "limits": "Limits, logs and proxies (E.2, E.3)",
    "listings": "Listings of stores and releases (E.6)",
    "lost_links": "Links that are easily lost (E.7)",
    "contents": "Wheels and hash files (E.1, E.2.3, E.2.5)",
    "consistency": "Stores and overlapping jobs (E.4)",
    "headers": "Digests in headers (E.8)",
    "uploads": "Uploads (E.2.3, E.5)",
    "stores": "Errors of stores (E.5)",
    "private": "Private containers (E.9)",
    "completeness": "Releases that are not complete (E.11)",
    "hashing": "Local artifacts without a store (E.10)",
    "released": "Pinned pages and package indexes (E.12)",
    "log": "Transparency logs (E.13)",
    "attestations": "Attestations (E.14)",
    "local": "This machine (E.5)",
}

_REPORTS = """\
Users of this and of similar tools reported these faults, by the project and number of the
issue.  Each one was tried, and has the tests in the last column.
"""

_SAME = (
    "The output is cut to %d characters; ``SERVER`` stands for an address, ``STATE`` for a file\n"
    "in the state folder.\n"
)
_LONGEST = 160

#: Text after a URL that comes from libcurl, not from wheelhouse-hashes.
_LIBCURLS = re.compile(
    r"((?:SERVER|http://)\S*(?<!\.attestation)(?<!\.sigstore\.json)): "
    r"(?!HTTP status|redirects|lists |ignored|more than|"
    r"the (download|page|list|JSON|XML)|its (links|hash)|not a|an? |no (final|artifacts) ).*"
)


def result_line(done: Done) -> str:
    """Return the printed line with the result, the same in every run."""
    rows = [*done.err.splitlines(), *done.out.splitlines()]
    errors = ("wheelhouse-hashes: error", "wheelhouse-hashes: warning", "refused ", "failed ")
    others = (
        "nothing matches",
        "no artifacts",
        "problem",
        "listing-cut",
        "incomplete",
        "expected the",
        "not-built",
        "replaced",
        "waiting",
        "withdrawn",
    )
    for first in (*errors, *others, "note", "sent", "there", "ok ", "skipped "):
        for row in sorted(rows):  # sorted: workers print as they finish
            if row.startswith(first):
                return normalized(row)
    raise ValueError(f"no output: {done}")


def normalized(row: str) -> str:
    """Return a line without the parts that differ between runs."""
    row = re.sub(r"https?://(127\.0\.0\.1|localhost):\d+", "SERVER", row)
    row = re.sub(r"\S+-state/log-\S+", "STATE", row)  # kept evidence
    row = re.sub(r"\b(127\.0\.0\.1|localhost):\d+", "SERVER", row)
    row = re.sub(r"/\S*/(name|link|part|folder|file|base|named)_\w+/", "FOLDER/", row)
    row = re.sub(r"\bsha256=[0-9a-f]{64}", "sha256=HEX", row)  # of a page with the port
    row = re.sub(r"\bsigstore \d[\w.]*", "sigstore VERSION", row)
    row = re.sub(r"ended after \d+", "ended after some", row)
    row = _LIBCURLS.sub(r"\1: (in libcurl's words)", row)
    row = re.sub(r" {2,}", "  ", row)
    if len(row) <= _LONGEST:
        return row
    # Half a word would be taken for a misspelled one.
    return row[: _LONGEST - 3].rpartition(" ")[0] + " ..."


def _literal(text: str) -> str:
    return f"``{text}``" if text else ""


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]], widths: str) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (header, *rows):
        for number, cell in enumerate(row):
            lines.append(f"   {'*' if not number else ' '} - {cell}".rstrip())
    return [*lines, ""]


def _heading(title: str) -> list[str]:
    return [title, "=" * len(title), ""]


def render(results: Mapping[str, Done], kept: peers.Kept) -> str:
    """Return the page.

    :param results: the result of each fault.
    :param kept: the results with other tools.
    """
    lines = [_INTRODUCTION, _SAME % _LONGEST]
    lines += [f"{len(results)} faults.", ""]
    for module in MODULES:
        title = module.__name__.rpartition(".")[2]
        lines += _heading(_TITLES[title])
        rows = [
            _row(chosen, results[chosen.name])
            for chosen in CATALOGUE.values()
            if chosen.set_up.__module__ == module.__name__
        ]
        header = ("Fault", "Entry", "Cause", "Exit", "Left", "Output")
        lines += _rows(header, rows, "34 8 10 5 13 30")
    lines += _heading("Public reports about uploads")
    lines += [_REPORTS]
    columns = ("Reports", "Situation", "Result", "Tests")
    lines += _rows(columns, list(reports.rows()), "18 24 24 34")
    lines += _heading("The same faults on other tools")
    lines += peers.describe(kept)
    lines += _heading("Covered elsewhere, and not covered")
    lines += [*_coverage(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(chosen: Fault, done: Done) -> tuple[str, ...]:
    causes = ", ".join(dict.fromkeys(cause.value for _, cause, _ in done.refused))
    left = ", ".join(f"``{name}``" for name in sorted(done.left) if name)
    left = re.sub(r"(``demo-1\.0[^,]*), .*, (``demo-1\.0[^,]*)", r"\1 ... \2", left)
    text = result_line(done).replace("`", "'")
    cell = chosen.does.replace("\\", "\\\\") if "``" not in chosen.does else chosen.does
    return (cell, ", ".join(chosen.entries), causes, str(done.code), left, _literal(text))


def _coverage() -> list[str]:
    lines = []
    for entry, what in ENTRIES.items():
        if entry in ELSEWHERE:
            tests = ", ".join(_literal(test) for test in ELSEWHERE[entry])
            lines.append(f"- {entry}, {_literal(what)}: {tests}")
        if entry in NOT_COVERED:
            lines.append(f"- {entry}, {_literal(what)}: not covered; {NOT_COVERED[entry]}")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the catalogue and write the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="run the other tools, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        results = run_all(pathlib.Path(folder))
    failed = {name: done for name, done in results.items() if not isinstance(done, Done)}
    for name, error in failed.items():
        print(f"{name}: {error!r}", file=sys.stderr)
    if failed:
        return 1
    if options.peers:
        peers.KEPT.write_text(json.dumps(peers.run(), indent=1, sort_keys=True) + "\n")
    done = {name: result for name, result in results.items() if isinstance(result, Done)}
    PAGE.write_text(render(done, peers.kept()))
    print(f"wrote {PAGE}: {len(done)} faults")
    return 0


if __name__ == "__main__":
    sys.exit(main())
