"""Options that contradict each other or have no value, and files that several of them name."""

from __future__ import annotations

import pathlib

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import A, B, make_wheel, publish
from tests.support.plugins import install
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.verbs import OptionGroup

#: A page with a hash; it is never requested.
PIN = "#sha256=" + "0" * 64

VERIFY = ("verify", "dist", "--against", "SHA256SUMS")


@pytest.fixture
def release(cli: Cli, dist: pathlib.Path) -> dict[str, bytes]:
    """The files of a release: two wheels in ``dist``, and their list."""
    for name in (A, B):
        make_wheel(dist, name)
    assert cli("hash", "dist", "--sums", "SHA256SUMS").code == 0
    return contents(dist)


def contents(dist: pathlib.Path) -> dict[str, bytes]:
    files = [*dist.iterdir(), dist.parent / "SHA256SUMS"]
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.parametrize(
    "command",
    [
        (*VERIFY, "--html", f"dist/{A}"),
        (*VERIFY, "--report", f"dist/{A}"),
        (*VERIFY, "--sums", f"dist/{A}"),
        ("hash", "dist", "--report", f"dist/{A}"),
        ("page", "show", f"page.html{PIN}", "-o", f"dist/{A}"),
        ("page", "make", "SHA256SUMS", "--base-url", "https://x.example/", "--report", f"dist/{A}"),
    ],
)
def test_output_file_never_replaces_an_artifact(
    cli: Cli, dist: pathlib.Path, release: dict[str, bytes], command: tuple[str, ...]
) -> None:
    """It would be verified before, and sent by twine after."""
    result = cli(*command)
    assert result.code == 2
    assert f"dist/{A}: this is the name of an artifact" in result.err
    assert contents(dist) == release


@pytest.mark.parametrize(
    "command",
    [
        (*VERIFY, "--html", "SHA256SUMS"),
        (*VERIFY, "--report", "dist/../SHA256SUMS"),
        (*VERIFY, "--sums", "link"),
        (*VERIFY, "--expect-file", "SHA256SUMS", "--sums", "SHA256SUMS"),
        ("verify", "SHA256SUMS", "--against", "https://x.example/", "--report", "SHA256SUMS"),
        ("verify", "dist", "--against", f"SHA256SUMS{PIN}", "--html", "SHA256SUMS"),
        ("page", "make", "SHA256SUMS", "--base-url", "https://x.example/", "--report", "link"),
    ],
)
def test_output_file_never_replaces_an_input(
    cli: Cli, dist: pathlib.Path, release: dict[str, bytes], command: tuple[str, ...]
) -> None:
    pathlib.Path("link").symlink_to("SHA256SUMS")
    result = cli(*command)
    assert (result.code, "is read by" in result.err) == (2, True)
    assert contents(dist) == release


@pytest.mark.parametrize(
    "command",
    [
        (*VERIFY, "--html", "out", "--report", "dist/../out"),
        (*VERIFY, "--sums", "out", "--html", "out"),
        ("hash", "dist", "--sums", "out", "--report", "./out"),
    ],
)
def test_two_outputs_are_never_one_file(
    cli: Cli, release: dict[str, bytes], command: tuple[str, ...]
) -> None:
    result = cli(*command)
    assert (result.code, "is written by" in result.err) == (2, True)
    assert not pathlib.Path("out").exists()


def test_devices_and_lists_among_the_artifacts_are_no_conflict(
    cli: Cli, dist: pathlib.Path, release: dict[str, bytes]
) -> None:
    assert cli(*VERIFY, "--html", "/dev/null", "--report", "/dev/null").code == 0
    assert cli("hash", "dist", "--sums", "dist/SHA256SUMS").code == 0
    # As the shell expands dist/*, when the command runs again.
    paths = sorted(dist.iterdir())
    assert cli("hash", *paths, "--sums", "dist/SHA256SUMS").code == 0


class Badge:
    """A plugin that writes a file."""

    @hookimpl
    def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
        if verb == "verify":
            parser.add_argument("--badge", writes=True, help="write an image to a file")


def test_output_files_of_plugins_follow_the_same_rules(
    cli: Cli, release: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, badge=Badge())
    result = cli(*VERIFY, "--badge", f"dist/{A}", "--html", "SHA256SUMS", "--report", "r")
    assert result.code == 2
    assert f"--badge dist/{A}: this is the name of an artifact" in result.err
    assert "--html SHA256SUMS: is read by --against" in result.err


@pytest.mark.parametrize(
    "option",
    ["--index", "--expect", "--expect-like", "--expect-file", "--trusted-root", "--log"],
)
def test_check_that_was_asked_for_twice_is_not_dropped(
    cli: Cli, release: dict[str, bytes], option: str
) -> None:
    """Argparse alone would keep the last of the values, without a message."""
    result = cli(*VERIFY, option, "1", f"{option}=2")
    assert (result.code, f"argument {option}: can be given once only" in result.err) == (2, True)


@pytest.mark.parametrize(
    "option",
    ["--against", "--index", "--expect-file", "--attested-by", "--log", "--html", "--report"],
)
def test_empty_value_does_not_drop_a_check(
    cli: Cli, dist: pathlib.Path, release: dict[str, bytes], option: str
) -> None:
    """A variable that is not set: ``--against "$LIST"`` would read the current folder."""
    (dist.parent / f"{A}.sha256").write_text("0" * 64)
    result = cli("verify", "dist", "--against", "SHA256SUMS", option, "")
    assert (result.code, f"{option}: the value is empty" in result.err) == (2, True)


def test_empty_value_of_a_plugin_is_its_own(
    cli: Cli, release: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, badge=Badge())
    assert cli(*VERIFY, "--badge", "").code == 0


@pytest.mark.parametrize(
    "address",
    [
        f"https://x.example/simple/demo/{PIN}",
        f"https://x.example/demo-1.0-downloads.html{PIN}",
        "https://x.example/demo-1.0-downloads.html",
    ],
)
def test_index_is_not_a_pinned_page(cli: Cli, release: dict[str, bytes], address: str) -> None:
    """The index check compares with the page as it is, so a hash would be ignored."""
    result = cli(*VERIFY, "--index", address)
    assert result.code == 2
    assert "name a downloads page with --against" in result.err


@pytest.mark.parametrize("option", ["--strict-folder", "--check-contents=full", "--allow=*"])
def test_list_has_no_files_to_check(cli: Cli, release: dict[str, bytes], option: str) -> None:
    result = cli("verify", "SHA256SUMS", "--against", "SHA256SUMS", option)
    assert (result.code, "no effect on a digest list" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--exclude", "*"), "--exclude: nothing of demo 1.0"),
        (("--without", "*"), "--without: nothing of demo 1.0"),
        (("--exclude", "cp*", "--without", "*"), "--exclude and --without: nothing of demo 1.0"),
    ],
)
def test_empty_model_names_the_options_that_emptied_it(
    cli: Cli, release: dict[str, bytes], options: tuple[str, ...], named: str
) -> None:
    result = cli(*VERIFY, "--expect-like", "1.0@dist", *options)
    assert (result.code, named in result.err) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        (*VERIFY, "--unpinned"),
        (*VERIFY, "--unpinned", "--against", "https://x.example/index.html"),
        ("fetch", "--verify", "demo", "https://x.example/demo/", "--unpinned"),
    ],
)
def test_unpinned_without_a_downloads_page_is_a_usage_error(
    cli: Cli, release: dict[str, bytes], command: tuple[str, ...]
) -> None:
    result = cli(*command)
    assert result.code == 2
    assert "--unpinned: no effect without the URL of a downloads page" in result.err


@pytest.mark.parametrize(
    "options",
    [
        ("--username", "somebody"),
        ("--secret", "open sesame"),
        ("--provider-name", "LOCAL"),
        ("--region", "north"),
        ("--username", "somebody", "--region", "north"),
    ],
)
def test_account_without_a_private_container_is_noted(
    cli: Cli, release: dict[str, bytes], options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not sent anywhere, although a URL may need one."""
    result = cli(*VERIFY, *options)
    assert result.code == 0
    for option in options[::2]:
        text = f"note       {option}  not used, because no address is container://NAME"
        assert result.out.count(text) == 1
    assert "open sesame" not in result.out
    # A job has one environment for all of its commands.
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_USERNAME", "somebody")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", "open sesame")
    assert "note" not in cli(*VERIFY).out


@pytest.mark.parametrize("private", ["against", "expect-like"])
def test_account_of_a_private_container_is_not_noted(
    cli: Cli, release: dict[str, bytes], private: str, tmp_path: pathlib.Path
) -> None:
    container = tmp_path / "store" / "wheels"
    container.mkdir(parents=True)
    for name in (A, B):
        publish(container, name)
    address = "1.0@container://wheels" if private == "expect-like" else "container://wheels"
    result = cli(*VERIFY, f"--{private}", address, *LOCAL)
    assert (result.code, "not used" in result.out) == (0, False), result
