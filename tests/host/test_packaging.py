"""Real builds of wheels, sdists and editable installs: their contents, and that they run."""

from __future__ import annotations

import base64
import csv
import email.message
import email.parser
import hashlib
import pathlib
import shutil
import tarfile
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import wheelhouse_hashes
from tests.support import ROOT
from tests.support.environments import Environment, tool, tree, wheel_of_tree

#: ``tests/host/test_startup.py`` installs the wheel with every interpreter.
pytestmark = pytest.mark.thorough

#: The start-up files and the single line in each.
STARTUP_FILES = {
    "wheelhouse_hashes.pth": (
        b"import wheelhouse_hashes._startup; wheelhouse_hashes._startup.install()\n"
    ),
    "wheelhouse_hashes.start": b"wheelhouse_hashes._startup:install\n",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return wheel_of_tree(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("sdist")
    source = shutil.copytree(tree(tmp_path_factory.getbasetemp()), folder / "source")
    tool("build", "--sdist", "--outdir", folder, source)
    (sdist,) = folder.glob("*.tar.gz")
    return sdist


@pytest.fixture(scope="session")
def wheel_of_sdist(sdist: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("of-sdist")
    tool("pip", "wheel", "--no-deps", "--wheel-dir", folder, sdist)
    (wheel,) = folder.iterdir()
    return wheel


def members(wheel: pathlib.Path) -> dict[str, bytes]:
    """Return the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def dist_info(wheel: pathlib.Path, name: str) -> str:
    """Return a file of a wheel's ``.dist-info`` folder."""
    (content,) = (v for k, v in members(wheel).items() if k.endswith(f".dist-info/{name}"))
    return content.decode()


def recorded(content: bytes) -> list[str]:
    """Return the hash and size that RECORD should have for a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return [f"sha256={digest}", str(len(content))]


def rows(record: str) -> dict[str, list[str]]:
    """Return the rows of RECORD by file name."""
    return {row[0]: row[1:] for row in csv.reader(record.splitlines())}


def metadata(wheel: pathlib.Path) -> email.message.Message:
    return email.parser.Parser().parsestr(dist_info(wheel, "METADATA"))


@pytest.mark.parametrize("name", STARTUP_FILES)
def test_wheel_has_startup_file_at_root_and_in_record(wheel: pathlib.Path, name: str) -> None:
    assert members(wheel)[name] == STARTUP_FILES[name]
    assert rows(dist_info(wheel, "RECORD"))[name] == recorded(STARTUP_FILES[name])


@pytest.mark.parametrize("name", STARTUP_FILES)
def test_wheel_of_sdist_has_startup_file_at_root(wheel_of_sdist: pathlib.Path, name: str) -> None:
    assert members(wheel_of_sdist)[name] == STARTUP_FILES[name]
    assert rows(dist_info(wheel_of_sdist, "RECORD"))[name] == recorded(STARTUP_FILES[name])


@pytest.mark.parametrize("name", STARTUP_FILES)
def test_startup_file_in_source_is_one_line(name: str) -> None:
    assert (ROOT / name).read_bytes() == STARTUP_FILES[name]


def test_wheel_has_nothing_else_at_root(wheel: pathlib.Path) -> None:
    tops = {name.partition("/")[0] for name in members(wheel)}
    info = f"wheelhouse_hashes-{wheelhouse_hashes.__version__}.dist-info"
    assert tops == {"wheelhouse_hashes", info, *STARTUP_FILES}


def test_wheel_has_every_module_and_typing_marker(
    wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    package = tree(tmp_path_factory.getbasetemp()) / "wheelhouse_hashes"
    source = {
        f"wheelhouse_hashes/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file()
    }
    assert "wheelhouse_hashes/py.typed" in source
    assert {n for n in members(wheel) if n.startswith("wheelhouse_hashes/")} == source


def test_wheel_tag_is_py3_none_any(wheel: pathlib.Path) -> None:
    assert wheel.name == f"wheelhouse_hashes-{wheelhouse_hashes.__version__}-py3-none-any.whl"


def test_wheel_of_sdist_equals_wheel_of_tree(
    wheel: pathlib.Path, wheel_of_sdist: pathlib.Path
) -> None:
    assert wheel_of_sdist.name == wheel.name
    assert members(wheel_of_sdist) == members(wheel)


def test_sdist_has_every_file_of_the_repository(
    sdist: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    source = tree(tmp_path_factory.getbasetemp())
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    here = pathlib.Path(__file__).relative_to(ROOT).as_posix()
    assert {*STARTUP_FILES, "SECURITY.rst", "changelog.d/README.rst", here} <= files
    assert files - names == {".gitignore"}


def test_metadata_and_readme_name_the_same_pythons(wheel: pathlib.Path) -> None:
    prefix = "Programming Language :: Python :: 3."
    classifiers = metadata(wheel).get_all("Classifier") or []
    minors = [int(c.removeprefix(prefix)) for c in classifiers if c.startswith(prefix)]
    assert minors == list(range(minors[0], minors[-1] + 1))
    oldest = f"3.{minors[0]}"
    assert SpecifierSet(metadata(wheel)["Requires-Python"]) == SpecifierSet(f">={oldest}")
    assert f"CPython {oldest} to 3.{minors[-1]} " in (ROOT / "README.rst").read_text()


def test_metadata_requirements_of_extras(wheel: pathlib.Path) -> None:
    assert metadata(wheel).get_all("Provides-Extra") == [
        "fetch",
        "completion",
        "attest",
        "log",
        "progress",
    ]
    requirements = [Requirement(text) for text in metadata(wheel).get_all("Requires-Dist") or []]
    fetch = {r.name for r in requirements if r.marker and r.marker.evaluate({"extra": "fetch"})}
    assert fetch == {"certifi", "http-sf", "pycurl", "rich"}
    attest = {r.name for r in requirements if r.marker and r.marker.evaluate({"extra": "attest"})}
    assert attest == {"pypi-attestations"}
    log = {r.name for r in requirements if r.marker and r.marker.evaluate({"extra": "log"})}
    assert log == {"cryptography"}
    progress = {
        r.name for r in requirements if r.marker and r.marker.evaluate({"extra": "progress"})
    }
    assert progress == {"rich"}
    completion = {
        r.name for r in requirements if r.marker and r.marker.evaluate({"extra": "completion"})
    }
    assert completion == {"shtab"}
    assert {r.name for r in requirements if not r.marker} == {
        "wheelhouse-uploader",
        "apache-libcloud",
        "fasteners",
        "filelock",
        "packaging",
        "platformdirs",
        "pluggy",
    }
    assert not any(r.marker.evaluate({"extra": ""}) for r in requirements if r.marker)


def test_metadata_allows_supported_hosts_only(wheel: pathlib.Path) -> None:
    (host,) = (
        Requirement(text)
        for text in metadata(wheel).get_all("Requires-Dist") or []
        if text.startswith("wheelhouse-uploader")
    )
    asked = ["0.9.1", "0.10.0", "0.10.3", "0.11.0"]
    assert [v for v in asked if host.specifier.contains(v)] == ["0.10.0", "0.10.3"]


@pytest.fixture(scope="module", params=["lenient", "strict"])
def editable(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    folder = tmp_path_factory.mktemp(request.param)
    source = shutil.copytree(tree(tmp_path_factory.getbasetemp()), folder / "source")
    environment = Environment.create(folder / "venv")
    environment.install(
        *("--no-deps", "--config-settings", f"editable_mode={request.param}"),
        *("--editable", source),
    )
    return environment


@pytest.mark.parametrize("name", STARTUP_FILES)
def test_editable_install_records_startup_file(editable: Environment, name: str) -> None:
    site_packages = editable.site_packages
    (record,) = site_packages.glob("wheelhouse_hashes-*.dist-info/RECORD")
    assert (site_packages / name).read_bytes() == STARTUP_FILES[name]
    assert rows(record.read_text())[name] == recorded(STARTUP_FILES[name])


def test_editable_install_runs_startup_file(editable: Environment) -> None:
    done = editable.run(
        "-c",
        "import sys, wheelhouse_hashes._startup as s;"
        "print(sys.meta_path.count(s._Finder), s.__file__)",
    )
    assert done.code == 0, done.err
    count, _, file = done.out.strip().partition(" ")
    assert count == "1"
    assert not pathlib.Path(file).is_relative_to(editable.site_packages)
    assert done.err == ""
