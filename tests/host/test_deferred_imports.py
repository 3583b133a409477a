"""Deferred imports: libraries the host needs only for uploads are imported when needed."""

from __future__ import annotations

import pathlib
import sys
import types

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import make_wheel
from tests.support.params import quick
from tests.support.servers import serving_folder
from wheelhouse_hashes._startup import HOST
from wheelhouse_hashes.formats.written_pages import FOOT, HEAD, row
from wheelhouse_hashes.host import attach, deferred_imports

NAME = "example-1.0-py3-none-any.whl"

#: Runs a host command as ``python -m`` does and prints which of the libraries were imported.
RUN = f"""
import runpy, sys
sys.argv[0], code = "host", 0
try:
    runpy.run_module({HOST!r}, run_name="__main__")
except SystemExit as end:
    code = end.code
print(code, *(n for n in ("libcloud", "requests", "urllib3") if n in sys.modules))
"""


@pytest.fixture
def stored(container: pathlib.Path, dist: pathlib.Path) -> pathlib.Path:
    """A container with an artifact, and the same artifact to upload."""
    make_wheel(dist, NAME)
    content = make_wheel(container, NAME)
    (container / "index.html").write_text(f"{HEAD}{row(content.name)}{FOOT}")
    return container


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("upload", "--help"),
        ("fetch", "example"),
        ("fetch", "--verify", "--missing-hash", "accept", "example"),
        ("verify", "--missing-hash", "accept", "dist"),
    ],
    ids=" ".join,
)
def test_libcloud_is_not_imported_if_not_needed(
    python: Cli, stored: pathlib.Path, command: tuple[str, ...]
) -> None:
    with serving_folder(stored) as server:
        urls = (server.url,) if "fetch" in command else ()
        done = python("-c", RUN, *command, *urls)
    assert done.err == ""
    assert done.out.splitlines()[-1] == "0"


@pytest.mark.parametrize(
    ("command", "imported"),
    [
        (("--help",), False),
        (("verify", "--missing-hash", "accept", "dist"), False),
        (("fetch", "--verify", "--missing-hash", "accept", "example"), False),
        (("fetch", "example"), True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_urllib_request_is_imported_for_the_host_s_downloads_only(
    python: Cli, stored: pathlib.Path, command: tuple[str, ...], imported: bool
) -> None:
    run = RUN.replace('("libcloud", "requests", "urllib3")', '("urllib.request",)')
    with serving_folder(stored) as server:
        urls = (server.url,) if "fetch" in command else ()
        done = python("-c", run, *command, *urls)
    assert done.err == ""
    assert done.out.splitlines()[-1] == ("0 urllib.request" if imported else "0")


def test_urllib_request_is_not_deferred_if_it_is_imported(python: Cli) -> None:
    code = f"import urllib.request as r, {attach.FETCH} as f; print(f.urlopen is r.urlopen)"
    assert python("-c", code).out == "True\n"


@pytest.mark.parametrize("verb", ["upload", "upload --hashfile", "index"])
def test_libcloud_is_imported_for_upload_and_index(
    python: Cli, stored: pathlib.Path, verb: str
) -> None:
    done = python("-c", RUN, *verb.split(), *LOCAL, "wheels")
    assert done.err == ""
    assert done.out.splitlines()[-1] == "0 libcloud requests urllib3"


@pytest.mark.parametrize(
    "need",
    quick(
        [
            "assert c.Uploader is importlib.import_module(c.__package__ + '.upload').Uploader",
            "assert issubclass(c.InvalidCredsError, Exception)",
            "assert c.libcloud.security.VERIFY_SSL_CERT",
            "from wheelhouse_uploader.commandline import Uploader",
            (
                "import types; c.handle_upload(types.SimpleNamespace(username='x', secret='y', "
                "upload_pull_request=False))"
            ),
        ],
        "from wheelhouse_uploader.commandline import Uploader",
    ),
)
def test_first_access_imports_all_deferred_names(python: Cli, need: str) -> None:
    code = f"""
import importlib, inspect, sys, {attach.COMMANDLINE} as c
assert "Uploader" not in vars(c) and "libcloud" not in sys.modules
{need}
assert c.libcloud is sys.modules["libcloud"]
assert c.InvalidCredsError is sys.modules["libcloud.common.types"].InvalidCredsError
assert inspect.isclass(c.Uploader)
assert "__getattr__" not in vars(c)
assert c.handle_upload.__code__.co_filename == c.__file__
"""
    done = python("-c", code, TRAVIS_PULL_REQUEST="5")
    assert (done.code, done.err) == (0, "")
    assert ("Skipping upload" in done.out) is ("handle_upload" in need)


def test_deferred_module_has_no_unknown_attribute(python: Cli) -> None:
    code = f"import {attach.COMMANDLINE} as c; print(hasattr(c, 'other'), 'Uploader' in vars(c))"
    done = python("-c", code)
    assert (done.code, done.out) == (0, "False False\n")


def test_imports_are_not_deferred_if_libcloud_is_loaded(python: Cli) -> None:
    code = f"import libcloud, {attach.COMMANDLINE} as c; print(c.Uploader is vars(c)['Uploader'])"
    assert python("-c", code).out == "True\n"


def test_stand_ins_are_removed_after_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "libcloud"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"{HOST}.upload", raising=False)
    with pytest.raises(ImportError), deferred_imports.stand_ins():  # noqa: PT012 (the last raises)
        assert isinstance(sys.modules["libcloud.security"], types.ModuleType)
        raise ImportError("the host is broken")
    assert "libcloud" not in sys.modules


@pytest.fixture
def broken(tmp_path: pathlib.Path) -> str:
    """A broken libcloud on PYTHONPATH, ahead of the real one."""
    package = tmp_path / "broken" / "libcloud"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import a_module_that_is_gone\n")
    return str(package.parent)


def test_fetch_needs_no_libcloud(python: Cli, stored: pathlib.Path, broken: str) -> None:
    with serving_folder(stored) as server:
        command = ("fetch", "--verify", "--missing-hash", "accept", "example", server.url)
        done = python("-m", HOST, *command, PYTHONPATH=broken)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("verb", ["upload --hashfile", "index"])
def test_broken_libcloud_is_one_line_error(
    python: Cli, stored: pathlib.Path, broken: str, verb: str
) -> None:
    done = python("-m", HOST, *verb.split(), *LOCAL, "wheels", PYTHONPATH=broken)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("wheelhouse-hashes: error: No module named 'a_module_that_is_gone'")
    assert "python -m pip install" in line


def test_unsupported_uploader_is_refused_when_needed(python: Cli, stored: pathlib.Path) -> None:
    code = f"""
import sys, {attach.COMMANDLINE} as c, {HOST}.upload as upload
upload.Uploader = lambda other, order: None
sys.argv = ["host", "upload", "--hashfile", *{LOCAL!r}, "wheels"]
c.main()
"""
    done = python("-c", code)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert f"unsupported {HOST}: unexpected definition of Uploader()" in line
