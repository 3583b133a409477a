"""The verbs ``log audit`` and ``log status``."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.builtin.logs.memory import Watch
from wheelhouse_hashes.builtin.logs.places import open_place
from wheelhouse_hashes.builtin.logs.reading import LogReader, Seen, forked, parse_key
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.report import Report
from wheelhouse_hashes.tlog.entries import name_and_digest, names_in
from wheelhouse_hashes.tlog.keys import encode_base64
from wheelhouse_hashes.tlog.merkle import leaf_hashes
from wheelhouse_hashes.tlog.tiles import Bundles, Tree, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.tlog.tiles import LogObject


def open_log(run: Run[Any]) -> LogReader:
    """Return the log that the arguments of a verb name.

    :raises UsageError: if the key is missing or malformed.
    """
    values = run.options.extra
    key = parse_key(values["log_key"])
    return LogReader(open_place(run, values["where"]), key)


def print_status(run: Run[Any]) -> None:
    """Print the checkpoint of a log, compared with the remembered one."""
    reader = open_log(run)
    watch = Watch(run, reader, None)
    before = watch.memory.latest()
    with watch.keeping_evidence():
        seen = watch.current(fresh=True)
    watch.remember(seen)
    known = "this is the first one seen" if before is None else f"remembered: size {before.size}"
    run.say(
        f"log         {printable(seen.checkpoint.origin)}\n"
        f"at          {reader.place.shown}\n"
        f"key         {reader.key}\n"
        f"size        {seen.size}\n"
        f"root        {encode_base64(seen.root)}\n"
        f"consistent  {known}"
    )


def audit(run: Run[Any]) -> Report:
    """Read all entries and tiles of a log, and check them.

    :param run: the command in progress.
    """
    file = run.options.extra["log_checkpoint"]
    reader = open_log(run)
    watch = Watch(run, reader, file, may_lack=True)
    with watch.keeping_evidence():
        seen = watch.current(fresh=True)
        auditor = _Auditor(run, reader, seen)
        auditor.read()
        findings = auditor.conflicts()
    watch.remember(seen)
    if auditor.unreadable:
        first = auditor.unreadable[0]
        run.say(
            f"warning: {len(auditor.unreadable)} entries, the first at index {first}, are not in "
            "a known format"
        )
    run.say(
        f"log {printable(seen.checkpoint.origin)} at {reader.place.shown}: {seen.size} entries "
        f"have the root {encode_base64(seen.root)}, {len(findings)} names with two digests"
    )
    if file is not None and not findings:
        run.write_file(file, seen.note)
    return Report(findings=findings)


class _Auditor:
    """Reads one log as a whole.

    :param run: the command in progress.
    :param reader: the log.
    :param seen: its checkpoint.
    """

    def __init__(self, run: Run[Any], reader: LogReader, seen: Seen) -> None:
        self._run = run
        self._reader = reader
        self._seen = seen
        # Eight bytes for each name: a dictionary would need hundreds.
        self._hashes = array("q")
        #: The indexes of entries that are not in a known format.
        self.unreadable: list[int] = []

    def read(self) -> None:
        """Check that the entries make the tiles of the log, and its root.

        :raises LogError: if they do not, or an object is missing.
        """
        tree = Tree()
        for tile in Bundles(self._seen.size):
            entries = self._reader.bundle(tile)
            names = names_in(entries)
            if None in names:
                self.unreadable += [n for n, each in enumerate(names, tree.size) if each is None]
                names = [each for each in names if each is not None]
            self._hashes.extend(map(hash, names))
            self._compare(tree.add(leaf_hashes(entries)))
            if self._run.stop.is_set():
                raise Interrupted("interrupted")
        self._compare(tree.partial())
        if tree.root() != self._seen.root:
            where = self._reader.place.shown
            raise forked(f"the entries at {where} do not have the root of {self._seen.where}")

    def _compare(self, made: Iterable[LogObject]) -> None:
        for path, content in made:
            if self._reader.tile(parse_path(path)) != content:
                raise forked(
                    f"{self._reader.place.shown}: {path} does not have the hashes of the entries"
                )

    def conflicts(self) -> list[Finding]:
        """Return a finding for each name with two digests."""
        if len(set(self._hashes)) == len(self._hashes):
            return []
        twice = {one for one, count in Counter(self._hashes).items() if count > 1}
        digests: dict[str, dict[str, int]] = defaultdict(dict)
        # Checked again: a server may answer differently this time.
        for index, entry in enumerate(self._reader.checked_entries(self._seen)):
            read = name_and_digest(entry)
            if read is not None and hash(read[0].encode()) in twice:
                digests[read[0]].setdefault(read[1], index)
        return [
            Finding(
                Cause.LOGGED_TWICE,
                f"{printable(name)}: "
                + " and ".join(f"sha256:{digest} (entry {n})" for digest, n in found.items()),
            )
            for name, found in digests.items()
            if len(found) > 1
        ]
