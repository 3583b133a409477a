"""The main workflow with real numpy wheels and the commands that users type."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import flip_a_bit
from tests.support.servers import serving_folder


@pytest.mark.thorough
def test_upload_and_fetch_real_numpy_wheels(
    python: Cli,
    real_wheels: list[pathlib.Path],
    dist: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    for wheel in real_wheels:
        shutil.copy(wheel, dist)
    uploader = ("-m", "wheelhouse_uploader")
    upload = python(*uploader, "upload", "--hashfile", *LOCAL, "wheels")
    assert (upload.code, upload.err) == (0, "")
    hash_files = sorted(path.name for path in container.glob("*.sha256"))
    assert hash_files == sorted(f"{wheel.name}.sha256" for wheel in real_wheels)
    subprocess.run(["sha256sum", "-c", "--strict", *hash_files], check=True, cwd=container)

    with serving_folder(container) as server:
        fetch = (*uploader, "fetch", "--verify", "--wait", "1", "numpy", server.url)
        good = python(*fetch, "--local-folder", "good")
        assert (good.code, good.err) == (0, "")
        for wheel in real_wheels:
            assert (tmp_path / "good" / wheel.name).read_bytes() == wheel.read_bytes()

        # One flipped bit, one truncated file, one HTML page, one missing hash file.
        flipped, cut, html, bare = (container / wheel.name for wheel in real_wheels)
        flip_a_bit(flipped)
        cut.write_bytes(cut.read_bytes()[:-1000])
        html.write_text("<!doctype html><title>Service unavailable</title>")
        (container / f"{bare.name}.sha256").unlink()
        (container / "index.html").unlink()
        bad = python(*fetch, "--local-folder", "bad")
        assert bad.code == 1
        assert bad.err == ""
        for name, cause in (
            (flipped.name, "mismatch"),
            (cut.name, "truncated"),
            (html.name, "not-a-distribution"),
            (bare.name, "missing-hash"),
        ):
            (line,) = (x for x in bad.out.splitlines() if x.startswith("refused") and name in x)
            assert cause in line
        assert not list((tmp_path / "bad").glob("*.whl"))

        # Verified files stay, and a damaged copy is not mistaken for one.
        damaged = tmp_path / "good" / flipped.name
        damaged.write_bytes(flipped.read_bytes())
        again = python(*fetch, "--local-folder", "good", "--missing-hash", "accept")
        assert again.code == 1
        kept = sorted(path.name for path in (tmp_path / "good").glob("*.whl"))
        assert kept == sorted({wheel.name for wheel in real_wheels} - {flipped.name})

        flipped.write_bytes(real_wheels[0].read_bytes())
        mended = python(*fetch, "--local-folder", "good", "--missing-hash", "accept")
        assert mended.code == 0
        assert damaged.read_bytes() == real_wheels[0].read_bytes()
