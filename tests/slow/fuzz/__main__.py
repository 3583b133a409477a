"""Fuzz one target, guided by coverage: ``python -m tests.slow.fuzz TARGET -runs=100000``.

The arguments after the target are libFuzzer's. It starts from the corpus beside this file
and adds nothing to it.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["wheelhouse_hashes", "html", "json"]):
    from tests.slow.fuzz.targets import TARGETS

CORPUS = pathlib.Path(__file__).parent / "corpus"


def main() -> None:
    """Fuzz the target named on the command line."""
    name, options = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as found:
        # libFuzzer writes to the first folder and only reads the second.
        folders = [found, str(CORPUS / name)]
        atheris.Setup([sys.argv[0], *folders, *options], TARGETS[name])
        atheris.Fuzz()


main()
