"""Write a transparency log: ``log_writer.py FOLDER ENTRIES``.

The entries are numbered wheels; their digests are their numbers.  The key is made up, so that
the other commands of the case know it: ``key()``.
"""

from __future__ import annotations

import pathlib
import sys

from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey
from wheelhouse_hashes.tlog.note import Checkpoint, sign
from wheelhouse_hashes.tlog.tiles import Growth

#: A name as long as those of real releases.
NAME = "numpy-2.5.5-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64_{}.whl"

SIZE = 16_891_733


def key() -> SigningKey:
    """Return the key of the log."""
    return SigningKey("example.org/log", bytes(range(32)))


def build(folder: pathlib.Path, count: int) -> None:
    """Write a log of *count* entries."""

    def write(path: str, content: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    growth = Growth()
    made = (Entry(NAME.format(n), f"{n:064x}", SIZE).encode() for n in range(count))
    for path, content in growth.add(made):
        write(path, content)
    for path, content in growth.partial():
        write(path, content)
    signer = key()
    write("checkpoint", sign(Checkpoint(signer.name, count, growth.root()).encode(), signer))


if __name__ == "__main__":
    build(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
