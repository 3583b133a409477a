"""64 CI jobs upload into one LOCAL container at the same moment, 20 times."""

from __future__ import annotations

import pathlib
import re
import time

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import make_wheel, sha256
from tests.support.uploaders import extended, run_side_by_side

JOBS = 64
ROUNDS = 20


def test_sixty_four_concurrent_uploads_lose_no_hash(tmp_path: pathlib.Path, cli: Cli) -> None:
    (tmp_path / "store").mkdir()
    wheels = {}
    for number in range(JOBS):
        name = f"demo-1.{number}-py3-none-any.whl"
        wheels[name] = make_wheel(tmp_path / f"dist-{number}", name, name.encode()).read_bytes()
    started = time.monotonic()
    codes = run_side_by_side(
        extended, tmp_path, JOBS, ROUNDS, ["--hashfile", *LOCAL], patience=1200
    )
    took = time.monotonic() - started
    assert codes == [0] * JOBS
    links_missing = 0
    for turn in range(ROUNDS):
        container = tmp_path / "store" / f"round-{turn}"
        for name, content in wheels.items():
            assert (container / name).read_bytes() == content
            expected = f"{sha256(content)}  {name}\n"
            assert (container / f"{name}.sha256").read_text() == expected
        assert list((container / ".hash").iterdir()) == []
        page = (container / "index.html").read_text()
        links_missing += sum(f'"{n}#sha256={sha256(b)}"' not in page for n, b in wheels.items())
        # A link may be missing until the next run; after it none is.
        assert cli("index", *LOCAL, container.name).code == 0
        page = (container / "index.html").read_text()
        links = dict(re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', page))
        assert links == {name: sha256(content) for name, content in wheels.items()}
    print(
        f"\n{JOBS} uploaders, {ROUNDS} rounds, {took:.0f} s: 0 of {JOBS * ROUNDS} hashes lost; "
        f"{links_missing} links were missing before the page was made anew"
    )
