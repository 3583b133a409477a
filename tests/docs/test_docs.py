"""The documentation: every command on its pages is run, every module has its line.

A command is run here, in the order of its page and in one shell, in a folder that has
what the page takes for granted; or another test runs it, which is named.  There is no
third list: a new page is run as it is, and fails if it cannot be.
"""

from __future__ import annotations

import http.server
import itertools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support import ROOT
from tests.support.artifacts import make_wheel, sha256
from tests.support.docpages import PAGES, Command, Outcome, commands, follow
from tests.support.environments import Environment, clean, wheel_of_tree
from tests.support.plugins import GREETING, make_distribution
from tests.support.servers import respond, running
from wheelhouse_hashes import hookspecs, testing
from wheelhouse_hashes.builtin import BUILT_IN

pytestmark = pytest.mark.thorough

STORES, TUTORIAL = "docs/stores.rst", "docs/plugin-tutorial.rst"
README, STARTUP = "README.rst", "docs/startup.rst"
CI = "docs/ci.rst"

#: Pages that another test runs as a whole: that test, as pytest names it.
RUN_AS_A_WHOLE = {
    STORES: "tests/docs/test_stores_page.py::test_a_recipe_reaches_the_host_that_it_names",
    TUTORIAL: (
        "examples/wheelhouse-hashes-gpg/tests/test_tutorial.py"
        "::test_every_step_of_the_page_does_what_it_says"
    ),
}

#: In an environment of its own, which takes its time: ``tox run -e docs``.
NEWCOMER = "tests/slow/stress/test_first_steps.py::test_a_newcomer_gets_from_nothing_to_the_end"
FIRST_STEPS = "docs/first-steps.rst"
BY_A_NEWCOMER = [(NEWCOMER, "COMMANDS[FIRST_STEPS]")]
#: The README's first command prints the others of the story that it shows.
DEMO = [
    (
        "tests/recipes/test_newcomer.py::test_the_readmes_first_command_ends_as_it_shows",
        "what they say",
    )
]
UPLOADER = "python -m wheelhouse_uploader"
RECIPES = "tests/recipes/test_page.py::test_the_commands_of_the_page_run"
NO_STARTUP = "tests/host/test_startup.py::test_option_is_unknown_where_"

#: Commands that are not run here: what runs them, and what of it shows that.  Either is
#: a file of the clone (a test as pytest names it, or a configuration) and a text in it.
ELSEWHERE = {
    (README, "python3 -m venv .venv && .venv/bin/python -m pip install --quiet '.[fetch]'"): DEMO,
    (README, f"{UPLOADER} upload --hashfile --provider-name LOCAL"): DEMO,
    (README, f"{UPLOADER} fetch --verify --wait 2 --version 7.6.1 coverage"): DEMO,
    (README, f"{UPLOADER} verify --against SHA256SUMS --expect 4 release"): DEMO,
    (README, "python3 -m venv .venv && .venv/bin/python -m pip install --quiet tox"): [
        (".ci/run", "\npython3 -m venv .venv && .venv/bin/python -m pip install --quiet tox"),
    ],
    (FIRST_STEPS, "python3 -m venv .venv"): BY_A_NEWCOMER,
    (FIRST_STEPS, ". .venv/bin/activate"): BY_A_NEWCOMER,
    (FIRST_STEPS, "python -m pip install --quiet 'wheelhouse-hashes[fetch]'"): BY_A_NEWCOMER,
    (README, "python -m pip install 'wheelhouse-hashes[fetch]'"): [
        *BY_A_NEWCOMER,
        (FIRST_STEPS, "python -m pip install --quiet 'wheelhouse-hashes[fetch]'"),
    ],
    # Without the extra, as the environment of these tests is.
    (README, "pip install wheelhouse-hashes"): [
        ("tests/host/test_startup.py", "environment.install(wheel_of_tree("),
    ],
    (README, "pip install --no-deps wheelhouse-uploader==0.10.3"): [
        ("tox.ini", "python -m pip install --quiet --no-deps wheelhouse-uploader==0.10.3"),
    ],
    # No commands, but ways of installing, where the options are unknown.
    ("*", "pip install --target"): [
        (f"{NO_STARTUP}the_package_is_only_on_the_path", "unprocessed")
    ],
    (STARTUP, "pip install --user"): [(f"{NO_STARTUP}startup_files_are_not_processed", '"-S"')],
    ("*", "tox run -e bench"): [
        ("tox.ini", "[testenv:bench]"),
        ("tox.ini", "commands = python -m benchmarks {posargs}"),
        ("tests/docs/test_benchmarks.py", '(sys.executable, "-m", "benchmarks", "--scale", "toy"'),
    ],
    (CI, "tox run -e recipes"): [("tox.ini", "[testenv:recipes]"), (".ci/run", "gpg,recipes,")],
    (CI, "bash collect-release.sh"): [(RECIPES, "collect")],
    (CI, "CIBW_BUILD="): [(RECIPES, "cibuildwheel")],
    (CI, "twine check FOLDER/*"): [
        ("tests/recipes/test_twine.py::test_a_fetched_folder_needs_no_cleaning", "twine check")
    ],
    # With real options, on the pages for release managers.
    (CI, "twine upload FOLDER/*"): [
        ("tests/docs/test_docs.py::test_the_commands_of_a_page_do_what_it_says", "twine upload")
    ],
    ("docs/progress.rst", "python -m pip install 'wheelhouse-hashes[progress]'"): [
        ("tests/host/test_packaging.py", '{"extra": "progress"}'),
        *BY_A_NEWCOMER,
    ],
    (STARTUP, f"{UPLOADER} fetch --verify --version VERSION PROJECT URL"): [
        (
            (
                "tests/host/test_setup_py.py"
                "::test_where_it_cannot_be_imported_one_line_names_the_command"
            ),
            "fetch --verify --version VERSION PROJECT URL",
        ),
        (README, f"{UPLOADER} fetch --verify --version 1.0 PROJECT URL"),
    ],
    # The host alone needs a ``pkg_resources`` that the tests' environment has not.
    (STARTUP, "WHEELHOUSE_HASHES_DISABLE=1 python -m wheelhouse_uploader upload wheels"): [
        ("tests/host/test_startup.py::test_host_runs_alone_when_switched_off", "DISABLE")
    ],
    (STARTUP, "python -m pip uninstall wheelhouse-hashes"): [
        ("tests/docs/test_docs.py::test_pip_removes_all_that_was_installed", '"uninstall"')
    ],
    (README, "tox run -e docs"): [("tox.ini", "[testenv:docs]")],
    ("docs/design.rst", "python -m tests.slow.faults.table"): [
        ("tests/slow/faults/test_matrix.py", "table"),
    ],
}

#: What commands that are run here may begin with: a page cannot make the tests do more.
HARMLESS = re.compile(
    r"\(?(python -m wheelhouse_(uploader|hashes)|python -c|python -m http\.server|"
    r"twine (check|upload)|sha256sum|mkdir|ls|echo|kill %1|cd (dist|store/wheels) &&)(?: |$)"
)

STORE = "--provider-name LOCAL --username {folder}/store --secret none wheels"
WHEELS = "{url}store/wheels/"

#: What stands for something of the reader's, by page: the text, what is typed instead, why.
INSTEAD = {
    README: [
        (r"\bCONTAINER$", STORE, "a folder is the store"),
        (r"\bURL$", WHEELS, "that store's container, served on loopback"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    "docs/release.rst": [
        (r"\bURL\b", WHEELS, "the container that CI uploaded to"),
        (r"\bINDEX$", WHEELS, "any page with links to the artifacts will do"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    STARTUP: [
        (r"\bwheels$", STORE, "a folder is the store"),
        (r"https://example.org/wheels/$", WHEELS, "that store, served on loopback"),
    ],
    FIRST_STEPS: [(r"\b8000\b", "{port}", "a port that is free")],
}

#: Where in the page's folder its commands are typed, if not in the folder itself:
#: what the release manager does on another machine than CI.
ROOMS = [
    (README, "fetch --verify", "manager"),
    (README, "verify dist", "manager"),
    (STARTUP, "fetch --verify", "manager"),
]

RELEASE = [f"demo-1.0-cp3{minor}-none-any.whl" for minor in range(39)]
COMMANDS = {page: commands(text) for page, text in PAGES.items()}


def elsewhere(page: str, command: Command) -> list[tuple[str, str]]:
    """Return what runs a command, if it is not run here."""
    if page in RUN_AS_A_WHOLE:
        return [(RUN_AS_A_WHOLE[page], "")]
    for (where, typed), shown in ELSEWHERE.items():
        if where in (page, "*") and command.typed.startswith(typed):
            return shown
    return []


RUN_HERE = {
    page: [command for command in found if not elsewhere(page, command)]
    for page, found in COMMANDS.items()
}


def test_no_command_of_ours_escapes() -> None:
    ours = re.compile(r"python -m wheelhouse_\w+\s+(?:upload|fetch|verify|index)\b")
    for page, text in PAGES.items():
        found = [" ".join(command.typed.split()) for command in COMMANDS[page]]
        assert len(ours.findall(text)) == sum(map(len, map(ours.findall, found))), page


def test_what_is_run_elsewhere_is_on_a_page() -> None:
    everywhere = [(page, command) for page, found in COMMANDS.items() for command in found]
    used = [elsewhere(page, command) for page, command in everywhere]
    assert [key for key, shown in ELSEWHERE.items() if shown not in used] == []


@pytest.mark.parametrize(
    ("what", "text"),
    sorted({shown for page in COMMANDS for c in COMMANDS[page] for shown in elsewhere(page, c)}),
)
def test_what_runs_a_command_elsewhere_is_there(what: str, text: str) -> None:
    path, _, test = what.partition("::")
    content = ROOT.joinpath(path).read_text("utf-8")
    assert text in content
    assert not test or f"\ndef {test}(" in content


def test_the_rooms_and_replacements_are_used() -> None:
    for page, word, _ in ROOMS:
        assert any(word in command.typed for command in RUN_HERE[page]), (page, word)
    for page, replaced in INSTEAD.items():
        for text, _, _ in replaced:
            assert any(re.search(text, command.typed) for command in RUN_HERE[page]), (page, text)


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that takes what twine uploads."""

    uploads = 0

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        Index.uploads += 1
        respond(self, 200, b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Index, "uploads", 0)
    with running(Index) as url:
        yield f"{url}/"


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def release(folder: pathlib.Path) -> None:
    """Make what the pages take for granted: a release, and a list of it."""
    sums = []
    for name in RELEASE:
        digest = sha256(make_wheel(folder / "dist", name).read_bytes())
        sums.append(f"{digest}  {name}\n")
    folder.joinpath("SHA256SUMS").write_text("".join(sums))
    folder.joinpath("store").mkdir()


def prepared_readme(folder: pathlib.Path) -> None:
    release(folder)
    folder.joinpath("manager").mkdir()
    shutil.copy(folder / "SHA256SUMS", folder / "manager")


def prepared_release(folder: pathlib.Path) -> None:
    release(folder)
    store = testing.local_options(folder / "store")
    job = testing.run(
        "upload", "--hashfile", "--no-update-index", "--local-folder", folder / "dist",
        *store, "wheels",
    )  # fmt: skip
    assert job.code == 0, job
    folder.joinpath("NAMES").write_text("\n".join(RELEASE))
    folder.joinpath("SHA256SUMS").unlink()  # the page makes its own


def prepared_hooks(folder: pathlib.Path) -> None:
    make_wheel(folder / "dist", "demo-1.0-py3-none-any.whl")
    folder.joinpath("store").mkdir()
    make_distribution(folder / "site", "wheelhouse_greeting", GREETING)


def nothing(folder: pathlib.Path) -> None:
    """The page makes what it needs."""


PREPARED: dict[str, Callable[[pathlib.Path], None]] = {
    README: prepared_readme,
    STARTUP: prepared_readme,
    "docs/release.rst": prepared_release,
    "docs/hooks.rst": prepared_hooks,
    FIRST_STEPS: nothing,
}


def typed(page: str, command: Command, folder: pathlib.Path, values: dict[str, str]) -> str:
    """Return what is typed for a command."""
    text = command.typed
    for pattern, instead, _ in INSTEAD.get(page, []):
        text = re.sub(pattern, instead.format(**values), text)
    rooms = (room for where, word, room in ROOMS if where == page and word in command.typed)
    return f"cd {folder / next(rooms, '.')}\n{text}" if page in {p for p, _, _ in ROOMS} else text


@pytest.mark.parametrize("page", [page for page, found in RUN_HERE.items() if found])
def test_the_commands_of_a_page_do_what_it_says(
    page: str, tmp_path: pathlib.Path, index: str
) -> None:
    for command in RUN_HERE[page]:  # before any of them is
        assert HARMLESS.match(command.typed), (
            f"{page}: {command.typed}: neither known to be harmless nor run by another test; "
            "add it to ELSEWHERE, with the test"
        )
    uploads = [command for command in RUN_HERE[page] if command.typed.startswith("twine upload")]
    if uploads:
        beside = pathlib.Path(sys.executable).parent
        assert shutil.which("twine", path=beside), "python -m pip install twine"
    PREPARED.get(page, release)(tmp_path)
    environ = {
        "NETRC": os.devnull,
        "TWINE_REPOSITORY_URL": index,
        "TWINE_USERNAME": "user",
        "TWINE_PASSWORD": "secret",
        "TWINE_NON_INTERACTIVE": "1",
    }
    if page == "docs/hooks.rst":
        environ["PYTHONPATH"] = str(tmp_path / "site")
    with testing.serving_folder(tmp_path) as server:
        values = {"folder": str(tmp_path), "url": server.url, "port": free_port()}
        steps = [(c, typed(page, c, tmp_path, values)) for c in RUN_HERE[page]]
        outcomes = follow(steps, tmp_path, environ)
    for outcome, following in itertools.zip_longest(outcomes, outcomes[1:]):
        check(outcome, following, values["port"])
    assert Index.uploads == len(RELEASE) * len(uploads)


def check(outcome: Outcome, following: Outcome | None, port: str) -> None:
    failed = following is not None and following.command.typed == "echo $?"
    assert (outcome.code != 0) is failed, outcome
    said = outcome.said.replace(f":{port}/", ":8000/")
    assert Outcome(outcome.command, said, outcome.code).missing() == [], outcome


def test_pip_removes_all_that_was_installed(
    tmp_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = Environment.create(tmp_path / "environment")
    environment.install("--no-deps", wheel_of_tree(tmp_path_factory.getbasetemp()))

    def left() -> list[str]:
        return sorted(path.name for path in environment.site_packages.glob("wheelhouse*"))

    assert {"wheelhouse_hashes.pth", "wheelhouse_hashes.start"} <= set(left())
    pip = [sys.executable, "-m", "pip", "--python", str(environment.python)]
    done = subprocess.run(
        [*pip, "uninstall", "wheelhouse-hashes"],
        check=False,
        input=b"y\n",
        env=clean(),
        capture_output=True,
    )
    assert (done.returncode, left()) == (0, []), done


def test_other_snippets_are_what_a_test_uses() -> None:
    """Code that is no command is included from files that have tests; this is what is not."""
    blocks = [
        (page, kind, body)
        for page, text in PAGES.items()
        for kind, body in re.findall(r"code-block:: (?!console|text)(\w+)\n((?: .*\n|\n)*)", text)
    ]
    assert [(page, kind) for page, kind, _ in blocks] == [("docs/hooks.rst", "toml")]
    assert f"[project.entry-points.{hookspecs.GROUP}]" in blocks[0][2]
    assert 'greeting = "wheelhouse_greeting"' in blocks[0][2]


def test_the_page_of_the_hooks_has_every_built_in_plugin() -> None:
    page = PAGES["docs/hooks.rst"]
    (said,) = re.findall(
        r"Built-in plugins are blocked in the\nsame way; (.*?)\.\n", page, re.DOTALL
    )
    assert re.findall(r"``(.*?)``", said) == list(BUILT_IN)


# -- start testing --
def test_what_goes_up_comes_back(tmp_path: pathlib.Path) -> None:
    testing.make_wheel(tmp_path / "dist", "demo-1.0-py3-none-any.whl")
    with testing.local_container() as container:
        there = testing.run(
            *("upload", "--hashfile", "--local-folder", tmp_path / "dist"), *container.arguments
        )
        assert there.code == 0
        with testing.serving_folder(container.path) as server:
            back = testing.run(
                *("fetch", "--verify", "--local-folder", tmp_path / "got"), "demo", server.url
            )
    assert back.line("ok").split()[-1] == "container"


# -- end testing --
