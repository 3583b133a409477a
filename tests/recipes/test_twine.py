"""``twine check FOLDER/*`` accepts a fetched folder with real wheels."""

from __future__ import annotations

import pathlib
import shutil

from tests.conftest import LOCAL, Cli, Result
from tests.recipes.running import bash
from tests.support.artifacts import flip_a_bit
from tests.support.servers import serving_folder


def twine_check() -> Result:
    """Run the usual twine command."""
    return bash("-c", "twine check --strict release/*")


def test_twine_check_accepts_fetched_folder(
    cli: Cli,
    real_wheels: list[pathlib.Path],
    dist: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    for wheel in real_wheels:
        shutil.copy(wheel, dist)
    assert cli("upload", "--hashfile", *LOCAL, "wheels").code == 0
    victim = container / real_wheels[0].name
    flip_a_bit(victim)
    good = {wheel.name for wheel in real_wheels[1:]}
    release = tmp_path / "release"

    with serving_folder(container) as server:
        fetch = ("fetch", "--verify", "--wait", "1", "--local-folder", "release")
        assert cli(*fetch, "numpy", server.url).code == 1
        # Refused files are kept for inspection where no shell pattern finds them: neither ``*`` nor
        # ``*.whl``.
        assert {path.name for path in release.iterdir()} == {*good, ".rejected"}
        assert list((release / ".rejected").iterdir())
        assert {path.name for path in release.rglob("*.whl")} == good
        checked = twine_check()
        assert (checked.code, checked.out.count("PASSED")) == (0, 3), checked
        # With dotglob, ``*`` matches hidden folders, and twine stops.
        assert bash("-O", "dotglob", "-c", "twine check --strict release/*").code != 0

        shutil.copy(real_wheels[0], victim)
        assert cli(*fetch, "--sums", "SHA256SUMS", "numpy", server.url).code == 0
        assert cli("verify", "release", "--against", "SHA256SUMS", "--expect", 4).code == 0
        checked = twine_check()
        assert (checked.code, checked.out.count("PASSED")) == (0, 4), checked
        # As the page says: twine does not accept a digest list among the wheels.
        shutil.copy("SHA256SUMS", release)
        assert twine_check().code != 0
