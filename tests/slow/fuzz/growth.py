"""Time and memory for large digest lists: ``python -m tests.slow.fuzz.growth``.

Each list consists of one hostile line, repeated. Reading eight times the bytes may take eight
times as long, but not more; the largest list must fit into :data:`MEMORY`.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import resource
import sys
import time

from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.digest_list import parse_digest_list
from wheelhouse_hashes.formats.digest_text import MAX_LINE, MAX_LIST_BYTES

#: Maximum address space of the process, in bytes.
MEMORY = 500_000_000

#: The size of a small list, in bytes.
SMALL = 100_000

#: Allowed factor of the time for 8 times the bytes; a quadratic reader has 64.
FACTOR = 20

_HEX = "a1" * 32
_GROUPS = " ".join(["A1A1A1A1"] * 8)

#: Maximum time for a byte, in seconds; a busy machine needs a tenth of it.
PER_BYTE = 5e-6

#: How often a reader that seems slow is measured: another process may use the caches meanwhile.
TURNS = 4

#: Lines that are read, or nearly; ``{n}`` is the number of the line.
LINES = {
    "shortest": "{n:032x} x\n",
    "artifacts": "{n:064x}  demo-1.{n}.tar.gz\n",
    "one name": f"{_HEX}  x\n",
    "wide characters": f"{_HEX}  \U0001f600{{n}}\n",
    "tags": f"SHA256 ({{n}}) = {_HEX}\n",
    "tags within names": f"SHA256 ({')= ' * 1000}) = {_HEX}\n",
    "unsupported": f"SHA1 ({{n}}) = {'a' * 40}\n",
    "escapes": "\\" + _HEX + "  " + "\\\\" * 1900 + "\n",
    "dots": f"{'.' * 3900}x: {_GROUPS}\n",
    "colons": f"{': ' * 1900}x: {_GROUPS}\n",
    "gpg": f"{{n}}: {_GROUPS}\n",
    "one group a line": "{n}:\n" + "A1A1A1A1\n" * 8,
    "pip": f"{{n}}:\n--hash=sha256:{_HEX}\n",
    "long names of pip": f"{'a b ' * 900}:\n--hash=sha256:{_HEX}\n",
    "brackets": f"{')= ' * 1200}:\n--hash=sha256:{_HEX}\n",
    "digits": f"{'1' * 3900}:\n--hash=sha256:{_HEX}\n",
    "blanks": " " * MAX_LINE + "\n",
    "empty": "\n",
    "comments": "#\n",
    "NUL": f"{_HEX}  {{n}}\0",
    "broken": f"{_HEX}  x\n{'- ' * 2000}\n",
}


def grown(line: str, size: int) -> bytes:
    """Return about *size* bytes of a line, numbered."""
    if "{n" not in line:
        content = line.encode()
        return content * (size // len(content))
    grown = bytearray()
    for number in itertools.count():
        part = line.format(n=number).encode()
        if len(grown) + len(part) > size:
            break
        grown += part
    return bytes(grown)


def seconds(content: bytes) -> float:
    """Return the processor time that reading a list takes."""
    gc.collect()
    began = time.process_time()
    with contextlib.suppress(HashFileError):
        parse_digest_list(content)
    return time.process_time() - began


def growth(line: str, small: int) -> tuple[float, float]:
    """Return how long a small list takes, and one of eight times its size.

    :param small: the size of the small list, in bytes.
    """
    once = min(seconds(grown(line, small)) for _ in range(3))
    return once, min(seconds(grown(line, 8 * small)) for _ in range(2))


def is_linear(once: float, eight: float, small: int) -> bool:
    """Return whether the times of :func:`growth` are those of a linear reader.

    The time per byte counts, too: a line, whose length is limited, may take quadratic time.
    """
    return eight < FACTOR * once + 0.1 and eight < 8 * small * PER_BYTE


def main() -> int:
    """Check time and memory; return the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    failed = False
    for name, line in LINES.items():
        for _ in range(TURNS):
            once, eight = growth(line, SMALL)
            linear = is_linear(once, eight, SMALL)
            if linear:
                break
        failed |= not linear
        word = "" if linear else ": not linear"
        print(f"{name}: {once:.3f} s, {eight:.3f} s for 8 times the bytes{word}")
    for name in ("shortest", "wide characters", "unsupported"):
        print(f"{name}: {seconds(grown(LINES[name], MAX_LIST_BYTES)):.1f} s for the largest list")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
