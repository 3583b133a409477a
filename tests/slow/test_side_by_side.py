"""Eight CI jobs upload into one container at the same moment."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import make_wheel, sha256
from tests.support.uploaders import extended, host_alone, run_side_by_side

JOBS = 8
ROUNDS = 20


@pytest.fixture
def jobs(tmp_path: pathlib.Path) -> dict[str, bytes]:
    """One folder with one wheel per job; the wheels by name."""
    (tmp_path / "store").mkdir()
    wheels = {}
    for number in range(JOBS):
        name = f"demo-1.{number}-py3-none-any.whl"  # the host does not support build tags
        wheels[name] = make_wheel(tmp_path / f"dist-{number}", name, name.encode()).read_bytes()
    return wheels


@pytest.mark.thorough
@pytest.mark.parametrize("options", [[], ["--no-update-index"]], ids=["index", "no-index"])
def test_concurrent_uploads_lose_no_hash(
    jobs: dict[str, bytes], tmp_path: pathlib.Path, cli: Cli, options: list[str]
) -> None:
    codes = run_side_by_side(extended, tmp_path, JOBS, ROUNDS, ["--hashfile", *LOCAL, *options])
    assert codes == [0] * JOBS
    for turn in range(ROUNDS):
        container = tmp_path / "store" / f"round-{turn}"
        for name, content in jobs.items():
            assert (container / name).read_bytes() == content
            expected = f"{sha256(content)}  {name}\n"
            assert (container / f"{name}.sha256").read_text() == expected
        assert not (container / "metadata.json").exists()
        # A rerun that sends nothing, or the verb index, leaves a complete page.
        if turn % 2:
            again = cli("index", *LOCAL, container.name)
        else:
            again = cli(
                *("upload", "--hashfile", "--local-folder", "dist-0", *LOCAL, container.name)
            )
            assert again.line("there")
        assert again.code == 0
        page = (container / "index.html").read_text()
        links = dict(re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', page))
        assert links == {name: sha256(content) for name, content in jobs.items()}


@pytest.mark.thorough
def test_concurrent_uploads_by_host_alone_lose_hashes(
    jobs: dict[str, bytes], tmp_path: pathlib.Path
) -> None:
    # The reason for hash files: if this fails, the comparison in the docs is wrong. Few rounds,
    # because the jobs fail on each other and each sleeps before it retries.
    run_side_by_side(host_alone, tmp_path, JOBS, 6, [*LOCAL, "--no-enable-cdn"])
    kept = []
    for container in sorted((tmp_path / "store").iterdir()):
        assert {path.name for path in container.glob("*.whl")} == set(jobs)
        try:
            kept.append(len(json.loads((container / "metadata.json").read_bytes())))
        except ValueError:  # half-written file
            kept.append(0)
    assert min(kept) < JOBS
