"""Transparency logs: trees, tiles, signed notes, entries and proofs.  No I/O.

The formats are those of C2SP: tlog-tiles, tlog-checkpoint, signed-note and tlog-proof.  The
text of an entry (:mod:`~wheelhouse_hashes.tlog.entries`) is the only format of this package.
Every parser is strict: a value that was read is written back as the same bytes.
"""
