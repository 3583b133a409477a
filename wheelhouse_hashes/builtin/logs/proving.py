"""The verbs ``log prove`` and ``log check-proof``."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.builtin.logs.auditing import open_log
from wheelhouse_hashes.builtin.logs.memory import Watch
from wheelhouse_hashes.builtin.logs.reading import LogReader, Seen, forked, parse_key
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Interrupted, Refusal
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.tlog.entries import Entry, name_and_digest
from wheelhouse_hashes.tlog.keys import encode_base64
from wheelhouse_hashes.tlog.merkle import LogError, inclusion_ranges
from wheelhouse_hashes.tlog.note import Note
from wheelhouse_hashes.tlog.proof import MAX_PROOF, SUFFIX, Proof
from wheelhouse_hashes.tlog.tiles import WIDTH, Bundles

if TYPE_CHECKING:
    from wheelhouse_hashes.run import Run


def prove(run: Run[Any]) -> None:
    """Write the proof that a log has an entry for a name: the newest one.

    :raises Refusal: if it has none (cause ``not-logged``).
    """
    name = run.options.extra["name"]
    reader = open_log(run)
    watch = Watch(run, reader, None)
    with watch.keeping_evidence():
        seen = watch.current(fresh=True)
        index, entry = _newest(run, reader, seen, name)
        hashes = reader.tiles(seen).ranges(inclusion_ranges(index, seen.size))
        proof = Proof(index, tuple(hashes), Note.parse(seen.note), entry)
        proof.check(reader.key)
    watch.remember(seen)
    run.write_file(name + SUFFIX, proof.encode())
    run.say(f"wrote {name}{SUFFIX}: entry {index} of {seen.size}")


def _newest(run: Run[Any], reader: LogReader, seen: Seen, name: str) -> tuple[int, bytes]:
    """Return the newest entry for a name, with its index.

    :raises Refusal: if there is none.
    """
    tiles = reader.tiles(seen)
    for tile in reversed(Bundles(seen.size)):
        entries = reader.bundle(tile)
        tiles.check_bundle(tile, entries)
        for place, entry in reversed([*enumerate(entries)]):
            read = name_and_digest(entry)
            if read is not None and read[0] == name:
                return tile.number * WIDTH + place, entry
        if run.stop.is_set():
            raise Interrupted("interrupted")
    text = f"{reader.place.shown} has no entry for {printable(name)!r}"
    raise Refusal(Cause.NOT_LOGGED, text, may_heal=False)


def check_proof(run: Run[Any]) -> None:
    """Check that a proof is valid, and that a file is the one that it is about.

    :raises Refusal: if not.
    """
    values = run.options.extra
    key = parse_key(values["log_key"])
    path, shown = pathlib.Path(values["file"]), printable(values["proof"])
    content = run.read_file(values["proof"], MAX_PROOF)
    try:
        entry, checkpoint = Proof.parse(content).check(key)
    except LogError as error:
        raise forked(f"{shown}: {error}", next="get the proof again, from the log") from None
    (hashed,) = run.hash_files([path], ("sha256",)).values()
    if not isinstance(hashed, LocalArtifact):
        raise hashed
    _compare(entry, hashed)
    run.say(
        f"ok  {printable(path.name)}: sha256:{entry.sha256} is in the log "
        f"{printable(checkpoint.origin)}, size {checkpoint.size}, root "
        f"{encode_base64(checkpoint.root)}"
    )


def _compare(entry: Entry, hashed: LocalArtifact) -> None:
    name = printable(hashed.name)
    if entry.name != hashed.name:
        text = f"the proof is for {printable(entry.name)!r}, not for {name!r}"
        raise Refusal(Cause.MISMATCH, text, may_heal=False, next="give the proof of this file")
    if entry.sha256 != hashed.digests["sha256"]:
        text = f"{name} has sha256:{hashed.digests['sha256']}, the log has sha256:{entry.sha256}"
        raise Refusal(Cause.MISMATCH, text, may_heal=False)
