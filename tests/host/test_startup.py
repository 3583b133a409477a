"""The start-up files, in a virtual environment with only the installed wheel."""

from __future__ import annotations

import pathlib
import re
import shutil
import sys
from collections.abc import Callable

import pytest

from tests.conftest import LOCAL, Result
from tests.support.artifacts import make_wheel
from tests.support.commands import names
from tests.support.environments import Environment, run, wheel_under_test
from tests.support.params import quick
from wheelhouse_hashes._startup import DISABLE, HOST, OPTION_VARIABLES, THRESHOLD

NAME = "example-1.0-py3-none-any.whl"

#: What the host imports from pkg_resources, which current setuptools no longer has. Without
#: wheelhouse-hashes, another package has to provide it.
PKG_RESOURCES = """\
import re
from packaging.version import InvalidVersion, Version as parse_version
def safe_version(version):
    try:
        return str(parse_version(version))
    except InvalidVersion:
        return re.sub("[^A-Za-z0-9.]+", "-", version.replace(" ", "."))
"""

#: Prints at the end of the process how often it looked for garbage.
PRINT_THRESHOLD = """
import atexit, gc
atexit.register(lambda: print("threshold", gc.get_threshold()[0]))
"""

#: A module with an open file, and a plugin that uses it.
NOTES = """
file = open({path!r}, "w")
def note(text):
    file.write(text + "\\n")
"""
NOTING = """
from notes import note
from wheelhouse_hashes import hookimpl
@hookimpl
def wheelhouse_artifact_judged(verdict):
    note(verdict.name)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and its requirements, without the extra."""
    environment = Environment.create(tmp_path_factory.mktemp("installed"))
    environment.install(wheel_under_test(tmp_path_factory.getbasetemp()))
    return environment


@pytest.fixture
def copied(installed: Environment, tmp_path: pathlib.Path) -> Environment:
    """A copy of ``installed`` whose site-packages may be damaged."""
    environment = Environment.create(tmp_path / "copied")
    for path in installed.site_packages.iterdir():
        here = environment.site_packages / path.name
        if path.name == "wheelhouse_hashes":
            shutil.copytree(path, here, ignore=shutil.ignore_patterns("__pycache__"))
        elif path.is_file():
            shutil.copyfile(path, here)
        else:
            here.symlink_to(path)
    return environment


@pytest.fixture
def pkg_resources(tmp_path: pathlib.Path) -> str:
    """A folder with the imports that the host alone needs, for PYTHONPATH."""
    folder = tmp_path / "pkg_resources_only"
    folder.mkdir()
    (folder / "pkg_resources.py").write_text(PKG_RESOURCES)
    return str(folder)


@pytest.fixture
def unprocessed(installed: Environment, tmp_path: pathlib.Path) -> Environment:
    """An empty environment: packages on its PYTHONPATH are as after ``pip install --target``."""
    return Environment.create(tmp_path / "unprocessed")


@pytest.fixture
def upload(dist: pathlib.Path, container: pathlib.Path) -> tuple[str, ...]:
    """An upload of one wheel without any option of wheelhouse-hashes."""
    make_wheel(dist, NAME)
    return ("upload", *LOCAL, "wheels")


def refused(done: Result, *words: str) -> None:
    """Check for exit code 2 and a single error line that contains some words."""
    (line,) = done.err.splitlines()
    assert line.startswith("wheelhouse-hashes: ")
    for word in words:
        assert word in line
    assert done.code == 2


BY_HOST = {NAME, "index.html", "metadata.json"}
BY_EXTENDED = {NAME, f"{NAME}.sha256", "index.html"}


def test_installed_wheel_adds_options_to_host(installed: Environment) -> None:
    upload = installed.run("-m", HOST, "upload", "--help")
    assert (upload.code, upload.err) == (0, "")
    assert "--hashfile" in upload.out
    fetch = installed.run("-m", HOST, "fetch", "--help")
    assert (fetch.code, fetch.err) == (0, "")
    assert "--verify" in fetch.out


def test_installed_wheel_uploads_hash_file(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path
) -> None:
    done = installed.run("-m", HOST, *upload, "--hashfile")
    assert (done.code, done.err) == (0, "")
    assert set(names(container)) >= BY_EXTENDED
    assert "metadata.json" not in names(container)


def test_isolated_mode_runs_startup_file(installed: Environment) -> None:
    done = installed.run("-I", "-m", HOST, "upload", "--help")
    assert done.code == 0
    assert "--hashfile" in done.out


@pytest.mark.skipif(sys.version_info < (3, 15), reason="Python 3.15 introduces .start files")
def test_start_file_works_without_the_pth_file(copied: Environment) -> None:
    (copied.site_packages / "wheelhouse_hashes.pth").unlink()
    done = copied.run("-W", "error", "-m", HOST, "upload", "--help")
    assert (done.code, done.err) == (0, "")
    assert "--hashfile" in done.out
    (copied.site_packages / "wheelhouse_hashes.start").unlink()
    done = copied.run("-c", "import sys; print('wheelhouse_hashes' in sys.modules)")
    assert (done.code, done.out) == (0, "False\n")


def test_other_process_loads_startup_module_only(
    installed: Environment,
) -> None:
    code = (
        "import sys;"
        "print(*sorted(n for n in sys.modules"
        " if n.partition('.')[0] in ('wheelhouse_hashes', 'pluggy', 'packaging', 'libcloud')))"
    )
    done = installed.run("-c", code)
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == ["wheelhouse_hashes", "wheelhouse_hashes._startup"]


def test_startup_module_imports_no_other_module(installed: Environment) -> None:
    loaded = "import sys; print(*sorted(sys.modules))"
    with_us = installed.run("-c", loaded).out.split()
    without = installed.run("-S", "-c", f"import site; site.main(); {loaded}").out.split()
    bare = installed.run("-S", "-c", f"import site; {loaded}").out.split()
    ours = {"wheelhouse_hashes", "wheelhouse_hashes._startup"}
    assert ours <= set(with_us)
    assert ours <= set(without)
    assert not ours & set(bare)
    start = f"import sys; sys.path.append({str(installed.site_packages)!r}); import site"
    alone = installed.run("-S", "-c", f"{start}; import wheelhouse_hashes._startup; {loaded}")
    assert set(alone.out.split()) == {*bare, *ours}


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [
        (("-m", "wheelhouse_hashes", "--version"), True),
        (("-m", HOST, "upload", "--hashfile", "--help"), True),
        (("-m", HOST, "upload", "--version"), False),
        (("-c", "pass"), False),
    ],
)
def test_only_our_commands_collect_rarely(
    installed: Environment, tmp_path: pathlib.Path, command: tuple[str, ...], is_ours: bool
) -> None:
    (tmp_path / "sitecustomize.py").write_text(PRINT_THRESHOLD)
    done = installed.run(*command, PYTHONPATH=str(tmp_path))
    (number,) = re.findall(r"^threshold (\d+)$", done.out, re.MULTILINE)
    assert (int(number) == THRESHOLD) == is_ours


def test_file_of_a_plugin_is_flushed_at_the_end(
    installed: Environment, dist: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """It belongs to a module that only its own functions refer to, which is garbage by then."""
    make_wheel(dist, NAME)
    metadata = tmp_path / "plugins" / "noting-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: noting\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[wheelhouse_hashes]\nnoting = noting\n")
    (metadata.parent / "notes.py").write_text(NOTES.format(path=str(tmp_path / "notes")))
    (metadata.parent / "noting.py").write_text(NOTING)
    done = installed.run("-m", HOST, "verify", dist, PYTHONPATH=str(metadata.parent))
    assert (done.code, done.err) == (3, "")
    assert (tmp_path / "notes").read_text() == f"{NAME}\n"


def test_startup_file_run_twice_installs_one_finder(installed: Environment) -> None:
    code = (
        "import sys, wheelhouse_hashes._startup as s;"
        "before = sys.meta_path.count(s._Finder);"
        "s.install();"
        "print(before, sys.meta_path.count(s._Finder))"
    )
    assert installed.run("-c", code).out.split() == ["1", "1"]


def test_finder_run_twice_watches_host_once(installed: Environment) -> None:
    code = (
        "import sys, wheelhouse_uploader.commandline, wheelhouse_hashes.host.attach as h;"
        "h.watch();"
        "print(sum(isinstance(f, h._Finder) for f in sys.meta_path))"
    )
    done = installed.run("-c", code)
    assert done.out.split() == ["1"], done.err


def test_option_is_unknown_where_startup_files_are_not_processed(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path, pkg_resources: str
) -> None:
    path = f"{installed.site_packages}:{pkg_resources}"
    done = installed.run("-S", "-m", HOST, *upload, "--hashfile", PYTHONPATH=path)
    assert done.code == 2
    assert "unrecognized arguments: --hashfile" in done.err
    assert not container.exists()


def test_option_is_unknown_where_the_package_is_only_on_the_path(
    installed: Environment,
    unprocessed: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
    pkg_resources: str,
) -> None:
    path = f"{installed.site_packages}:{pkg_resources}"
    done = unprocessed.run("-m", HOST, *upload, "--hashfile", PYTHONPATH=path)
    assert done.code == 2
    assert "unrecognized arguments: --hashfile" in done.err
    assert not container.exists()


def test_module_entry_point_needs_no_startup_file(
    installed: Environment,
    unprocessed: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
) -> None:
    path = str(installed.site_packages)
    done = unprocessed.run("-m", "wheelhouse_hashes", *upload, "--hashfile", PYTHONPATH=path)
    assert (done.code, done.err) == (0, "")
    assert set(names(container)) >= BY_EXTENDED


def test_module_entry_point_with_python_no_site(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path
) -> None:
    path = str(installed.site_packages)
    done = installed.run("-S", "-m", "wheelhouse_hashes", *upload, "--hashfile", PYTHONPATH=path)
    assert (done.code, done.err) == (0, "")
    assert set(names(container)) >= BY_EXTENDED


def test_console_script_entry_point(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path
) -> None:
    done = run(installed.python.parent / "wheelhouse-hashes", *upload, "--hashfile")
    assert (done.code, done.err) == (0, "")
    assert set(names(container)) >= BY_EXTENDED


def test_entry_point_without_host_is_one_line_error(copied: Environment) -> None:
    (copied.site_packages / HOST).unlink()
    done = copied.run("-m", "wheelhouse_hashes", "upload", "--hashfile", "wheels")
    refused(done, "wheelhouse_uploader cannot be imported", "pip install")


def test_options_are_unknown_with_disable(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path, pkg_resources: str
) -> None:
    off = {DISABLE: "1", "PYTHONPATH": pkg_resources}
    done = installed.run("-m", HOST, *upload, "--hashfile", **off)
    assert done.code == 2
    assert "unrecognized arguments: --hashfile" in done.err
    assert not container.exists()


def test_host_runs_alone_with_disable(
    installed: Environment, upload: tuple[str, ...], container: pathlib.Path, pkg_resources: str
) -> None:
    code = (
        "import runpy, sys;"
        "sys.argv[0] = 'host';"
        f"runpy.run_module({HOST!r}, run_name='__main__');"
        "print(*(n for n in sys.modules if n.startswith(('wheelhouse_hashes', 'pluggy'))))"
    )
    off = {DISABLE: "1", "PYTHONPATH": pkg_resources}
    done = installed.run("-c", code, *upload, **off)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].split() == ["wheelhouse_hashes", "wheelhouse_hashes._startup"]
    assert set(names(container)) >= BY_HOST


@pytest.mark.parametrize("value", quick(["", "0", "false", "False", " 0 "], "0"))
def test_disable_with_false_value_is_ignored(installed: Environment, value: str) -> None:
    done = installed.run("-m", HOST, "upload", "--help", **{DISABLE: value})
    assert done.code == 0
    assert "--hashfile" in done.out


@pytest.mark.parametrize("variable", quick(OPTION_VARIABLES, *OPTION_VARIABLES[:1]))
def test_disable_with_environment_variable_is_refused(
    installed: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
    pkg_resources: str,
    variable: str,
) -> None:
    environ = {DISABLE: "1", variable: "1", "PYTHONPATH": pkg_resources}
    refused(installed.run("-m", HOST, *upload, **environ), f"{DISABLE}=1", variable)
    assert not container.exists()


def test_disable_refusal_lists_every_environment_variable(installed: Environment) -> None:
    environ = {DISABLE: "1", **dict.fromkeys(OPTION_VARIABLES, "1")}
    refused(installed.run("-m", HOST, "fetch", "p", "u", **environ), *OPTION_VARIABLES)


@pytest.mark.parametrize("value", quick(["", "0", "false"], "0"))
def test_disable_with_variables_off_runs_host_alone(
    installed: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
    pkg_resources: str,
    value: str,
) -> None:
    environ = {DISABLE: "1", **dict.fromkeys(OPTION_VARIABLES, value), "PYTHONPATH": pkg_resources}
    done = installed.run("-m", HOST, *upload, **environ)
    assert done.code == 0, done.err
    assert set(names(container)) >= BY_HOST


def test_environment_variable_does_not_affect_other_process(installed: Environment) -> None:
    done = installed.run("-c", "print('fine')", **{DISABLE: "1", OPTION_VARIABLES[0]: "1"})
    assert (done.code, done.out, done.err) == (0, "fine\n", "")


def test_module_entry_point_with_disable_is_refused(installed: Environment) -> None:
    done = installed.run("-m", "wheelhouse_hashes", "upload", "--help", **{DISABLE: "1"})
    refused(done, DISABLE)


def halve(environment: Environment) -> None:
    """Remove everything in the package except the start-up modules."""
    for path in (environment.site_packages / "wheelhouse_hashes").iterdir():
        if path.name not in ("__init__.py", "_startup.py"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def cut(environment: Environment) -> None:
    """Truncate a module of the host package, as a full disk does."""
    path = environment.site_packages / "wheelhouse_hashes" / "host" / "attach.py"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_command_line(environment: Environment) -> None:
    """Remove a module that is imported only when a command runs."""
    (environment.site_packages / "wheelhouse_hashes" / "cli" / "parser.py").unlink()


def without_pluggy(environment: Environment) -> None:
    """Remove a requirement, as ``pip uninstall pluggy`` does."""
    (environment.site_packages / "pluggy").unlink()


Damage = Callable[[Environment], None]

DAMAGES = pytest.mark.parametrize("damage", [halve, cut, without_command_line, without_pluggy])


@DAMAGES
def test_interpreter_starts_with_damaged_package(copied: Environment, damage: Damage) -> None:
    damage(copied)
    done = copied.run("-c", "import json; print('fine')")
    assert (done.code, done.out, done.err) == (0, "fine\n", "")


@DAMAGES
def test_host_runs_alone_with_damaged_package(
    copied: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
    pkg_resources: str,
    damage: Damage,
) -> None:
    damage(copied)
    done = copied.run("-m", HOST, *upload, PYTHONPATH=pkg_resources)
    assert done.code == 0, done.err
    assert set(names(container)) >= BY_HOST
    ours = [line for line in done.err.splitlines() if line.startswith("wheelhouse-hashes: ")]
    assert len(ours) == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("damage", "variable"),
    [
        *quick([(halve, each) for each in OPTION_VARIABLES], (halve, OPTION_VARIABLES[0])),
        (cut, "WHEELHOUSE_UPLOADER_HASHFILE"),
        (without_command_line, "WHEELHOUSE_UPLOADER_HASHFILE"),
        (without_pluggy, "WHEELHOUSE_UPLOADER_HASHFILE"),
    ],
)
def test_damaged_package_with_variable_is_refused(
    copied: Environment,
    upload: tuple[str, ...],
    container: pathlib.Path,
    pkg_resources: str,
    damage: Damage,
    variable: str,
) -> None:
    damage(copied)
    done = copied.run("-m", HOST, *upload, PYTHONPATH=pkg_resources, **{variable: "1"})
    refused(done, variable)
    assert not container.exists()


def test_orphaned_startup_file_is_harmless(
    copied: Environment, upload: tuple[str, ...], container: pathlib.Path, pkg_resources: str
) -> None:
    shutil.rmtree(copied.site_packages / "wheelhouse_hashes")
    done = copied.run("-c", "import json; print('fine')")
    assert (done.code, done.out) == (0, "fine\n")
    done = copied.run("-m", HOST, *upload, PYTHONPATH=pkg_resources)
    assert done.code == 0, done.err
    assert set(names(container)) >= BY_HOST
    done = copied.run("-m", HOST, *upload, "--hashfile", PYTHONPATH=pkg_resources)
    assert done.code == 2
    assert "unrecognized arguments: --hashfile" in done.err


@pytest.mark.parametrize("entry_point", [HOST, "wheelhouse_hashes"])
def test_fetch_without_extra_names_install_command(
    installed: Environment, tmp_path: pathlib.Path, entry_point: str
) -> None:
    url = "http://127.0.0.1:9/"
    done = installed.run("-m", entry_point, "fetch", "--verify", "example", url)
    refused(done, "python -m pip install 'wheelhouse-hashes[fetch]'")
    assert done.out == ""
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("entry_point", [HOST, "wheelhouse_hashes"])
def test_attested_by_without_extra_names_install_command(
    installed: Environment, tmp_path: pathlib.Path, entry_point: str
) -> None:
    (tmp_path / "dist").mkdir()
    done = installed.run("-m", entry_point, "verify", "dist", "--attested-by", "github:o/r")
    refused(done, "python -m pip install 'wheelhouse-hashes[attest]'")
    assert done.out == ""
