"""Options are typed, and all usage errors are reported together before any request."""

from __future__ import annotations

import argparse
import pathlib
import shutil
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

import wheelhouse_hashes
from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A
from tests.support.servers import serving
from wheelhouse_hashes import option_values
from wheelhouse_hashes.artifacts import ALGORITHMS
from wheelhouse_hashes.options import CheckOptions, FetchOptions, UploadOptions, make_options
from wheelhouse_hashes.testing import make_wheel

PLUGIN = """
from wheelhouse_hashes.artifacts import Companion, LocalArtifact
from wheelhouse_hashes.options import UploadOptions
from wheelhouse_hashes.run import Run


def wheelhouse_companions(artifact: LocalArtifact, run: Run[UploadOptions]) -> list[Companion]:
    return [] if run.options.{name} else []


def wheelhouse_run_started(run: Run) -> None:
    if run.options.quiet or run.options.extra["mine"]:
        run.say("x")
"""


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "code"), [("no_replace", 0), ("no_replce", 1)])
def test_mypy_finds_misspelled_option(tmp_path: pathlib.Path, name: str, code: int) -> None:
    (tmp_path / "plugin.py").write_text(PLUGIN.format(name=name))
    package = pathlib.Path(wheelhouse_hashes.__file__).parent
    shutil.copytree(package, tmp_path / "wheelhouse_hashes")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "plugin.py"]
    command += ["--follow-imports=silent", "--cache-dir", str(tmp_path / "cache")]
    ran = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == code, ran.stdout + ran.stderr
    if code:
        assert '"UploadOptions" has no attribute "no_replce"' in ran.stdout
        assert "Found 1 error" in ran.stdout


def test_options_are_immutable() -> None:
    options = make_options(
        UploadOptions,
        {"container_name": "c", "hash_algorithm": ["md5"], "region": None, "command": "upload"},
        {"gpg_sign": "KEY"},
    )
    assert options == UploadOptions(
        container_name="c", hash_algorithm=("md5",), extra={"gpg_sign": "KEY"}
    )
    assert options.provider_name == "CLOUDFILES"
    with pytest.raises(FrozenInstanceError):
        options.quiet = True  # type: ignore[misc]
    with pytest.raises(TypeError):
        options.extra["gpg_sign"] = None  # type: ignore[index]


def test_secrets_are_left_out_of_the_repr() -> None:
    shown = repr(
        UploadOptions(
            container_name="c",
            secret="hunter2",
            driver_options=("token=hunter2",),
            extra={"key": "hunter2"},
        )
    ) + repr(FetchOptions(project_name="demo", url="http://me:hunter2@host/"))
    assert "hunter2" not in shown


def test_fetch_reports_all_usage_errors_at_once(cli: Cli) -> None:
    pathlib.Path("names").write_text("no artifact\n")
    with serving({}) as server:
        result = cli(
            *("fetch", "--verify", "--version", "x", "--expect-file", "names"),
            *("--hash-algorithm", "md5", "demo", server.url),
        )
        assert server.requests == []
    assert (result.code, result.err.count("\n")) == (2, 2)
    assert "--version 'x': not a valid version" in result.err
    assert "--expect-file names: line 1" in result.err


def test_verify_reports_all_usage_errors_at_once(cli: Cli) -> None:
    result = cli("verify", "gone", "--against", "http://host:99999/")
    assert (result.code, result.err.count("\n")) == (2, 2)
    assert "gone: no such folder" in result.err
    assert "malformed URL" in result.err


def test_upload_reports_all_usage_errors_at_once(cli: Cli) -> None:
    result = cli(
        *("upload", "--no-replace", "--hash-algorithm", "md5", "--max-workers", "0"),
        *("--driver-option", "hosts=1", *LOCAL, "--local-folder", "gone", "wheels"),
    )
    assert (result.code, result.err.count("\n")) == (2, 4)
    for wrong in (
        "--max-workers 0",
        "gone: no such folder",
        "--driver-option hosts",
        "without --hashfile",
    ):
        assert wrong in result.err


def test_index_reports_all_usage_errors_at_once(cli: Cli) -> None:
    result = cli("index", "--provider-name", "S3", "--driver-option", "hosts=1", "wheels")
    assert (result.code, result.err.count("\n")) == (2, 3)
    for wrong in ("no username", "no secret", "--driver-option hosts"):
        assert wrong in result.err


def test_option_overrides_environment_variable(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_HASH_ALGORITHM", "sha512 md5")
    assert cli("upload", "--hashfile", "--hash-algorithm", "sha384", *LOCAL, "wheels").code == 0
    assert sorted(path.suffix for path in container.glob(f"{A}.*")) == [".sha384"]


def test_help_shows_option_defaults(cli: Cli) -> None:
    shown = " ".join(cli("fetch", "--help").out.split())
    for default in ("(default: 90;", "(default: 16;", "(default: 21600;", "(default: refuse)"):
        assert default in shown
    assert CheckOptions().wait == 90


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("90", 90.0), ("0.5", 0.5), ("1e3", 1e3)])
def test_seconds_accepts_numbers_from_zero(text: str, value: float) -> None:
    assert option_values.seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-1", "-0.1", "nan", "inf", "-inf", "1e999"])
def test_seconds_refuses_other_values(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="seconds, at least 0"):
        option_values.seconds(text)


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "inf", "nan", "soon"])
def test_some_seconds_must_be_positive(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="greater than 0"):
        option_values.some_seconds(text)
    assert option_values.some_seconds("0.5") == 0.5


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("64", 64), (" 8 ", 8)])
def test_count_accepts_whole_numbers_from_one(text: str, value: int) -> None:
    assert option_values.count(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many"])
def test_count_refuses_other_values(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number, at least 1"):
        option_values.count(text)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_algorithm_accepts_known_names(name: str) -> None:
    assert option_values.algorithm(name) == name


@pytest.mark.parametrize("name", ["", "sha1", "SHA256", "sha-256", "crc32"])
def test_algorithm_refuses_other_names(name: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="one of sha256, "):
        option_values.algorithm(name)


def test_usage_error_keeps_existing_sums_file(cli: Cli) -> None:
    pathlib.Path("SUMS").write_text("keep me")
    assert cli("verify", "gone", "--sums", "SUMS").code == 2
    assert cli("fetch", "--verify", "--sums", "SUMS", "demo", "http://127.0.0.1:99999/").code == 2
    assert pathlib.Path("SUMS").read_text() == "keep me"


def test_unreadable_expect_file_does_not_hide_usage_errors(cli: Cli) -> None:
    options = ("--version", "x", "--expect-file", "gone")
    result = cli("fetch", "--verify", *options, "demo", "http://127.0.0.1:9/")
    assert (result.code, result.err.count("\n")) == (2, 2)
    assert "--version 'x'" in result.err
    assert "cannot read gone" in result.err
    assert cli("verify", ".", "--expect-file", "gone").code == 6


def test_unwritable_report_does_not_hide_usage_error(cli: Cli) -> None:
    result = cli("verify", "gone", "--report", "nowhere/report.json")
    assert result.code == 2
    assert "gone: no such folder" in result.err
    assert "problem: " in result.out


@pytest.mark.parametrize("folder", ["x" * 300, "file/below"])
def test_impossible_folder_is_one_line_error(cli: Cli, folder: str) -> None:
    pathlib.Path("file").touch()
    result = cli("verify", folder)
    assert (result.code, result.err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "words",
    [
        ("--driver-opton", "ex=hunter2secret"),
        ("--driver-opton=ex=hunter2 secret",),
        ("--drivre-option=password=hunter2",),
    ],
)
def test_misspelled_driver_option_is_shown_without_value(cli: Cli, words: tuple[str, ...]) -> None:
    result = cli("upload", "--hashfile", *LOCAL, "wheels", *words)
    assert result.code == 2
    assert words[0].partition("=")[0] in result.err
    assert "secret" not in result.err
    assert "hunter2" not in result.err
