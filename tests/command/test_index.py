"""``index`` rebuilds the index page of a container."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A, C, make_wheel
from tests.support.commands import INDEX, UPLOAD


def test_index_is_rebuilt_from_hash_files(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    make_wheel(dist, C)
    cli(*UPLOAD)
    page = (container / "index.html").read_bytes()
    (container / "index.html").unlink()
    result = cli(*INDEX)
    assert result.code == 0
    assert "index page written, 2 links" in result.out
    assert (container / "index.html").read_bytes() == page


def test_index_counts_artifacts_without_digest(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    container.mkdir()
    make_wheel(container, A)
    (container / f"{A}.sha256").write_text("not a hash file")
    result = cli(*INDEX)
    assert result.code == 0
    assert "links without a digest: 1; upload" in result.out


def test_index_of_missing_container_is_one_line_error(cli: Cli, container: pathlib.Path) -> None:
    result = cli(*INDEX)
    assert result.code == 5
    assert result.err == "wheelhouse-hashes: error: container 'wheels' does not exist\n"


def test_index_without_credentials_is_one_line_error(
    cli: Cli, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no username" in cli("index", "wheels").err
    result = cli("index", *LOCAL[:4], "wheels")
    assert (result.code, "no secret" in result.err) == (2, True)
    container.mkdir()
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_USERNAME", "store")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", "none")
    assert cli("index", *LOCAL[:2], "--no-ssl-check", "wheels").code == 0
