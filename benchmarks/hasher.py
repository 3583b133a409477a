"""Hash all wheels of a folder with two threads: the lower bound on two cores."""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

BUFFER = 1 << 20


def digest(path: pathlib.Path) -> str:
    """Return the SHA-256 of a file."""
    hasher = hashlib.sha256()
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            hasher.update(view[:count])
    return hasher.hexdigest()


if __name__ == "__main__":
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        print(len(list(pool.map(digest, pathlib.Path(sys.argv[1]).glob("*.whl")))))
