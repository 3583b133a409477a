"""The public ``testing`` module: imported only on request, and working as documented."""

from __future__ import annotations

import http.server
import pathlib
import urllib.error
import urllib.request

import pytest

from tests.conftest import Cli
from tests.support.artifacts import A
from wheelhouse_hashes import testing
from wheelhouse_hashes.artifacts import LocalArtifact
from wheelhouse_hashes.hookspecs import hookimpl
from wheelhouse_hashes.run import Run


class Greeting:
    """Announces published artifacts."""

    @hookimpl
    def wheelhouse_artifact_published(self, artifact: LocalArtifact, run: Run) -> None:
        run.say(f"{artifact.name} is out")


def test_testing_module_is_not_imported_implicitly(python: Cli) -> None:
    check = (
        "import sys, wheelhouse_hashes, wheelhouse_uploader.commandline; "
        "import wheelhouse_hashes.cli.fetch; "
        "print('wheelhouse_hashes.testing' in sys.modules); "
        "import wheelhouse_hashes.testing; "
        "print('pytest' in sys.modules)"
    )
    asked = python("-c", check)
    assert (asked.out.split(), asked.err) == (["False", "False"], "")


def test_plugin_with_local_container() -> None:
    made = [testing.make_wheel("dist", A), testing.make_sdist("dist", "demo-1.0.tar.gz")]
    with testing.local_container() as container:
        with testing.installed(greeting=Greeting()):
            sent = testing.run("upload", "--hashfile", *container.arguments)
        assert (sent.code, sent.err) == (0, "")
        assert sent.line(A) == f"{A} is out"
        without_plugin = testing.run("upload", "--hashfile", "--resend", *container.arguments)
        assert (without_plugin.code, "is out" in without_plugin.out) == (0, False)
        with testing.serving_folder(container.path) as server:
            verified = testing.run("fetch", "--verify", "--local-folder", "got", "demo", server.url)
        assert verified.code == 0
        assert f"/{A}.sha256" in server.paths()
    assert not container.path.parent.exists()
    for path in made:
        assert pathlib.Path("got", path.name).read_bytes() == path.read_bytes()


def test_installed_with_unloadable_plugin() -> None:
    with testing.installed(broken=ImportError("no module named wolf")):
        ended = testing.run("upload", "--hashfile", "wheels")
    assert ended.code == 2
    assert "plugin 'broken' (broken-dist 1.0) cannot be loaded" in ended.err


def test_result_line() -> None:
    result = testing.Result(0, "ok  one\nok  two\nverified 2\n", "")
    assert result.line("verified") == "verified 2"
    for start in ("ok", "refused"):
        with pytest.raises(ValueError, match="values to unpack"):
            result.line(start)


def test_run_python_passes_environment() -> None:
    done = testing.run_python("-c", "import os, sys; sys.exit(int(os.environ['CODE']))", CODE="7")
    assert done.code == 7


def test_running_custom_handler() -> None:
    server = testing.Server("")

    class Gone(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.note(self)
            self.send_error(410)

    with testing.running(Gone) as url, pytest.raises(urllib.error.HTTPError, match="410") as gone:
        urllib.request.urlopen(f"{url}/simple/?x=1")
    gone.value.close()
    assert server.paths() == ["/simple/"]
