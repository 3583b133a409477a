"""Output that cannot be written never ends a command."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.support.artifacts import A, make_wheel
from tests.support.commands import INDEX, UPLOAD, names
from tests.support.plugins import make_distribution

WHEELS = [f"demo-1.{n}-py3-none-any.whl" for n in range(12)]
LOST = "wheelhouse-hashes: warning: cannot write to standard output: "

#: How the standard output fails: words of a shell, and what standard error says.
OUTPUTS = {
    "closed pipe": ("| { head -1; exec <&-; touch closed; } >/dev/null", "Broken pipe"),
    "reader that never reads": (">&3", "Broken pipe"),
    "full disk": (">/dev/full", "No space left on device"),
    "closed": (">&-", ""),
}

#: A plugin that lets all wheels but the first one wait until the reader has closed the pipe.
WAITING = """
import pathlib, time
from wheelhouse_hashes import hookimpl

@hookimpl
def wheelhouse_companions(artifact):
    while not artifact.name.startswith("demo-1.0-") and not pathlib.Path("closed").exists():
        time.sleep(0.01)
    return []
"""


def run(command: Sequence[str], redirected: str, **environ: str) -> tuple[int, str, str]:
    """Run a command in a shell; return its exit code, its output and its errors.

    Its descriptor 3 is a pipe that nobody reads any more.
    """
    program = "exec 3> >(exit); wait $!\n"
    program += f'"$0" -m wheelhouse_uploader "$@" {redirected}; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", program, sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        env={**os.environ, **environ},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def wheels(dist: pathlib.Path) -> list[str]:
    """The names of wheels to upload."""
    for name in WHEELS:
        make_wheel(dist, name)
    return WHEELS


@pytest.mark.parametrize("buffered", ["", pytest.param("1", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_upload_is_completed(
    wheels: list[str], container: pathlib.Path, tmp_path: pathlib.Path, kind: str, buffered: str
) -> None:
    redirected, reason = OUTPUTS[kind]
    environ = {"PYTHONUNBUFFERED": buffered}
    if kind == "closed pipe":
        make_distribution(tmp_path / "site", "wheelhouse_greeting", WAITING)
        environ["PYTHONPATH"] = str(tmp_path / "site")
    code, _, err = run(UPLOAD, redirected, **environ)
    assert (code, err.count("\n")) == (0, bool(reason)), err
    assert err.startswith(f"{LOST}{reason}" if reason else "")
    assert set(names(container)) == {*wheels, *(f"{n}.sha256" for n in wheels), "index.html"}


def test_pipe_that_closes_before_the_last_line(wheels: list[str], container: pathlib.Path) -> None:
    """The last lines are the host's own, without a look at the pipe."""
    code, out, _ = run(UPLOAD, f"| head -{len(wheels)}")
    assert (code, out.count("\n")) == (0, len(wheels))
    code, _, err = run(UPLOAD, f"| head -{len(wheels) + 1} >/dev/null")
    assert (code, "Traceback" in err, "Exception" in err) == (0, False, False)


@pytest.mark.thorough
def test_exit_code_is_that_of_the_results(
    wheels: list[str], dist: pathlib.Path, container: pathlib.Path
) -> None:
    (dist / "html-1.0-py3-none-any.whl").write_text("<html>Sign in</html>")
    for redirected in ("| head -1 >/dev/null", ">/dev/full", ">&-"):
        assert run(UPLOAD, redirected)[0] == 1
    assert len(list(container.glob("*.whl"))) == len(wheels)
    assert run((*UPLOAD[:-1], "wheels/"), ">/dev/full")[0] == 2


@pytest.mark.thorough
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", ">/dev/full 2>&1", "2>&1 | true"])
def test_standard_error_fails(wheels: list[str], container: pathlib.Path, redirected: str) -> None:
    assert run(UPLOAD, redirected)[0] == 0
    assert len(list(container.glob("*.whl"))) == len(wheels)
    assert run((*UPLOAD[:-1], "wheels/"), redirected)[0] == 2


@pytest.mark.thorough
def test_other_verbs(wheels: list[str], container: pathlib.Path) -> None:
    assert run(UPLOAD, "")[0] == 0
    page = container / "index.html"
    before = page.read_bytes()
    page.unlink()
    code, _, err = run(INDEX, ">/dev/full")
    assert (code, err.count("\n"), page.read_bytes()) == (0, 1, before)
    assert run(("verify", str(container)), "| true")[0] == 0
    (container / wheels[0]).write_bytes(b"other bytes")
    assert run(("verify", str(container)), "| true")[0] == 1
    assert run(("--help",), ">/dev/full")[0] == 0


def test_encoding_that_lacks_a_character(dist: pathlib.Path, container: pathlib.Path) -> None:
    make_wheel(dist, A)
    (dist / "日本語.whl").write_bytes(b"")
    for encoding in ("ascii", "cp1252"):
        code, out, err = run((*UPLOAD[:-1], "räder"), "", PYTHONIOENCODING=encoding)
        assert (code, "Traceback" in err) == (4, False), err
        assert "\\u65e5\\u672c" in out
