"""The verb ``log append``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.builtin.logs.appending import Appender
from wheelhouse_hashes.builtin.logs.keys import read_key
from wheelhouse_hashes.builtin.logs.memory import state_name
from wheelhouse_hashes.builtin.logs.places import open_writable
from wheelhouse_hashes.builtin.logs.sources import merged, read_source
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name, printable
from wheelhouse_hashes.lines import line
from wheelhouse_hashes.report import Report

if TYPE_CHECKING:
    from wheelhouse_hashes.builtin.logs.places import WritablePlace
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.tlog.entries import Entry

_ADVICE = (
    "nothing was appended; find out which digest is right: if the file was replaced, publish a new "
    "version instead; --record-conflict records both"
)


def append(run: Run[Any]) -> Report:
    """Append what the sources have and the log does not.

    :param run: the command in progress.
    """
    values = run.options.extra
    key = read_key(run)
    place = open_writable(run, values["where"])
    entries = merged(read_source(run, what) for what in values["sources"] or ())
    with run.state(state_name(key.verifier, "log-append")) as state:
        appender = Appender(run, place, key, state, dry=run.options.dry_run)
        appender.open(entry.name for entry in entries)
        if appender.published is None:
            _check_own(place)
        pending = [e for e in entries if e.sha256 not in appender.known[e.name]]
        findings = _conflicts(pending, appender.known)
        if findings and not values["record_conflict"]:
            return Report(findings=findings)
        if run.options.dry_run:
            for entry in pending:
                run.say(line("would add", entry.name, f"sha256:{entry.sha256}"))
        else:
            appender.append(pending)
            for entry in pending:
                run.note(line("appended", entry.name, f"sha256:{entry.sha256}"))
    there = len(entries) - len(pending)
    done = "would append" if run.options.dry_run else "appended"
    run.say(
        f"log {printable(key.name)} at {place.shown}: {done} {len(pending)}, there {there}, "
        f"size {appender.size}"
    )
    return Report()


def _check_own(place: WritablePlace) -> None:
    """Check that a new log does not begin among artifacts: it needs a place of its own.

    :raises UsageError: if it does.
    """
    for name in place.names():
        if parse_artifact_name(name) is not None:
            raise UsageError(
                f"{place.shown} has artifacts, such as {name}: give the log a folder, container "
                "or prefix of its own"
            )


def _conflicts(pending: Sequence[Entry], known: Mapping[str, set[str]]) -> list[Finding]:
    """Return a finding for each name that would have two digests."""
    digests: dict[str, set[str]] = defaultdict(set)
    for entry in pending:
        digests[entry.name].add(entry.sha256)
    return [
        Finding(
            Cause.LOGGED_TWICE,
            f"{printable(name)}: the log has sha256:{' and '.join(sorted(known[name]))}, and "
            f"the source has sha256:{' and '.join(sorted(found))}"
            if known[name]
            else f"{printable(name)}: the sources have two digests, sha256:"
            f"{' and '.join(sorted(found))}",
            _ADVICE,
        )
        for name, found in digests.items()
        if len(known[name] | found) > 1
    ]
