"""pip, the oldest that runs on Python 3.11 and the newest, and uv with a downloads page."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import A, make_wheel
from tests.support.environments import clean
from tests.support.servers import Respond, Server, serving

#: The oldest pip that runs on Python 3.11: older ones need names that Python 3.10 removed.
OLDEST_PIP = "19.2.3"

NAME = "demo-1.0-downloads.html"

PAGE = ROOT.joinpath("docs", "pages.rst").read_text("utf-8")


@dataclass(frozen=True)
class Installer:
    """A program that installs packages."""

    #: The command that downloads or installs into a folder.
    command: tuple[str, ...]
    #: What it says of a wrong digest.
    refusal: str

    def install(self, find_links: str, target: pathlib.Path) -> tuple[int, str]:
        """Install ``demo`` into a folder; return the exit code and the output."""
        options = ("--no-index", "--no-deps", "--find-links", find_links, "--target", str(target))
        done = subprocess.run(
            [*self.command, *options, "demo"],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
            # No configuration of this machine, which may add an index.
            env=clean(PIP_CONFIG_FILE="/dev/null", PIP_NO_CACHE_DIR="1", UV_NO_CACHE="1"),
        )
        return done.returncode, done.stdout + done.stderr


_PIP = "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"


@pytest.fixture(scope="session")
def old_pip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The oldest pip, run from its wheel."""
    folder = tmp_path_factory.mktemp("pip")
    download = ("-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder))
    subprocess.run([sys.executable, *download, f"pip=={OLDEST_PIP}"], check=True, timeout=900)
    (wheel,) = folder.glob("pip-*.whl")
    return f"{wheel}/pip"


@pytest.fixture(params=["oldest pip", "newest pip", "uv"])
def installer(request: pytest.FixtureRequest) -> Installer:
    """Each installer."""
    if request.param == "oldest pip":
        return Installer((sys.executable, request.getfixturevalue("old_pip"), "install"), _PIP)
    if request.param == "newest pip":
        return Installer((sys.executable, "-m", "pip", "install"), _PIP)
    program = shutil.which("uv", path=pathlib.Path(sys.executable).parent)
    assert program, "install uv"
    return Installer((program, "pip", "install", "--python", sys.executable), "Hash mismatch")


@pytest.fixture
def routes() -> dict[str, Respond | bytes]:
    """What the server answers."""
    return {}


@pytest.fixture
def server(cli: Cli, dist: pathlib.Path, routes: dict[str, Respond | bytes]) -> Iterator[Server]:
    """A server with a wheel and the downloads page of its release."""
    with serving(routes) as server:
        routes[f"/{A}"] = make_wheel(dist, A).read_bytes()
        assert cli("page", "make", "dist", "--base-url", server.url).code == 0
        routes[f"/{NAME}"] = pathlib.Path(NAME).read_bytes()
        yield server


def installed() -> bool:
    return any(pathlib.Path("target").glob("demo-1.0.dist-info"))


def install(installer: Installer, find_links: str) -> tuple[int, str]:
    return installer.install(find_links, pathlib.Path("target"))


def test_good_page(installer: Installer, server: Server) -> None:
    code, output = install(installer, f"{server.url}{NAME}")
    assert (code, installed()) == (0, True), output


def test_verified_copy(cli: Cli, installer: Installer, server: Server) -> None:
    printed = cli("page", "make", "dist", "--base-url", server.url).out.strip()
    assert cli("page", "show", f"{server.url}{printed}", "-o", "kept.html").code == 0
    code, output = install(installer, "./kept.html")
    assert (code, installed()) == (0, True), output


@pytest.mark.parametrize("copy", [False, True])
def test_wrong_digest_of_a_link(
    installer: Installer, server: Server, routes: dict[str, Respond | bytes], copy: bool
) -> None:
    routes[f"/{A}"] = make_wheel(pathlib.Path(), A, b"evil").read_bytes()
    code, output = install(installer, f"./{NAME}" if copy else f"{server.url}{NAME}")
    assert (code != 0, installed()) == (True, False), output
    assert installer.refusal in output
    assert installer.refusal.split()[0] in PAGE


def test_wrong_hash_of_the_page_is_ignored(installer: Installer, server: Server) -> None:
    """The page says so: only wheelhouse-hashes checks the hash of the page itself."""
    code, output = install(installer, f"{server.url}{NAME}#sha256={'0' * 64}")
    assert (code, installed()) == (0, True), output
    assert "both ignore what follows" in " ".join(PAGE.split())
