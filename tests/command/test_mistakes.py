"""Misspelled verbs, options and values; commands without a verb; what the command is called."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.conftest import Cli
from tests.support.environments import clean
from wheelhouse_hashes.suggestions import resembling

#: The verbs, each with arguments that it needs.
VERBS = {
    "upload": ("wheels",),
    "fetch": ("demo", "http://127.0.0.1:9/"),
    "index": ("wheels",),
    "verify": ("dist",),
    "hash": ("dist",),
    "page make": ("SHA256SUMS", "--base-url", "https://example.org/"),
    "page show": ("page.html#sha256=00",),
    "log keygen": ("example.org/log", "--key", "log.key"),
    "log append": ("log", "--key", "log.key"),
    "log audit": ("log",),
    "log prove": ("log", "demo-1.0.tar.gz"),
    "log check-proof": ("demo-1.0.tar.gz", "proof"),
    "log status": ("log",),
}

#: How the command is started, and what it calls itself.
NAMES = [
    (("-m", "wheelhouse_uploader"), "python -m wheelhouse_uploader"),
    (("-m", "wheelhouse_hashes"), "python -m wheelhouse_hashes"),
    ((str(pathlib.Path(sys.executable).with_name("wheelhouse-hashes")),), "wheelhouse-hashes"),
]


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("verifyy", "dist"), "unknown command 'verifyy': {}; did you mean verify?"),
        (("Fetch", "demo"), "unknown command 'Fetch': {}; did you mean fetch?"),
        (("log", "appnd"), "unknown command 'appnd': {}; did you mean append?"),
        (("log", "check_proof"), "unknown command 'check_proof': {}; did you mean check-proof?"),
        (("page", "mak"), "unknown command 'mak': {}; did you mean make?"),
        (("nothing-alike",), "unknown command 'nothing-alike': {}"),
    ],
)
def test_misspelled_verb_is_named(cli: Cli, argv: tuple[str, ...], message: str) -> None:
    done = cli(*argv)
    before, _, after = message.partition("{}")
    assert done.code == 2
    printed = last_line(done.err).partition("error: ")[2]
    assert printed.startswith(f"{before}must be one of ")
    assert printed.endswith(after)
    assert "did you mean" in after or "did you mean" not in printed


@pytest.mark.parametrize("verb", VERBS)
def test_misspelled_option_is_named_for_every_verb(cli: Cli, verb: str) -> None:
    done = cli(*verb.split(), *VERBS[verb], "--reprot", 3)
    assert done.code == 2
    assert last_line(done.err).endswith("unrecognized option --reprot: did you mean --report?")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ("fetch", "--verifyy", "demo", "url"),
            "unrecognized option --verifyy: did you mean --verify?",
        ),
        (
            ("verify", "dist", "--expext=3"),
            "unrecognized option --expext: did you mean --expect?",
        ),
        (
            ("verify", "dist", "--aginst", "S", "--repotr", "R"),
            "unrecognized arguments: --aginst *** --repotr ***; did you mean --against --report?",
        ),
        (
            ("verify", "dist", "-against", "S"),
            "unrecognized arguments: -a*** S; did you mean --against?",
        ),
        (("verify", "dist", "--zzzz"), "unrecognized arguments: --zzzz"),
        (("verify", "dist", "more"), "unrecognized arguments: more"),
        (("--verison",), "unrecognized option --verison: did you mean --version?"),
        (
            ("--hashfile", "upload", "wheels"),
            "unrecognized arguments: --hashfile; upload must be before --hashfile",
        ),
        (
            ("verify", "dist", "--check-contents", "ful"),
            (
                "argument --check-contents: invalid choice: 'ful': must be one of "
                "quick, full, none; did you mean full?"
            ),
        ),
        (
            ("verify", "dist", "--require", "pined"),
            (
                "argument --require: must be one of "
                "container, elsewhere, attested, logged, pinned; did you mean pinned?"
            ),
        ),
        (
            ("hash", "dist", "--hash-algorithm", "SHA-512"),
            (
                "argument --hash-algorithm: invalid choice: 'SHA-512': must be one of "
                "sha256, sha384, sha512, blake2b, blake2b-256, md5; did you mean sha512?"
            ),
        ),
        (
            ("--print-completion", "bahs"),
            (
                "argument --print-completion: invalid choice: 'bahs': must be one of "
                "bash, zsh, fish, tcsh; did you mean bash?"
            ),
        ),
    ],
)
def test_message(cli: Cli, argv: tuple[str, ...], message: str) -> None:
    done = cli(*argv)
    assert (done.code, last_line(done.err).partition("error: ")[2]) == (2, message)


def test_value_in_environment_variable(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_REQUIRE", "kontainer")
    done = cli("verify", "dist")
    assert (done.code, "did you mean container?" in done.err) == (2, True)


def test_value_of_misspelled_secret_option_is_not_shown(cli: Cli) -> None:
    for argv in (["--secrte", "s3cret"], ["--secrte=s3cret"]):
        done = cli("upload", "wheels", *argv)
        assert (done.code, "s3cret" in done.err) == (2, False)
        assert last_line(done.err).endswith("--secrte: did you mean --secret?")


def test_provider_and_driver_option(cli: Cli) -> None:
    account = ("--username", "a", "--secret", "b")
    done = cli("index", "wheels", *account, "--provider-name", "openstack-swift")
    assert (done.code, last_line(done.err)[-31:]) == (2, "; did you mean OPENSTACK_SWIFT?")
    options = (*account, "--provider-name", "S3", "--driver-option", "prot=9000")
    done = cli("index", "wheels", *options)
    assert (done.code, done.err.endswith("; did you mean port?\n")) == (2, True)


def test_only_mistakes_import_difflib(python: Cli) -> None:
    code = (
        "import sys, runpy\n"
        "sys.argv = ['wheelhouse-hashes', *{}]\n"
        "try:\n    runpy.run_module('wheelhouse_hashes', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print('difflib' in sys.modules)"
    )
    starts = [(["--help"], "False"), (["verify", "x"], "False"), (["vrfy"], "True")]
    for argv, imported in starts:
        assert last_line(python("-c", code.format(argv)).out) == imported


def test_resembling_ignores_case_but_not_everything() -> None:
    assert resembling("SHA256", ["sha256", "md5"]) == "sha256"
    assert resembling("zzz", ["sha256", "md5"]) is None
    assert resembling("x", []) is None


@pytest.mark.parametrize("argv", [(), ("log",), ("page",)])
def test_command_without_a_verb_prints_help(cli: Cli, argv: tuple[str, ...]) -> None:
    done = cli(*argv)
    assert (done.code, done.out) == (2, "")
    assert done.err == cli(*argv, "--help").out
    assert "Commands:" in done.err


def test_version_names_packages_and_libraries(cli: Cli) -> None:
    done = cli("--version")
    assert (done.code, done.err) == (0, "")
    (line,) = done.out.splitlines()
    names = [part.split()[0] for part in line.split(", ")]
    assert names == ["wheelhouse-hashes", "wheelhouse-uploader", "apache-libcloud", "libcurl"]
    assert all(part.split()[1][0].isdigit() for part in line.split(", ")), line


def test_version_without_pycurl(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycurl", None)
    done = cli("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(", libcurl not installed (extra fetch)\n")


@pytest.mark.parametrize(("start", "name"), NAMES)
def test_command_says_its_own_name(start: tuple[str, ...], name: str) -> None:
    def printed(*argv: str) -> str:
        """Return standard error, or else standard output, in few starts of Python."""
        done = subprocess.run(
            [sys.executable, *start, *argv],
            check=False, capture_output=True, text=True, env=clean(COLUMNS="80", NO_COLOR="1"),
        )  # fmt: skip
        return done.stderr or done.stdout

    assert printed().startswith(f"usage: {name} [-h] ")
    page = printed("fetch", "--help")
    assert page.startswith(f"usage: {name} fetch [-h] ")
    assert f"\n  {name} fetch --verify " in page
    assert all(name in line for line in page.splitlines() if " fetch --verify" in line)
    assert f"\n{name} log: error: unknown command 'appnd'" in printed("log", "appnd")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_the_name_of_the_command(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """In usage, examples and errors, also if the command is that of the package."""
    monkeypatch.setattr("wheelhouse_hashes.cli.argument_parser.program", lambda: "NAME")
    monkeypatch.setattr("wheelhouse_hashes.cli.help.program", lambda: "NAME")
    page = cli(*verb.split(), "--help").out
    assert page.startswith(f"usage: NAME {verb} [-h] ")
    assert f"\n  NAME {verb} " in page
    assert "wheelhouse_uploader" not in page
    error = cli(*verb.split(), "--wait", "soon").err if verb != "hash" else cli("hash", "-q=1").err
    assert error.startswith(f"usage: NAME {verb} [-h] ")
    assert f"\nNAME {verb}: error: argument " in error
