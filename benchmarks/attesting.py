"""Verify attested artifacts: the whole command, and the time after the import of sigstore."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks import peers
from benchmarks.artifacts import names, write_wheel
from benchmarks.measure import Tool
from benchmarks.suite import Suite, sizes

CASE = "verify, attested"

OURS = "ours, --attested-by"
WITHOUT = "ours, without attestations"

#: The note with the CPU seconds of a run after the import.
AFTER_IMPORT = "CPU seconds after the import"

SIZE = 50_000

_SECONDS = re.compile(r"^seconds after the import: ([0-9.e-]+)$", re.MULTILINE)


def attested(suite: Suite) -> None:
    """Verify a folder of attested wheels, with and without their attestations."""
    missing = [name for name in ("sigstore", "cryptography") if not importlib.util.find_spec(name)]
    if missing:
        suite.skip(CASE, f"{' and '.join(missing)} not installed: the extra attest")
        return
    # Only this case needs cryptography.
    from tests.support.sigstore import TIMED, Sigstore  # noqa: PLC0415

    count = suite.scale.attested
    instance = Sigstore()
    root, dist = suite.folder / "root.json", suite.folder / "dist"
    root.write_text(instance.root)
    dist.mkdir()
    for name in names(count):
        digest = write_wheel(dist / name, SIZE)
        made = instance.attest(name, (dist / name).read_bytes())
        (dist / f"{name}.publish.attestation").write_text(json.dumps(made))
        (dist / f"{name}.sha256").write_text(f"{digest}  {name}\n")

    def seconds() -> Mapping[str, Any]:
        found = _SECONDS.search(suite.runner.output.read_text())
        taken.append(float(found[1]) if found else 0.0)
        return {AFTER_IMPORT: taken}

    taken: list[float] = []
    options = ("--attested-by", "github:octo/demo/release.yml", "--trusted-root", str(root))
    command = [sys.executable, "-c", TIMED, "verify", str(dist), *options]
    try:
        suite.say(f"\n== {CASE}: {sizes(count, SIZE)}")
        tools = [
            Tool(OURS, command, verified=True, after=seconds),
            Tool(WITHOUT, peers.ours("verify", str(dist)), verified=True),
        ]
        rows = suite.runner.case(CASE, tools, artifacts=count)
    finally:
        shutil.rmtree(dist)
        root.unlink()
    suite.say(f"  {AFTER_IMPORT}: {rows[OURS].notes.get(AFTER_IMPORT)}")
