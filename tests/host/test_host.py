"""The host package on the real host: its seams, its environment, and both command lines."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import pathlib
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from packaging.version import Version

from tests.conftest import LOCAL, Cli, Result
from tests.host.test_startup import PKG_RESOURCES
from tests.support.artifacts import make_sdist, make_wheel, sha256
from tests.support.environments import clean
from tests.support.servers import Server, serving_folder
from wheelhouse_hashes._startup import DISABLE, HOST, OPTION_VARIABLES
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli.parser import Parser, Verbs
from wheelhouse_hashes.errors import HostMismatch
from wheelhouse_hashes.formats.written_pages import FOOT, HEAD, row
from wheelhouse_hashes.host import attach, internals, pkg_resources_shim
from wheelhouse_hashes.plugins.hooks import Plugins

#: Raised by the host's own code on Python 3.13; users don't see it.
pytestmark = pytest.mark.filterwarnings(
    "ignore:'count' is passed as positional argument:DeprecationWarning"
)

NAME = "example-1.0-py3-none-any.whl"
OTHER = "example-1.1-py3-none-any.whl"


@pytest.fixture
def host(commandline: object) -> types.ModuleType:
    """The host's original command-line module, freshly loaded and not extended."""
    origin = inspect.getfile(importlib.import_module(attach.COMMANDLINE))
    spec = importlib.util.spec_from_file_location("bare_commandline", origin)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Return the files of a folder at any depth."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Seams


@pytest.mark.parametrize(
    ("name", "parameters", "looked_up"),
    [(name, *seam) for name, seam in internals.KNOWN_FUNCTIONS.items()],
)
def test_seam_exists_on_installed_host(
    host: types.ModuleType,
    name: str,
    parameters: tuple[str, ...],
    looked_up: tuple[str, ...],
) -> None:
    seam = getattr(host, name)
    assert tuple(inspect.signature(seam).parameters)[: len(parameters)] == parameters
    for used in looked_up:
        assert used in seam.__code__.co_names
        assert hasattr(host, used)


def test_installed_host_is_supported(host: types.ModuleType) -> None:
    internals.check_host(host)


def test_host_has_verbs_and_options_in_use(host: types.ModuleType) -> None:
    parser = plain_parser(host)
    upload = {action.dest for action in parser["upload"]._actions}
    fetch = {action.dest for action in parser["fetch"]._actions}
    assert {"container_name", "local_folder", "username", "secret", "provider_name"} <= upload
    assert {"region", "max_workers", "no_ssl_check", "no_update_index"} <= upload
    assert {"project_name", "url", "version", "local_folder"} <= fetch


def check_refused_unchanged(module: types.ModuleType, word: str) -> None:
    before = dict(vars(module))
    with pytest.raises(HostMismatch) as refusal:
        attach.attach(module)
    assert word in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 2
    same_objects(before, vars(module))


def same_objects(before: dict[str, Any], after: dict[str, Any]) -> None:
    # Python records issued warnings in __warningregistry__; it is not a global of the host.
    before, after = (
        {name: value for name, value in names.items() if name != "__warningregistry__"}
        for names in (before, after)
    )
    assert before.keys() == after.keys()
    assert [name for name, value in before.items() if after[name] is not value] == []


def test_unrelated_module_is_refused_unchanged() -> None:
    check_refused_unchanged(types.ModuleType("somebody_elses"), "main")


@pytest.mark.parametrize("name", internals.KNOWN_FUNCTIONS)
def test_host_without_seam_is_refused_unchanged(host: types.ModuleType, name: str) -> None:
    delattr(host, name)
    check_refused_unchanged(host, f"{name}() is missing")


@pytest.mark.parametrize("name", internals.KNOWN_FUNCTIONS)
def test_host_with_non_function_seam_is_refused_unchanged(
    host: types.ModuleType, name: str
) -> None:
    setattr(host, name, "a string")
    check_refused_unchanged(host, name)


@pytest.mark.parametrize(
    "name", [name for name, seam in internals.KNOWN_FUNCTIONS.items() if seam[0]]
)
def test_host_with_other_signature_is_refused_unchanged(host: types.ModuleType, name: str) -> None:
    setattr(host, name, lambda other, order: None)
    check_refused_unchanged(host, name)


@pytest.mark.parametrize(
    "name", [name for name, seam in internals.KNOWN_FUNCTIONS.items() if seam[1]]
)
def test_host_with_unused_seam_is_refused_unchanged(host: types.ModuleType, name: str) -> None:
    setattr(host, name, lambda options=None: None)
    check_refused_unchanged(host, name)


def test_attach_replaces_main_only_and_undo_restores_it(host: types.ModuleType) -> None:
    before = dict(vars(host))
    undo = attach.attach(host)
    changed = [name for name, value in vars(host).items() if before[name] is not value]
    assert changed == ["main"]
    undo()
    same_objects(before, vars(host))


def test_host_imported_earlier_is_extended_once(
    host: types.ModuleType, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = host.main
    monkeypatch.setitem(sys.modules, attach.COMMANDLINE, host)
    assert cli("--help").code == 0
    extended = host.main
    assert extended is not original
    assert cli("--help").code == 0
    assert host.main is extended


UNKNOWN_HOST = """\
import argparse
import libcloud.security
from libcloud.common.types import InvalidCredsError
def parse_args():
    return argparse.ArgumentParser().parse_known_args()
def main():
    assert libcloud.security.VERIFY_SSL_CERT and issubclass(InvalidCredsError, Exception)
    print("the unknown host ran")
"""
#: The second one has more of the functions that wheelhouse-hashes checks.
UNKNOWN_HOSTS = (UNKNOWN_HOST, UNKNOWN_HOST + "def handle_upload(options): pass")


@pytest.fixture(params=UNKNOWN_HOSTS, ids=["other", "similar"])
def unknown_host(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    """A host of another version on PYTHONPATH, ahead of the known one."""
    package = tmp_path / "unknown" / HOST
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "commandline.py").write_text(request.param)
    (package / "__main__.py").write_text(f"from {HOST}.commandline import main\nmain()\n")
    return str(package.parent)


def test_unknown_host_runs_alone_with_one_line_warning(python: Cli, unknown_host: str) -> None:
    done = python("-m", HOST, "upload", PYTHONPATH=unknown_host)
    assert (done.code, done.out) == (0, "the unknown host ran\n")
    (line,) = done.err.splitlines()
    assert line.startswith("wheelhouse-hashes: ")
    assert "; supported: 0.10.0-0.10.3" in line


def test_unknown_host_with_environment_variable_is_refused(python: Cli, unknown_host: str) -> None:
    done = python("-m", HOST, "upload", PYTHONPATH=unknown_host, **{OPTION_VARIABLES[0]: "1"})
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("wheelhouse-hashes: ")
    assert OPTION_VARIABLES[0] in line


def test_module_entry_point_refuses_unknown_host(python: Cli, unknown_host: str) -> None:
    done = python("-m", "wheelhouse_hashes", "upload", PYTHONPATH=unknown_host)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("wheelhouse-hashes: ")
    assert "; supported: 0.10.0-0.10.3" in line


# Environment


def test_pkg_resources_stand_in_is_temporary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "pkg_resources", raising=False)
    with pkg_resources_shim.pkg_resources_stand_in():
        stand_in = importlib.import_module("pkg_resources")
        assert stand_in.safe_version is pkg_resources_shim.safe_version
        assert stand_in.parse_version("1.0.dev1") < stand_in.parse_version("1.0")
        assert stand_in.parse_version("1.0+20240102030405_ab").local == "20240102030405.ab"
    assert "pkg_resources" not in sys.modules


def test_real_pkg_resources_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    real = types.ModuleType("pkg_resources")
    monkeypatch.setitem(sys.modules, "pkg_resources", real)
    with pkg_resources_shim.pkg_resources_stand_in():
        assert sys.modules["pkg_resources"] is not real
    assert sys.modules["pkg_resources"] is real


@pytest.mark.parametrize("before", [None, types.ModuleType("pkg_resources")])
def test_sys_modules_is_restored_after_failed_import(
    monkeypatch: pytest.MonkeyPatch, before: types.ModuleType | None
) -> None:
    monkeypatch.delitem(sys.modules, "pkg_resources", raising=False)
    if before is not None:
        monkeypatch.setitem(sys.modules, "pkg_resources", before)
    with pytest.raises(ImportError), pkg_resources_shim.pkg_resources_stand_in():
        raise ImportError("the host is broken")
    assert sys.modules.get("pkg_resources") is before
    assert ("pkg_resources" in sys.modules) == (before is not None)


@pytest.mark.parametrize(
    "text", ["1.0", "v1.0", "1.0.dev", "1.0-rc1", "1.0RC1", "01.2", "1.0+Local_1-x", "1!2.0.post3"]
)
def test_stand_in_safe_version_matches_packaging(text: str) -> None:
    assert pkg_resources_shim.safe_version(text) == str(Version(text))


@pytest.mark.parametrize(
    ("text", "safe"),
    [("not a version", "not.a.version"), ("1.0_x!y", "1.0-x-y"), ("a  b", "a..b"), ("é", "-")],
)
def test_stand_in_safe_version_matches_pkg_resources(text: str, safe: str) -> None:
    assert pkg_resources_shim.safe_version(text) == safe


def test_host_starts_without_warning_output(python: Cli, tmp_path: pathlib.Path) -> None:
    nowhere = tmp_path / "no-bytecode"
    nowhere.mkdir()
    command = ("-B", "-m", HOST, "fetch", "--help")
    done = python(*command, PYTHONPYCACHEPREFIX=str(nowhere), PYTHONWARNINGS="")
    assert (done.code, done.err) == (0, "")
    assert "--verify" in done.out
    assert contents(nowhere) == {}


def test_commands_emit_no_warning_in_development_mode(
    python: Cli, dist: pathlib.Path, served: Server
) -> None:
    strict = ("-W", "error", "-X", "dev", "-m", HOST)
    make_wheel(dist, NAME)
    sent = python(*strict, "upload", "--hashfile", *LOCAL, "wheels")
    assert (sent.code, sent.err) == (0, "")
    fetched = python(*strict, "fetch", "--verify", "--local-folder", "got", "example", served.url)
    assert (fetched.code, fetched.err) == (0, "")
    assert (pathlib.Path("got") / NAME).is_file()


def test_stand_in_is_gone_after_host_import(python: Cli) -> None:
    done = python("-c", f"import sys, {HOST}.commandline; print('pkg_resources' in sys.modules)")
    assert (done.code, done.out) == (0, "False\n")


# Commands


HOST_MODULES = ("commandline", "fetch", "upload", "utils")


def command_lines(url: str) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return commands of every verb with their exit codes, extended and plain, good and bad."""
    store = (*LOCAL, "wheels")
    return {
        "upload": (("upload", *store), 0),
        "upload with hash files": (("upload", "--hashfile", *store), 0),
        "upload refused": (("upload", "--hash-algorithm", "md5", *store), 2),
        "upload of nothing": (
            ("upload", "--hashfile", "--local-folder", "none", *store),
            2,
        ),
        "fetch": (("fetch", "--local-folder", "got", "example", url), 0),
        "fetch verified": (("fetch", "--verify", "--local-folder", "got", "example", url), 0),
        "fetch refused": (("fetch", "--wait", "5", "example", url), 2),
        "fetch of nothing": (("fetch", "--verify", "--wait", "0", "nothing", url), 4),
        "index": (("index", *store), 0),
        "index refused": (("index", "wheels"), 2),
        "no such verb": (("verify", "/nonexistent"), 2),
        "help": (("--help",), 0),
    }


@pytest.mark.parametrize("command", command_lines(""))
def test_command_leaves_host_globals_unchanged(
    cli: Cli,
    commandline: object,
    dist: pathlib.Path,
    container: pathlib.Path,
    served: Server,
    command: str,
) -> None:
    content = make_wheel(container, NAME).read_bytes()
    (container / f"{NAME}.sha256").write_text(f"{sha256(content)}  {NAME}\n")
    page = f"{HEAD}{row(NAME, f'#sha256={sha256(content)}')}{FOOT}"
    (container / "index.html").write_text(page)
    make_wheel(dist, OTHER)
    modules = [importlib.import_module(f"{HOST}.{name}") for name in HOST_MODULES]
    assert modules[0].Uploader  # load the deferred imports before comparing
    before = [dict(vars(module)) for module in modules]
    args, code = command_lines(served.url)[command]
    done = cli(*args)
    assert done.code == code, done.out + done.err
    for module, then in zip(modules, before, strict=True):
        same_objects(then, vars(module))
    assert commandline is modules[0]


def added_verbs(host: types.ModuleType) -> set[str]:
    return set(extended_parser(host)) - set(plain_parser(host))


def test_unknown_verb_is_refused(cli: Cli) -> None:
    done = cli("publish", "/nonexistent")
    assert done.code == 2
    assert "unknown command 'publish'" in done.err


@pytest.mark.parametrize("missing", ["username", "secret"])
def test_index_without_credentials_is_refused(cli: Cli, missing: str) -> None:
    given = {"username": "store", "secret": "none"}
    del given[missing]
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    done = cli("index", "--provider-name", "LOCAL", *options, "wheels")
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert f"--{missing}" in line
    assert f"WHEELHOUSE_UPLOADER_{missing.upper()}" in line


def test_added_verbs_do_not_fall_through_to_host_main(
    cli: Cli, host: types.ModuleType, container: pathlib.Path
) -> None:
    verbs = added_verbs(host)
    assert verbs == {"hash", "index", "log", "verify", "page"}
    words = {"index": LOCAL, "page": ("make", "--base-url", "https://example.org/")}
    for verb in verbs:
        done = cli(verb, *words.get(verb, ()), "nonexistent")
        assert done.code not in (0, None), verb
        assert "error: " in done.err


def test_index_takes_credentials_from_environment(
    cli: Cli, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(container, NAME)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_USERNAME", "store")
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_SECRET", "none")
    done = cli("index", "--provider-name", "LOCAL", "wheels")
    assert (done.code, done.err) == (0, "")
    assert f'href="{NAME}"' in (container / "index.html").read_text()


# Options


class _Kept(argparse.ArgumentParser):
    def parse_args(self, *args: Any, **kwargs: Any) -> Any:
        return self


def _verbs_of(parser: Any) -> dict[str, argparse.ArgumentParser]:
    (action,) = parser._subparsers._group_actions
    return dict(action.choices)


def plain_parser(host: types.ModuleType) -> dict[str, argparse.ArgumentParser]:
    """Return the host's own parsers by verb."""
    with attach._replaced(host, argparse=types.SimpleNamespace(ArgumentParser=_Kept)):
        return _verbs_of(host.parse_args())


def extended_parser(host: types.ModuleType) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers by verb, with the options of wheelhouse-hashes."""
    kept = type("Kept", (_Kept, Parser), {})
    with attach._replaced(host, argparse=types.SimpleNamespace(ArgumentParser=kept)):
        verbs = host.parse_args()
    Verbs(Plugins.load(BUILT_IN)).extend(verbs._subparsers_action)
    return _verbs_of(verbs)


def parsed(host: types.ModuleType, argv: Sequence[str]) -> dict[str, Any] | object:
    """Return the host parser's result for a command line: options, or an exit code."""
    sys.argv[1:] = argv
    try:
        return dict(vars(host.parse_args()))
    except SystemExit as end:
        return end.code


def parsed_extended(host: types.ModuleType, argv: Sequence[str]) -> dict[str, Any] | object:
    """Return the same for the extended parser."""
    parser = type("Parser", (Parser,), {"verbs": Verbs(Plugins.load(BUILT_IN))})
    with attach._replaced(host, argparse=types.SimpleNamespace(ArgumentParser=parser)):
        return parsed(host, argv)


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line that tests may modify."""
    monkeypatch.setattr(sys, "argv", ["wheelhouse_uploader"])


POSITIONAL = {"upload": ("wheels",), "fetch": ("example", "http://127.0.0.1/")}


@pytest.mark.parametrize("verb", POSITIONAL)
def test_host_option_abbreviations_keep_their_meaning(
    host: types.ModuleType, arguments: None, verb: str
) -> None:
    checked = 0
    for action in plain_parser(host)[verb]._actions:
        value = () if action.nargs == 0 else ("7",)
        for option in (o for o in action.option_strings if o not in ("-h", "--help")):
            for end in range(len("--") + 1, len(option) + 1):
                argv = (verb, option[:end], *value, *POSITIONAL[verb])
                alone = parsed(host, argv)
                extended = parsed_extended(host, argv)
                if isinstance(alone, dict):
                    assert isinstance(extended, dict), argv
                    assert {name: extended[name] for name in alone} == alone, argv
                else:
                    assert extended == alone == 2, argv
                checked += 1
    assert checked > 10


@pytest.mark.parametrize(
    ("argv", "dest", "value"),
    [
        (("fetch", "--ver", "1.0"), "version", "1.0"),
        (("fetch", "--ver=1.0", "--verify"), "version", "1.0"),
        (("upload", "--re", "dfw"), "region", "dfw"),
        (("upload", "--no-u"), "no_update_index", True),
        (("upload", "--hashf"), "hashfile", True),
        (("upload", "--hash-a", "md5"), "hash_algorithm", ["md5"]),
        (("upload", "--no-r"), "no_replace", True),
        (("upload", "--res"), "resend", True),
        (("fetch", "--veri"), "verify", True),
        (("fetch", "--miss", "accept"), "missing_hash", "accept"),
        (("fetch", "--max", "2"), "max_workers", 2),
        (("fetch", "--wa=5"), "wait", 5.0),
    ],
)
def test_option_abbreviations(
    host: types.ModuleType, arguments: None, argv: tuple[str, ...], dest: str, value: object
) -> None:
    options = parsed_extended(host, (*argv, *POSITIONAL[argv[0]]))
    assert isinstance(options, dict)
    assert options[dest] == value


def test_ambiguous_abbreviation_is_refused(
    host: types.ModuleType, arguments: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parsed_extended(host, ("upload", "--hash", "wheels")) == 2
    assert "ambiguous option: --hash" in capsys.readouterr().err


def test_switch_takes_no_value(host: types.ModuleType, arguments: None) -> None:
    upload = parsed_extended(host, ("upload", "--hashfile", "wheels"))
    fetch = parsed_extended(host, ("fetch", "--verify", "example", "http://127.0.0.1/"))
    assert isinstance(upload, dict)
    assert isinstance(fetch, dict)
    assert (upload["hashfile"], upload["container_name"]) == (True, "wheels")
    assert (fetch["verify"], fetch["project_name"]) == (True, "example")


@pytest.mark.parametrize(
    "option",
    [
        ("--wait", "5"),
        ("--wait", "90"),
        ("--max-workers", "2"),
        ("--max-workers", "4"),
        ("--missing-hash", "accept"),
        ("--missing-hash", "refuse"),
        ("--check-contents", "quick"),
        ("--hash-algorithm", "sha512"),
    ],
    ids=" ".join,
)
def test_fetch_option_without_verify_is_refused(
    cli: Cli, served: Server, container: pathlib.Path, option: tuple[str, str]
) -> None:
    make_wheel(container, NAME)
    (container / "index.html").write_text(f'<a href="{NAME}">{NAME}</a>')
    done = cli("fetch", *option, "example", served.url)
    assert done.code == 2, done.out
    (line,) = done.err.splitlines()
    assert option[0] in line
    assert "--verify" in line
    assert served.requests == []
    assert not pathlib.Path("dist").exists()


# Environment variables


def test_every_environment_variable_has_an_option(host: types.ModuleType) -> None:
    dests = {
        f"WHEELHOUSE_UPLOADER_{action.dest.upper()}"
        for parser in extended_parser(host).values()
        for action in parser._actions
    }
    assert set(OPTION_VARIABLES) <= dests


@pytest.mark.parametrize(
    ("variable", "text", "verb", "value"),
    [
        ("HASHFILE", "1", "upload", True),
        ("HASHFILE", "yes", "upload", True),
        ("HASH_ALGORITHM", "md5 sha512", "upload", ["md5", "sha512"]),
        ("HASH_ALGORITHM", "blake2b", "fetch", ["blake2b"]),
        ("VERIFY", "true", "fetch", True),
        ("WAIT", "2.5", "fetch", 2.5),
        ("MAX_WORKERS", "2", "fetch", 2),
        ("MAX_WORKERS", "2", "upload", 4),  # the host's own option has no environment variable
    ],
)
def test_environment_variable_sets_option(
    host: types.ModuleType,
    arguments: None,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    text: str,
    verb: str,
    value: object,
) -> None:
    monkeypatch.setenv(f"WHEELHOUSE_UPLOADER_{variable}", text)
    options = parsed_extended(host, (verb, *POSITIONAL[verb]))
    assert isinstance(options, dict)
    assert options[variable.lower()] == value


@pytest.mark.parametrize("text", ["", " ", "false", "False"])
@pytest.mark.parametrize("verb", POSITIONAL)
def test_environment_variable_that_is_off_is_ignored(
    host: types.ModuleType,
    arguments: None,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    verb: str,
) -> None:
    without = parsed_extended(host, (verb, *POSITIONAL[verb]))
    for variable in OPTION_VARIABLES:
        monkeypatch.setenv(variable, text)
    assert parsed_extended(host, (verb, *POSITIONAL[verb])) == without


@pytest.mark.parametrize(
    ("variable", "argv", "value"),
    [
        ("WAIT", ("fetch", "--wait", "7"), 7.0),
        ("MAX_WORKERS", ("fetch", "--max-workers", "3"), 3),
        ("MAX_WORKERS", ("upload", "--max-workers", "3"), 3),
    ],
)
def test_option_overrides_environment_variable(
    host: types.ModuleType,
    arguments: None,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    argv: tuple[str, ...],
    value: object,
) -> None:
    monkeypatch.setenv(f"WHEELHOUSE_UPLOADER_{variable}", "2")
    options = parsed_extended(host, (*argv, *POSITIONAL[argv[0]]))
    assert isinstance(options, dict)
    assert options[variable.lower()] == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("HASH_ALGORITHM", "crc32"),
        ("HASH_ALGORITHM", "sha256,md5"),
        ("WAIT", "soon"),
        ("WAIT", "-1"),
        ("WAIT", "nan"),
        ("WAIT", "inf"),
        ("MAX_WORKERS", "many"),
        ("MAX_WORKERS", "-1"),
        ("MAX_WORKERS", "1.5"),
    ],
)
@pytest.mark.parametrize("verb", POSITIONAL)
def test_environment_variable_with_bad_value_is_refused(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    container: pathlib.Path,
    verb: str,
    variable: str,
    text: str,
) -> None:
    monkeypatch.setenv(f"WHEELHOUSE_UPLOADER_{variable}", text)
    switch = {"upload": (*LOCAL, "--hashfile"), "fetch": ("--verify",)}[verb]
    done = cli(verb, *switch, *POSITIONAL[verb])
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert f"WHEELHOUSE_UPLOADER_{variable}" in line
    assert text in line
    assert not container.exists()


@pytest.mark.parametrize(("text", "on"), [("1", True), ("0", False), ("false", False)])
def test_hashfile_environment_variable(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    on: bool,
) -> None:
    make_wheel(dist, NAME)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_HASHFILE", text)
    assert cli("upload", *LOCAL, "wheels").code == 0
    assert (container / f"{NAME}.sha256").is_file() is on
    assert (container / "metadata.json").is_file() is not on


@pytest.mark.parametrize(("text", "code"), [("1", 3), ("0", 0), ("false", 0)])
def test_verify_environment_variable(
    cli: Cli,
    served: Server,
    container: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    code: int,
) -> None:
    make_wheel(container, NAME)
    (container / "index.html").write_text(f'<a href="{NAME}">{NAME}</a>')
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_VERIFY", text)
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_WAIT", "0.1")
    done = cli("fetch", "example", served.url)
    assert done.code == code, done.out + done.err
    assert (pathlib.Path("dist") / NAME).is_file() is (code == 0)


# Without our options: identical to the host alone


class Pair:
    """The host alone and the extended host, each in its own identical folder."""

    def __init__(self, base: pathlib.Path) -> None:
        self.folders = (base / "bare", base / "with")
        for folder in self.folders:
            folder.mkdir()
        stub = base / "stub"
        stub.mkdir()
        (stub / "pkg_resources.py").write_text(PKG_RESOURCES)
        self._environs: tuple[dict[str, str], dict[str, str]] = (
            {DISABLE: "1", "PYTHONPATH": str(stub)},
            {},
        )

    def run(self, *args: str, **environ: str) -> tuple[Result, Result]:
        """Run a command in both."""
        bare, extended = (
            subprocess.run(
                [sys.executable, "-m", HOST, *args],
                check=False,
                capture_output=True,
                text=True,
                timeout=600,
                cwd=folder,
                env=clean(**own, **environ),
            )
            for folder, own in zip(self.folders, self._environs, strict=True)
        )
        return (
            Result(bare.returncode, bare.stdout, bare.stderr),
            Result(extended.returncode, extended.stdout, extended.stderr),
        )

    def same(self, *args: str, code: int, in_order: bool = False, **environ: str) -> str:
        """Run a command in both and check that the results are identical."""
        bare, extended = self.run(*args, **environ)
        assert bare.code == code, bare.err
        assert extended.code == bare.code
        order = list if in_order else sorted
        assert order(extended.out.splitlines()) == order(bare.out.splitlines())
        assert contents(self.folders[1]) == contents(self.folders[0])
        return bare.out


@pytest.fixture
def pair(tmp_path: pathlib.Path) -> Pair:
    return Pair(tmp_path)


def test_plain_upload_is_identical_to_host(pair: Pair) -> None:
    for folder in pair.folders:
        make_wheel(folder / "dist", NAME)
        make_wheel(folder / "dist", "other_one-2.0-cp311-cp311-win_amd64.whl")
        (folder / "dist" / "bad-name.whl").write_bytes(b"no wheel")
        make_sdist(folder / "dist", "example-1.0.tar.gz")
        (folder / "dist" / "junk.txt").write_text("not an artifact")
        (folder / "dist" / f"{NAME}.sha256").write_text("made by hand")
        (folder / "dist" / "folder").mkdir()
        (folder / "store").mkdir()
    out = pair.same("upload", *LOCAL, "wheels", code=0)
    assert "Skipping junk.txt" in out
    assert set(contents(pair.folders[1] / "store" / "wheels")) == {
        NAME,
        "other_one-2.0-cp311-cp311-win_amd64.whl",
        "example-1.0.tar.gz",
        "index.html",
        "metadata.json",
    }


def test_plain_upload_deletes_old_dev_builds_like_host(pair: Pair) -> None:
    builds = [f"example-1.0.dev0+2024010100000{n}-cp311-none-any.whl" for n in range(7)]
    for folder in pair.folders:
        for build in builds:
            make_wheel(folder / "dist", build)
        (folder / "store").mkdir()
    options = ("--max-workers", "1", "--no-enable-cdn", "--no-update-index")
    out = pair.same("upload", *LOCAL, *options, "wheels", code=0, in_order=True)
    assert "Deleting old dev package" in out
    assert set(contents(pair.folders[1] / "store" / "wheels")) == {*builds[2:], "metadata.json"}


@pytest.mark.parametrize(
    ("options", "environ", "code", "says"),
    [
        (("--username", "store"), {}, 0, "secret API key missing"),
        (("--secret", "x"), {}, 1, "Username required"),
        (LOCAL, {"TRAVIS_PULL_REQUEST": "5"}, 0, "Skipping upload"),
    ],
    ids=["no secret", "no username", "pull request"],
)
def test_upload_skipped_by_host_is_skipped(
    pair: Pair, options: tuple[str, ...], environ: dict[str, str], code: int, says: str
) -> None:
    out = pair.same("upload", *options, "wheels", code=code, in_order=True, **environ)
    assert says in out


@pytest.fixture
def other_container(tmp_path: pathlib.Path) -> Iterator[Server]:
    """A container with an index page and a hash file, as another upload left it."""
    folder = tmp_path / "shop"
    make_wheel(folder, NAME)
    make_wheel(folder, OTHER, b"other")
    (folder / f"{NAME}.sha256").write_text("0" * 64 + f"  {NAME}\n")
    links = (f'<a href="{name}#sha256={"0" * 64}">{name}</a>\n' for name in (NAME, OTHER))
    (folder / "index.html").write_text(f'{"".join(links)}<a href="{NAME}.sha256">hash</a>')
    with serving_folder(folder) as server:
        yield server


def test_plain_fetch_is_identical_to_host(pair: Pair, other_container: Server) -> None:
    out = pair.same("fetch", "example", other_container.url, "--local-folder", "got", code=0)
    assert "Found 2 artifacts" in out
    assert set(contents(pair.folders[1])) == {f"got/{NAME}", f"got/{OTHER}"}
    assert sorted(other_container.paths()) == sorted(2 * ["/", f"/{NAME}", f"/{OTHER}"])
    again = pair.same("fetch", "example", other_container.url, "--local-folder", "got", code=0)
    assert "already exists" in again


def test_plain_fetch_of_one_version_is_identical_to_host(
    pair: Pair, other_container: Server
) -> None:
    pair.same("fetch", "--ver", "1.1", "example", other_container.url, code=0)
    assert set(contents(pair.folders[1])) == {f"dist/{OTHER}"}


def test_plain_fetch_without_match_is_identical_to_host(
    pair: Pair, other_container: Server
) -> None:
    out = pair.same(
        "fetch", "--version", "9", "example", other_container.url, code=0, in_order=True
    )
    assert "Available versions: 1.0, 1.1" in out


def test_plain_fetch_error_is_identical_to_host(pair: Pair, other_container: Server) -> None:
    bare, extended = pair.run("fetch", "example", f"{other_container.url}nothing/")
    assert (bare.code, extended.code) == (1, 1)
    assert extended.out == bare.out
    assert bare.err.splitlines()[-1] == "urllib.error.HTTPError: HTTP Error 404: File not found"
    assert extended.err.splitlines()[-1] == bare.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("container", "url"),
    [
        ("wheels", "https://cdn.example/wheels"),
        ("wheels/nightly", "https://cdn.example/wheels/nightly/"),
        ("wheels/a/räder+1", "https://cdn.example/wheels/a/r%C3%A4der%2B1/"),
    ],
)
def test_address_of_prefix_on_cdn(container: str, url: str) -> None:
    """No provider with a CDN is available here; the host asks libcloud for a whole container's."""

    class Base:
        def get_container_cdn_url(self, container_name: str) -> str:
            return f"https://cdn.example/{container_name}"

    run: Any = types.SimpleNamespace()
    uploader: Any = attach._uploader_class(Base, run)()
    assert uploader.get_container_cdn_url(container) == url
