"""Without the start-up files, the commands on the pages work under the package's own name."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import sys
import sysconfig

import pytest

import wheelhouse_hashes
from tests.docs import test_docs
from tests.support.docpages import follow
from tests.support.environments import Environment
from tests.support.programs import free_port
from wheelhouse_hashes import testing

pytestmark = pytest.mark.thorough

HOST = "python -m wheelhouse_uploader"
OWN = "python -m wheelhouse_hashes"

#: The tutorial's options are those of the plugin that it makes.
PAGES = [page for page in test_docs.COMMANDS if page != test_docs.TUTORIAL]

#: Pages whose commands need addresses or attestations that no test of theirs prepares yet.
UNPREPARED = {"docs/attestations.rst", "docs/fetching.rst", "docs/verify.rst"}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the packages of this one, but without its start-up files.

    ``site`` does not process the start-up files of folders that a ``.pth`` file names.
    """
    environment = Environment.create(tmp_path_factory.mktemp("without"))
    package = pathlib.Path(wheelhouse_hashes.__file__).parent.parent
    folders = f"{package}\n{sysconfig.get_path('purelib')}\n"
    environment.site_packages.joinpath("packages.pth").write_text(folders)
    script = environment.python.with_name("wheelhouse-hashes")
    script.write_text(
        f"#!{environment.python}\nimport sys\n"
        "from wheelhouse_hashes.__main__ import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return environment


def test_no_startup_code_runs(without: Environment) -> None:
    done = without.run("-c", "import sys; print('wheelhouse_hashes' in sys.modules)")
    assert (done.code, done.out, done.err) == (0, "False\n", "")


def test_host_does_not_know_the_options(without: Environment) -> None:
    done = without.run("-m", "wheelhouse_uploader", "fetch", "--verify", "demo", "url")
    assert done.code != 0
    assert "verified" not in done.out


@pytest.mark.parametrize(
    "page", [p for p in PAGES if test_docs.RUN_HERE[p] and p not in UNPREPARED]
)
def test_page_commands_work_without_startup_files(
    without: Environment, page: str, tmp_path: pathlib.Path
) -> None:
    test_docs.PREPARED.get(page, test_docs.release)(tmp_path)
    # Nothing is sent to an index a second time.
    here = [
        c
        for c in test_docs.RUN_HERE[page]
        if test_docs.HARMLESS.match(c.typed) and not c.typed.startswith("twine upload")
    ]
    own = [pathlib.Path(without.python).parent, pathlib.Path(sys.executable).parent]
    environ = {
        "NETRC": os.devnull,
        "PATH": os.pathsep.join([*map(str, own), os.environ["PATH"]]),
    }
    if page == "docs/hooks.rst":
        environ["PYTHONPATH"] = str(tmp_path / "site")
    with testing.serving_folder(tmp_path) as server:
        values = {"folder": str(tmp_path), "url": server.url, "port": str(free_port())}
        steps = [(c, test_docs.typed(page, c, tmp_path, values).replace(HOST, OWN)) for c in here]
        outcomes = follow(steps, tmp_path, environ)
    for outcome, following in zip(outcomes, [*outcomes[1:], None], strict=True):
        test_docs.check(outcome, following, values["port"])


def documented() -> list[str]:
    """Return commands of the pages that have, together, each option of each verb."""
    seen: set[tuple[str, str]] = set()
    found = []
    for page in PAGES:
        for command in test_docs.COMMANDS[page]:
            own = re.sub("^wheelhouse-hashes ", f"{OWN} ", command.typed.replace(HOST, OWN))
            text = re.split(r" *(?:[|;>]|&&|&$)", own)[0]
            _, named, arguments = text.partition(f"{OWN} ")
            words = shlex.split(arguments)
            if named and words and "--help" not in words:
                pairs = {(words[0], word) for word in words if word.startswith("--")}
                if pairs - seen:
                    found.append(arguments)
                    seen |= pairs
    assert len(seen) > 30
    return found


def test_every_documented_option_is_known_without_startup_files(without: Environment) -> None:
    for arguments in documented():
        words = shlex.split(arguments)
        done = without.run("-m", "wheelhouse_hashes", *words, "--no-such-option")
        assert done.code == 2, arguments
        unknown = re.findall(r"unrecognized arguments: (.*)", done.err)
        assert unknown[:1] == ["--no-such-option"] or "required" in done.err, (arguments, done.err)


def test_files_can_be_removed_as_the_page_says(tmp_path: pathlib.Path) -> None:
    environment = Environment.create(tmp_path / "removed")
    for name in ("wheelhouse_hashes.pth", "wheelhouse_hashes.start", "other.pth"):
        environment.site_packages.joinpath(name).touch()
    (command,) = (c for c in test_docs.COMMANDS[test_docs.STARTUP] if c.typed.startswith("rm "))
    bin_folder = str(environment.python.parent)
    path = os.pathsep.join([bin_folder, os.environ["PATH"]])
    (outcome,) = follow([(command, command.typed)], tmp_path, {"PATH": path})
    assert outcome.code == 0, outcome
    assert [path.name for path in environment.site_packages.iterdir()] == ["other.pth"]


@pytest.mark.parametrize("path", [":", "src:", ":src"])
def test_empty_element_of_pythonpath_is_the_working_folder(
    without: Environment, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    tmp_path.joinpath("wheelhouse_hashes.py").write_text("")
    where = "import importlib.util as u; print(u.find_spec('wheelhouse_hashes').origin)"
    for flag, own in [("-P", True), ("-I", False), ("-E", True)]:
        done = without.run(flag, "-c", where, PYTHONPATH=path)
        mine = done.out.strip() == str(tmp_path / "wheelhouse_hashes.py")
        assert mine is own, (flag, done)
    assert without.run("-P", "-c", where, PYTHONPATH="").out.strip().endswith("__init__.py")
