"""Documentation: every command on its pages is run or covered by a named test.

Commands run in page order, in one shell, in a folder prepared with everything the page
assumes. Commands that cannot run here name the test that covers them. A new page is run
as it is and fails if neither applies.
"""

from __future__ import annotations

import http.server
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.support import ROOT
from tests.support.artifacts import make_sdist, make_wheel, sha256
from tests.support.docpages import PAGES, Command, Outcome, commands, follow
from tests.support.environments import Environment, clean, wheel_under_test
from tests.support.logs import KEY, OBSERVER, VKEY
from tests.support.plugins import GREETING, make_distribution
from tests.support.programs import free_port
from tests.support.servers import respond, running
from wheelhouse_hashes import hookspecs, testing
from wheelhouse_hashes.builtin import BUILT_IN

pytestmark = pytest.mark.thorough

STORES, TUTORIAL = "docs/stores.rst", "docs/plugin-tutorial.rst"
README, STARTUP = "README.rst", "docs/startup.rst"
COMMANDS_PAGE = "docs/commands.rst"
CI, LOG = "docs/ci.rst", "docs/log.rst"

#: Pages that another test runs as a whole, with that test's id.
RUN_AS_A_WHOLE = {
    "docs/attestations.rst": "tests/attest/test_page.py::test_page_commands",
    STORES: "tests/docs/test_stores_page.py::test_recipe_connects_to_named_host",
    TUTORIAL: (
        "examples/wheelhouse-hashes-gpg/tests/test_tutorial.py"
        "::test_every_step_of_the_page_does_what_it_says"
    ),
}

#: Runs in its own environment, which takes time: ``tox run -e docs``.
NEWCOMER = "tests/slow/stress/test_first_steps.py::test_first_steps_page_commands"
FIRST_STEPS = "docs/first-steps.rst"
COMPLETENESS = "docs/completeness.rst"
BY_A_NEWCOMER = [(NEWCOMER, "COMMANDS[FIRST_STEPS]")]
DEMO = [("tests/recipes/test_newcomer.py::test_first_command_runs_the_main_job", "demo")]
#: They download real wheels.
EXAMPLE = [("tests/recipes/test_newcomer.py::test_example_prints_what_the_readme_shows", "$?")]
SCRIPTS = "tests/recipes/test_scripts.py::test_"
UPLOADER = "python -m wheelhouse_uploader"
PAGES_PAGE = "docs/pages.rst"
PINNED_PAGES = "tests/command/test_pinned_pages.py::"
PINNED = [(f"{PINNED_PAGES}test_artifacts_of_a_pinned_page_are_fetched", "release.address")]
ON_INDEX = "tests/command/test_package_index.py::"
INDEXED = [(f"{ON_INDEX}test_index_serves_what_was_built", '"--index"')]
RECIPES = "tests/recipes/test_page.py::test_ci_page_commands"
NO_STARTUP = "tests/host/test_startup.py::test_option_is_unknown_where_"

#: Commands that are not run here, each with its evidence: a file of the checkout (a test id or a
#: configuration file) and a text that it must contain.  A command is named by its beginning; a
#: dollar is its end.
ELSEWHERE = {
    (README, "python3 -m venv .venv && .venv/bin/python -m pip install --quiet '.[fetch]'"): DEMO,
    (README, "uvx --from"): [
        ("tests/installers/test_uvx.py::test_uvx_runs_the_command", "wheelhouse-hashes"),
    ],
    (README, "python -m pip download"): EXAMPLE,
    (README, "wheelhouse-hashes hash dist --sums SHA256SUMS$"): EXAMPLE,
    (README, "wheelhouse-hashes verify dist --against SHA256SUMS --expect 2"): EXAMPLE,
    (README, "wheelhouse-hashes verify dist --against SHA256SUMS$"): EXAMPLE,
    (README, "echo"): EXAMPLE,
    (README, "wheelhouse-hashes upload --hashfile"): [
        (f"{RUN_AS_A_WHOLE[STORES]}", "README"),
    ],
    (README, "wheelhouse-hashes verify dist --against SHA256SUMS-linux --against SHA256SUMS-win"): [
        (f"{SCRIPTS}count", "count-after.sh"),
    ],
    (README, 'wheelhouse-hashes fetch --verify --version "$version"'): [
        (f"{SCRIPTS}download_and_fetch", "download-after.sh"),
    ],
    (README, f'{UPLOADER} fetch --version "$version"'): [
        (f"{SCRIPTS}download_and_fetch", "fetch-before.sh"),
    ],
    (README, f'{UPLOADER} fetch --verify --version "$version"'): [
        (f"{SCRIPTS}download_and_fetch", "fetch-after.sh"),
    ],
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
    # Without the extra, like the environment of these tests.
    (COMMANDS_PAGE, "pip install wheelhouse-hashes"): [
        ("tests/host/test_startup.py", "environment.install(wheel_under_test("),
    ],
    (COMMANDS_PAGE, "pip install --no-deps wheelhouse-uploader==0.10.3"): [
        ("tox.ini", "python -m pip install --quiet --no-deps wheelhouse-uploader==0.10.3"),
    ],
    # Ways of installing under which the options are unknown.
    ("*", "pip install --target"): [
        (f"{NO_STARTUP}the_package_is_only_on_the_path", "unprocessed")
    ],
    (STARTUP, "pip install --user"): [(f"{NO_STARTUP}startup_files_are_not_processed", '"-S"')],
    ("*", "tox run -e bench"): [
        ("tox.ini", "[testenv:bench]"),
        ("tox.ini", "commands = python -m benchmarks {posargs}"),
        ("tests/docs/test_benchmarks.py", '(sys.executable, "-m", "benchmarks", "--scale", "toy"'),
    ],
    ("*", "tox run -e recipes"): [("tox.ini", "[testenv:recipes]"), (".ci/run", "users,recipes,")],
    (CI, "bash collect-release.sh"): [(RECIPES, "collect")],
    (CI, "CIBW_BUILD="): [(RECIPES, "cibuildwheel")],
    (COMPLETENESS, "python -m cibuildwheel"): [
        (
            "tests/recipes/test_identifiers.py::test_release_has_a_wheel_for_each_identifier",
            "--print-build-identifiers",
        )
    ],
    (CI, "twine check FOLDER/*"): [
        ("tests/recipes/test_twine.py::test_twine_check_accepts_fetched_folder", "twine check")
    ],
    # The pages for release managers show them with real options.
    (CI, "twine upload FOLDER/*"): [
        ("tests/docs/test_docs.py::test_page_commands", "twine upload")
    ],
    ("docs/progress.rst", "python -m pip install 'wheelhouse-hashes[progress]'"): [
        ("tests/host/test_packaging.py", '{"extra": "progress"}'),
        *BY_A_NEWCOMER,
    ],
    (STARTUP, f"{UPLOADER} fetch --verify --version VERSION PROJECT URL"): [
        (
            "tests/host/test_setup_py.py::test_fetch_artifacts_import_error_names_the_command",
            "fetch --verify --version VERSION PROJECT URL",
        ),
        (COMMANDS_PAGE, f"{UPLOADER} fetch --verify --version 1.0 PROJECT URL"),
    ],
    # The host alone needs a ``pkg_resources`` that the test environment lacks.
    (STARTUP, "WHEELHOUSE_HASHES_DISABLE=1 python -m wheelhouse_uploader upload wheels"): [
        ("tests/host/test_startup.py::test_host_runs_alone_with_disable", "DISABLE")
    ],
    (STARTUP, "python -m pip uninstall wheelhouse-hashes"): [
        ("tests/docs/test_docs.py::test_pip_uninstall_removes_everything", '"uninstall"')
    ],
    (STARTUP, 'rm "$(python -c'): [
        ("tests/docs/test_without_startup.py::test_files_can_be_removed_as_the_page_says", "rm ")
    ],
    # They need a server on the network.
    (COMMANDS_PAGE, f"{UPLOADER} page make"): [(PAGES_PAGE, f"{UPLOADER} page make")],
    (COMMANDS_PAGE, f"{UPLOADER} fetch --verify PROJECT URL/demo-1.0-downloads.html"): PINNED,
    (PAGES_PAGE, f"{UPLOADER} fetch --verify demo https"): PINNED,
    (PAGES_PAGE, f"{UPLOADER} verify dist --against https"): [
        (f"{PINNED_PAGES}test_folder_is_verified_against_a_pinned_page", "release.address")
    ],
    (PAGES_PAGE, f"{UPLOADER} page show https"): [
        (f"{PINNED_PAGES}test_show_lists_the_files_and_keeps_the_page", '"-o", "kept.html"')
    ],
    (PAGES_PAGE, "python -m pip install --no-index --find-links"): [
        ("tests/installers/test_downloads_page.py::test_verified_copy", "kept.html")
    ],
    ("*", f"{UPLOADER} verify dist --index https"): INDEXED,
    ("*", f"{UPLOADER} verify dist --wait 300 --index https"): INDEXED,
    ("docs/package-index.rst", f"{UPLOADER} verify SHA256SUMS --index https"): [
        (f"{ON_INDEX}test_list_is_compared_with_the_index", 'operand="SHA256SUMS"')
    ],
    (LOG, f"{UPLOADER} log keygen"): [
        (
            "tests/command/test_log_verbs.py::test_keygen_makes_a_key_for_its_owner_only",
            '"keygen", "example.org/new", "--key", "new.key"',
        ),
    ],
    (LOG, "pip install 'wheelhouse-hashes[log]'"): [
        ("tests/host/test_packaging.py", '{"extra": "log"}'),
    ],
    ("docs/fetching.rst", f"{UPLOADER} fetch --verify --against"): [
        ("tests/command/test_against.py::test_right_list_is_pinned", "run(cli, verb"),
    ],
    ("docs/verify.rst", f"{UPLOADER} verify SHA256SUMS --against uv.lock"): [
        ("tests/command/test_against.py::test_digests_are_compared_with_digests", "uv.lock"),
    ],
    ("*", "pip install --require-hashes"): [
        ("tests/command/test_against.py::test_pip_agrees", "--require-hashes"),
    ],
    ("docs/design.rst", "python -m tests.slow.faults.table"): [
        ("tests/slow/faults/test_matrix.py", "table"),
    ],
}

#: Prefixes of the commands that run here, so that a page cannot make the tests do more.
HARMLESS = re.compile(
    r"\(?(python -m wheelhouse_(uploader|hashes)|wheelhouse-hashes|export WHEELHOUSE_\w+=\w+|"
    r"python -c|python -m http\.server|twine (check|upload)|sha256sum|mkdir|ls|echo|kill %1|"
    r"cd (dist|store/wheels) &&)(?: |$)"
)

STORE = "--provider-name LOCAL --username {folder}/store --secret none wheels"
WHEELS = "{url}store/wheels/"

#: Placeholders of each page: the text, the text to run in its place, and the reason.
PLACEHOLDERS = {
    README: [
        (
            r"https://index.example.org/simple/PROJECT/",
            "{url}index/",
            "a folder with the release before",
        ),
        (r"\bURL$", WHEELS, "the container that CI uploaded to"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    COMMANDS_PAGE: [
        (r"\bCONTAINER$", STORE, "a folder is the store"),
        (r"\bURL$", WHEELS, "that store's container, served on loopback"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    "docs/release.rst": [
        (r"\bURL\b", WHEELS, "the container that CI uploaded to"),
        (r"\bINDEX\b", "{url}simple/", "a page with links and digests, served on loopback"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    STARTUP: [
        (r"\bwheels$", STORE, "a folder is the store"),
        (r"https://example.org/wheels/$", WHEELS, "that store, served on loopback"),
    ],
    LOG: [
        (r"\bVKEY\b", VKEY, "the public key of the prepared private key"),
        (r"\bLOG\b", "log", "the log that the page made"),
        (r"\bURL$", WHEELS, "the container that CI uploaded to"),
        (r"\bPROJECT\b", "demo", "the project that the release is of"),
    ],
    FIRST_STEPS: [(r"\b8000\b", "{port}", "a port that is free")],
    COMPLETENESS: [(r"\bURL\b", "{url}index/", "a folder with the release before")],
}

#: Folders in which some commands run, below the page's folder: for commands that the release
#: manager types on another machine than CI.
WORKING_FOLDERS = [
    (README, "fetch --verify", "manager"),
    (COMMANDS_PAGE, "fetch --verify", "manager"),
    (COMMANDS_PAGE, "verify dist", "manager"),
    (STARTUP, "fetch --verify", "manager"),
]

RELEASE = [f"demo-1.0-cp3{minor}-none-any.whl" for minor in range(39)]
COMMANDS = {page: commands(text) for page, text in PAGES.items()}


def elsewhere(page: str, command: Command) -> list[tuple[str, str]]:
    """Return the evidence for a command that is not run here."""
    if page in RUN_AS_A_WHOLE:
        return [(RUN_AS_A_WHOLE[page], "")]
    for (where, typed), shown in ELSEWHERE.items():
        if where in (page, "*") and f"{command.typed}$".startswith(typed):
            return shown
    return []


RUN_HERE = {
    page: [command for command in found if not elsewhere(page, command)]
    for page, found in COMMANDS.items()
}


def test_every_command_in_docs_is_found() -> None:
    verbs = "hash|upload|fetch|verify|index|page"
    names = r"(?:python -m wheelhouse_\w+|(?<!program:: )wheelhouse-hashes)"
    ours = re.compile(rf"{names}\s+(?:{verbs})\b")
    for page, text in PAGES.items():
        found = [" ".join(command.typed.split()) for command in COMMANDS[page]]
        assert len(ours.findall(text)) == sum(map(len, map(ours.findall, found))), page


def test_elsewhere_commands_are_on_a_page() -> None:
    everywhere = [(page, command) for page, found in COMMANDS.items() for command in found]
    used = [elsewhere(page, command) for page, command in everywhere]
    assert [key for key, shown in ELSEWHERE.items() if shown not in used] == []


@pytest.mark.parametrize(
    ("what", "text"),
    sorted({shown for page in COMMANDS for c in COMMANDS[page] for shown in elsewhere(page, c)}),
)
def test_elsewhere_evidence_exists(what: str, text: str) -> None:
    path, _, test = what.partition("::")
    content = ROOT.joinpath(path).read_text("utf-8")
    assert text in content
    assert not test or f"\ndef {test}(" in content


def test_working_folders_and_placeholders_are_used() -> None:
    for page, word, _ in WORKING_FOLDERS:
        assert any(word in command.typed for command in RUN_HERE[page]), (page, word)
    for page, replaced in PLACEHOLDERS.items():
        for text, _, _ in replaced:
            assert any(re.search(text, command.typed) for command in RUN_HERE[page]), (page, text)


class Index(http.server.BaseHTTPRequestHandler):
    """A package index that accepts twine uploads."""

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


def release(folder: pathlib.Path) -> None:
    """Create what the pages assume: a release and a list of its digests."""
    for name in RELEASE:
        make_wheel(folder / "dist", name)
    write_sums(folder)
    folder.joinpath("store").mkdir()


def write_sums(folder: pathlib.Path) -> None:
    sums = (f"{sha256((folder / 'dist' / name).read_bytes())}  {name}\n" for name in RELEASE)
    folder.joinpath("SHA256SUMS").write_text("".join(sums))


def prepared_commands(folder: pathlib.Path) -> None:
    release(folder)
    folder.joinpath("manager").mkdir()
    shutil.copy(folder / "SHA256SUMS", folder / "manager")


def prepared_readme(folder: pathlib.Path) -> None:
    prepared_release(folder)
    folder.joinpath("manager").mkdir()
    write_sums(folder)
    folder.joinpath("SHA256SUMS").rename(folder / "SHA256SUMS-macos")
    for name in RELEASE:
        make_wheel(folder / "index", name.replace("1.0", "0.9"))


def prepared_release(folder: pathlib.Path) -> None:
    release(folder)
    store = testing.local_options(folder / "store")
    job = testing.run(
        "upload", "--hashfile", "--no-update-index", "--local-folder", folder / "dist",
        *store, "wheels",
    )  # fmt: skip
    assert job.code == 0, job
    folder.joinpath("NAMES").write_text("\n".join(RELEASE))
    lines = folder.joinpath("SHA256SUMS").read_text().split()
    links = (
        f'<a href="{n}#sha256={h}">{n}</a>' for h, n in zip(lines[::2], lines[1::2], strict=True)
    )
    folder.joinpath("simple").mkdir()
    folder.joinpath("simple", "index.html").write_text("".join(links))
    folder.joinpath("SHA256SUMS").unlink()  # the page makes its own


def prepared_completeness(folder: pathlib.Path) -> None:
    """Create a release, its candidate, the release before and a copy that is too short."""
    tags = [
        f"{python}-{platform}"
        for python in ("cp312-cp312", "cp313-cp313", "cp313-cp313t")
        for platform in ("manylinux_2_28_x86_64", "win_amd64")
    ]
    for where, version, wheels in (
        *(("dist", "2.0", tags), ("short", "2.0", tags[:4])),
        *(("candidate", "2.0rc1", tags), ("index", "1.9", tags)),
    ):
        made = [make_wheel(folder / where, f"demo-{version}-{each}.whl") for each in wheels]
        made.append(make_sdist(folder / where, f"demo-{version}.tar.gz"))
        if where == "dist":
            lines = [f"{sha256(path.read_bytes())}  {path.name}\n" for path in made]
            folder.joinpath("SHA256SUMS").write_text("".join(lines))
    shutil.copytree(ROOT / "examples" / "completeness", folder, dirs_exist_ok=True)


def prepared_without_store(folder: pathlib.Path) -> None:
    """Create the folder of one build job, the lists of two others, and what they all built."""
    release(folder)
    text = folder.joinpath("SHA256SUMS").read_text()
    folder.joinpath("SHA256SUMS-rc1").write_text(text.replace("demo-1.0-", "demo-1.0rc1-"))
    lines = folder.joinpath("SHA256SUMS").read_text().splitlines(keepends=True)
    for number, job in enumerate(("linux", "macos", "windows")):
        folder.joinpath(f"SHA256SUMS-{job}").write_text("".join(lines[number::3]))
    folder.joinpath("wheelhouse").mkdir()
    for name in RELEASE[::3]:
        shutil.copy(folder / "dist" / name, folder / "wheelhouse")
    folder.joinpath("SHA256SUMS-linux").unlink()  # the page makes it


def prepared_log(folder: pathlib.Path) -> None:
    prepared_release(folder)
    write_sums(folder)
    folder.joinpath("log.key").write_text(f"{KEY.encode()}\n")
    folder.joinpath("observed.key").write_text(f"{OBSERVER.encode()}\n")
    for name in ("log.key", "observed.key"):
        folder.joinpath(name).chmod(0o600)


def prepared_hooks(folder: pathlib.Path) -> None:
    make_wheel(folder / "dist", "demo-1.0-py3-none-any.whl")
    folder.joinpath("store").mkdir()
    make_distribution(folder / "site", "wheelhouse_greeting", GREETING)


def nothing(folder: pathlib.Path) -> None:
    """The page creates everything it needs."""


PREPARED: dict[str, Callable[[pathlib.Path], None]] = {
    README: prepared_readme,
    COMMANDS_PAGE: prepared_commands,
    STARTUP: prepared_commands,
    "docs/release.rst": prepared_release,
    "docs/hooks.rst": prepared_hooks,
    COMPLETENESS: prepared_completeness,
    "docs/without-store.rst": prepared_without_store,
    LOG: prepared_log,
    FIRST_STEPS: nothing,
}


def typed(page: str, command: Command, folder: pathlib.Path, values: dict[str, str]) -> str:
    """Return the text to run for a command."""
    text = command.typed
    for pattern, instead, _ in PLACEHOLDERS.get(page, []):
        text = re.sub(pattern, instead.format(**values), text)
    folders = (
        folder_name
        for where, word, folder_name in WORKING_FOLDERS
        if where == page and word in command.typed
    )
    return (
        f"cd {folder / next(folders, '.')}\n{text}"
        if page in {p for p, _, _ in WORKING_FOLDERS}
        else text
    )


@pytest.mark.parametrize("page", [page for page, found in RUN_HERE.items() if found])
def test_page_commands(page: str, tmp_path: pathlib.Path, index: str) -> None:
    for command in RUN_HERE[page]:  # check all commands before running any
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
        values = {"folder": str(tmp_path), "url": server.url, "port": str(free_port())}
        steps = [(c, typed(page, c, tmp_path, values)) for c in RUN_HERE[page]]
        outcomes = follow(steps, tmp_path, environ)
    for outcome, following in itertools.zip_longest(outcomes, outcomes[1:]):
        check(outcome, following, values["port"])
    assert Index.uploads == len(RELEASE) * len(uploads)


def check(outcome: Outcome, following: Outcome | None, port: str) -> None:
    failed = following is not None and following.command.typed == "echo $?"
    assert (outcome.code != 0) is failed, outcome
    output = outcome.output.replace(f":{port}/", ":8000/")
    assert Outcome(outcome.command, output, outcome.code).missing() == [], outcome


def test_pip_uninstall_removes_everything(
    tmp_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = Environment.create(tmp_path / "environment")
    environment.install("--no-deps", wheel_under_test(tmp_path_factory.getbasetemp()))

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


def test_other_code_blocks_are_known() -> None:
    """Other code is included from tested files; these blocks are the exceptions."""
    blocks = [
        (page, kind, body)
        for page, text in PAGES.items()
        for kind, body in re.findall(r"code-block:: (?!console|text)(\w+)\n((?: .*\n|\n)*)", text)
    ]
    assert [(page, kind) for page, kind, _ in blocks] == [("docs/hooks.rst", "toml")]
    assert f"[project.entry-points.{hookspecs.GROUP}]" in blocks[0][2]
    assert 'greeting = "wheelhouse_greeting"' in blocks[0][2]


def test_hooks_page_lists_built_in_plugins() -> None:
    page = PAGES["docs/hooks.rst"]
    (output,) = re.findall(
        r"Built-in plugins are blocked in the\nsame way; (.*?)\.\n", page, re.DOTALL
    )
    assert re.findall(r"``(.*?)``", output) == list(BUILT_IN)


# -- start testing --
def test_upload_and_fetch_round_trip(tmp_path: pathlib.Path) -> None:
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
