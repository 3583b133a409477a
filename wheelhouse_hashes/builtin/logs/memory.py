"""The remembered checkpoint of each log, and the evidence against it.

A log can show different trees to different readers, or an older one to the same reader.
Only a checkpoint that was kept elsewhere shows that: the remembered one of this user, or a
file that is given with ``--log-checkpoint``.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from wheelhouse_hashes.builtin.logs.reading import (
    Fork,
    LogReader,
    Missing,
    Seen,
    forked,
    refusing,
)
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, Refusal, UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.lines import waiting_line
from wheelhouse_hashes.tlog.merkle import LogError, ProofError
from wheelhouse_hashes.tlog.note import MAX_NOTE

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run, StateFolder
    from wheelhouse_hashes.tlog.keys import VerifierKey

_LATEST = "latest"


def state_name(key: VerifierKey, prefix: str = "log") -> str:
    """Return the name of the state folder of a log."""
    return f"{prefix}-{hashlib.sha256(str(key).encode()).hexdigest()[:16]}"


class Memory:
    """The checkpoint of one log that this user saw last.

    :param run: the command in progress.
    :param key: the key of the log.
    """

    def __init__(self, run: Run[Any], key: VerifierKey) -> None:
        self._run = run
        self._key = key

    @contextlib.contextmanager
    def _noting_errors(self) -> Iterator[None]:
        """Print a note if the state folder cannot be used."""
        try:
            yield
        except DiskError as error:
            self._run.note_once("log memory", f"the checkpoint of the log is not kept: {error}")

    def _folder(self) -> contextlib.AbstractContextManager[StateFolder]:
        return self._run.state(state_name(self._key))

    def _read(self, folder: StateFolder) -> Seen | None:
        note = folder.read(_LATEST, MAX_NOTE)
        where = f"the remembered checkpoint in {printable(str(folder.path))}"
        return None if note is None else Seen(note, self._key, where)

    def latest(self) -> Seen | None:
        """Return the remembered checkpoint, None if there is none."""
        with self._noting_errors(), self._folder() as folder:
            return self._read(folder)
        return None

    def remember(self, seen: Seen, latest: Seen | None) -> bool:
        """Remember a checkpoint, unless a larger one is remembered.

        :param seen: a checkpoint that is consistent with the remembered one.
        :param latest: the remembered one, None if there is none.
        :returns: False if another run has remembered another one meanwhile.
        """
        with self._noting_errors(), self._folder() as folder:
            before = self._read(folder)
            if before != latest:
                return False
            if before is None or before.size < seen.size:
                folder.write("vkey", f"{self._key}\n".encode())
                folder.write(_LATEST, seen.note)
        return True

    def keep_evidence(self, objects: Mapping[str, bytes]) -> str:
        """Keep objects that contradict each other; return where, empty if that fails.

        :param objects: their contents, by where they come from.
        """
        content = b"\n".join(f"{where}:\n".encode() + each for where, each in objects.items())
        name = f"evidence-{hashlib.sha256(content).hexdigest()[:16]}"
        with self._noting_errors(), self._folder() as folder:
            folder.write(name, content)
            return printable(str(folder.path / name))
        return ""


class Watch:
    """Finds the checkpoint to use: that of the log, compared with those that were kept.

    :param run: the command in progress.
    :param reader: the log.
    :param file: a file with a checkpoint, None if there is none.
    :param may_lack: whether the file need not exist.
    """

    def __init__(
        self, run: Run[Any], reader: LogReader, file: str | None, *, may_lack: bool = False
    ) -> None:
        self._run = run
        self._reader = reader
        #: The remembered checkpoint.
        self.memory = Memory(run, reader.key)
        #: The checkpoint in the file, None if there is none.
        self.committed = self._read_file(file, may_lack=may_lack)
        self._compared: set[bytes] = set()

    def _read_file(self, file: str | None, *, may_lack: bool) -> Seen | None:
        if file is None:
            return None
        try:
            note = self._run.read_file(file, MAX_NOTE)
        except DiskError as error:
            if may_lack and isinstance(error.__cause__, FileNotFoundError):
                return None
            raise UsageError(f"--log-checkpoint: {error}") from None
        return Seen(note, self._reader.key, printable(file))

    @contextlib.contextmanager
    def keeping_evidence(self, **objects: bytes) -> Iterator[None]:
        """Turn errors of the log into refusals; keep the objects that show a fork.

        :param objects: further objects to keep, by name.
        """
        try:
            with refusing():
                yield
        except Fork as fork:
            if fork.kept:
                raise
            path = self.memory.keep_evidence({**self._reader.evidence(), **objects})
            kept = f"; the objects are kept in {path}" if path else ""
            raise _kept(forked(f"{fork}{kept}", next=fork.next)) from None

    def current(self, *, fresh: bool = False) -> Seen:
        """Return the largest checkpoint that the log has the tiles of.

        Once nothing contradicts it, :meth:`remember` it.

        :param fresh: whether to bypass caches.
        :raises Refusal: if the log contradicts a kept checkpoint, or is older than one and
            stays so within ``--wait``.
        """
        pauses = self._run.budget.pauses()
        waiting = False
        while True:
            kept = [each for each in (self.memory.latest(), self.committed) if each is not None]
            served: Seen | None = None
            try:
                served = self._reader.checkpoint(fresh=fresh)
                if served is None:
                    raise Missing(f"{self._reader.place.shown} has no checkpoint")
                current = self._compare(served, kept)
            except Missing as error:
                if not waiting and self._run.budget.seconds:
                    self._note_waiting(error)
                waiting = fresh = True
                if not self._run.budget.pause(next(pauses)):
                    self._give_up(error, served, kept)
            else:
                return current

    def remember(self, seen: Seen) -> None:
        """Remember a checkpoint, unless a larger one is remembered.

        :param seen: what :meth:`current` returned.
        :raises Refusal: if it contradicts one that another run has remembered meanwhile.
        """
        while True:
            latest = self.memory.latest()
            if latest is not None and latest.note not in self._compared:
                with self.keeping_evidence():
                    self._compare(seen, [latest])
            if self.memory.remember(seen, latest):
                return

    def _note_waiting(self, error: Missing) -> None:
        name, seconds = self._reader.key.name, self._run.budget.seconds
        self._run.note(waiting_line(name, Cause.UNREACHABLE, str(error), seconds))

    def _compare(self, served: Seen, kept: Sequence[Seen]) -> Seen:
        """Compare the checkpoint of the log with those that were kept; return the largest one.

        :raises Missing: if the log does not have the tiles to do so.
        :raises Refusal: if they contradict each other.
        """
        largest = served
        for each in kept:
            older, newer = sorted((each, largest), key=lambda seen: seen.size)
            try:
                self._reader.check_extends(older, newer)
            except Missing:
                raise
            except LogError as error:
                if newer is served and not isinstance(error, ProofError):
                    raise  # the tiles contradict their own checkpoint
                self._contradiction(error, each, largest)
            largest = newer
            self._compared.add(each.note)
        if largest is not served:
            self._run.note_once(
                "log is old",
                f"{served.where} is older (size {served.size}) than {largest.where} (size "
                f"{largest.size}), which is used: the log has its entries",
            )
        return largest

    def _contradiction(self, error: LogError, kept: Seen, served: Seen) -> NoReturn:
        path = self.memory.keep_evidence({each.where: each.note for each in (kept, served)})
        evidence = f"; both are kept in {path}" if path else ""
        fork = forked(
            f"{served.where} ({served}) contradicts {kept.where} ({kept}), and the same key "
            f"signed both: {error}{evidence}"
        )
        raise _kept(fork) from None

    def _give_up(self, error: Missing, served: Seen | None, kept: Sequence[Seen]) -> NoReturn:
        newer = [each for each in kept if served is not None and each.size > served.size]
        if served is None or not newer:
            # A log that is not there contradicts nothing.
            text = str(error)
            advice = "check the address of the log, and run this again later"
            raise Refusal(Cause.UNREACHABLE, text, may_heal=False, next=advice) from None
        path = self.memory.keep_evidence({each.where: each.note for each in (served, *newer)})
        evidence = f"; the checkpoints are kept in {path}" if path else ""
        fork = forked(
            f"{self._reader.place.shown} was rolled back: it has an older checkpoint ({served}), "
            f"and no longer the entries of {newer[0].where} ({newer[0]}): {error}{evidence}"
        )
        raise _kept(fork) from None


def _kept(fork: Fork) -> Fork:
    """Note that the evidence is kept."""
    fork.kept = True
    return fork
