"""``action.yml``: its schema, and its steps in bash, with ordinary and with hostile inputs."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator

import pytest

from tests.recipes.composite import ACTION, PARSED, Action, copied_source
from tests.support.artifacts import A, B, flip_a_bit, make_wheel, sha256
from tests.support.commands import names
from tests.support.servers import serving_folder

#: Inputs that a shell, the runner or an option parser could take for something else.
HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    '"; touch pwned; "',
    "'; touch pwned; '",
    "x\ntouch pwned",
    "x\nverified=99",
    "x\r\n::error::pwned",
    "--version",
    "--report=pwned",
    "-e",
    "--",
    "::set-output name=verified::99",
    "::stop-commands::pwned",
    "##[error]pwned",
    "::error::pwned%0A::add-path::/pwned",
    "x[$(touch pwned)]",
    "*",
    "~",
    "${WH_SECRET}",
    "/dev/null/pwned",
]
#: Inputs of one line, each with the others that its command needs.
FETCH = {"command": "fetch", "project": "demo", "url": "http://127.0.0.1:9/"}
UPLOAD = {"command": "upload", "container": "wheels", "username": "store"}
TEXTS = [
    {"command": "verify", "folder": ""},
    {"command": "verify", "against": ""},
    {"command": "verify", "expect": ""},
    {"command": "verify", "index": ""},
    {"command": "verify", "wait": ""},
    {"command": "hash", "folder": ""},
    {**FETCH, "project": ""},
    {**FETCH, "url": ""},
    {**FETCH, "version": ""},
    {**UPLOAD, "container": ""},
    {**UPLOAD, "username": ""},
]
#: What the runner takes for a command.  The tool's own annotations are the only ones.
_COMMAND = re.compile(r"^\s*(?:::(?!error title=)|##\[)", re.MULTILINE)


@pytest.fixture
def action(tmp_path: pathlib.Path) -> Action:
    """The action, with the tool of this environment."""
    return Action(tmp_path / "runner")


@pytest.fixture
def job(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder of a job: two wheels in ``dist``, and digest lists of both and of B."""
    folder = tmp_path / "job"
    made = [make_wheel(folder / "dist", name) for name in sorted([A, B])]
    lines = [f"{sha256(path.read_bytes())}  {path.name}\n" for path in made]
    folder.joinpath("SHA256SUMS").write_text("".join(lines))
    folder.joinpath("short").write_text(lines[0])
    return folder


def test_action_matches_its_schema() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
    ]
    done = subprocess.run([*command, str(ACTION)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npip install check-jsonschema"


def test_inputs_reach_the_shell_as_variables_only() -> None:
    for step in PARSED["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert all(name.startswith("WH_") for name in step["env"])
    used = {text for step in PARSED["runs"]["steps"] for text in step["env"].values()}
    assert {f"${{{{ inputs.{name} }}}}" for name in PARSED["inputs"]} <= used


def test_verify_sets_outputs_and_summary(action: Action, job: pathlib.Path) -> None:
    given = {"against": "SHA256SUMS", "expect": "2", "sums": "verified.txt"}
    done = action(given, job)
    assert done.result.code == 0, done
    assert done.outputs["sums"] == "verified.txt"
    assert job.joinpath("verified.txt").read_text() == job.joinpath("SHA256SUMS").read_text()
    assert done.outputs["verified"] == "2"
    assert pathlib.Path(done.outputs["report"]).exists()
    summary = action.summary.read_text()
    assert summary.startswith("### wheelhouse verify: exit 0\n\n| platform |")
    assert summary.count("| ok |") == 2


@pytest.mark.parametrize(
    ("given", "code", "annotation"),
    [
        ({"expect": "3"}, 4, "incomplete"),
        ({"against": "short"}, 3, A),
        ({"against": "SHA256SUMS\nlost"}, 2, ""),
        ({"args": "--no-such-option"}, 2, ""),
        ({"expect": "many"}, 2, ""),
    ],
)
def test_exit_codes_are_kept(
    action: Action, job: pathlib.Path, given: dict[str, str], code: int, annotation: str
) -> None:
    done = action({"against": "SHA256SUMS", **given}, job)
    assert done.result.code == code, done
    assert f"::error title={annotation}" in done.result.out or not annotation


def test_damaged_wheel_is_annotated_and_not_counted(action: Action, job: pathlib.Path) -> None:
    flip_a_bit(job / "dist" / A)
    done = action({"against": "SHA256SUMS"}, job)
    assert done.result.code == 1
    assert f"::error title={A}::mismatch" in done.result.out
    assert done.outputs["verified"] == "1"
    assert "**" in action.summary.read_text()  # the cell of the grid


def test_hash_prints_its_list_into_the_log(action: Action, job: pathlib.Path) -> None:
    done = action({"command": "hash"}, job)
    assert done.result.code == 0, done
    assert job.joinpath("SHA256SUMS").read_text() in done.result.out
    assert pathlib.Path(done.outputs["sums"]).read_text() == job.joinpath("SHA256SUMS").read_text()
    assert done.outputs["verified"] == ""


def test_old_list_is_neither_printed_nor_an_output(action: Action, job: pathlib.Path) -> None:
    """If every artifact is refused, a file of the repository stays as it is."""
    old = "::stop-commands::pwned\n##[error]pwned\n"
    job.joinpath("README.txt").write_text(old)
    for name in (A, B):
        job.joinpath("dist", name).write_bytes(b"<html>")
    done = action({"command": "hash", "sums": "README.txt"}, job)
    assert done.result.code != 0, done
    assert job.joinpath("README.txt").read_text() == old
    assert done.outputs["sums"] == ""
    assert not _COMMAND.search(done.result.out), done.result.out


def test_list_that_replaces_another_one_is_an_output(action: Action, job: pathlib.Path) -> None:
    for _ in range(2):
        done = action({"command": "hash", "sums": "list"}, job)
        assert (done.result.code, done.outputs["sums"]) == (0, "list")


@pytest.mark.parametrize("text", range(len(HOSTILE)))
def test_hostile_name_of_the_list(action: Action, job: pathlib.Path, text: int) -> None:
    """It is written under exactly this name, or the command fails."""
    name = HOSTILE[text]
    before = {path.name for path in job.iterdir()}
    done = action({"command": "hash", "sums": name, "args": "--quiet"}, job)
    made = {path.name for path in job.iterdir()} - before
    assert made <= {name}
    assert done.result.code in (0, 2, 6)
    assert done.outputs["sums"] == (name if made else "")
    assert done.outputs["verified"] == ""
    assert not _COMMAND.search(done.result.out), done.result.out


def test_upload_then_fetch(action: Action, job: pathlib.Path) -> None:
    job.joinpath("store").mkdir()
    options = "--provider-name=LOCAL\r\n\n--no-ssl-check"
    secret = "open sesame"
    given = {**UPLOAD, "secret": secret, "args": options}
    skipped = action({**given, "secret": ""}, job)
    assert (skipped.result.code, "skipping package upload" in skipped.result.out) == (0, True)
    done = action(given, job)
    assert done.result.code == 0, done
    assert secret not in str(done)
    assert (done.outputs["sums"], done.outputs["verified"]) == ("", "")
    assert set(names(job / "store" / "wheels")) >= {A, f"{A}.sha256", B, f"{B}.sha256"}
    with serving_folder(job / "store" / "wheels") as server:
        given = {"command": "fetch", "project": "demo", "url": server.url, "folder": "-got"}
        fetched = action({**given, "expect": "2", "against": "SHA256SUMS"}, job)
    assert fetched.result.code == 0, fetched
    assert names(job / "-got") == sorted([A, B])
    assert fetched.outputs["verified"] == "2"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"command": "fetch", "project": "demo"}, "fetch needs the inputs project and url"),
        ({"command": "upload"}, "upload needs the input container"),
        ({"folder": "dist\n"}, "the input FOLDER must be one line"),
    ],
)
def test_missing_or_broken_input_is_a_usage_error(
    action: Action, job: pathlib.Path, given: dict[str, str], message: str
) -> None:
    done = action(given, job)
    assert (done.result.code, message in done.result.out) == (2, True)


def hostile_cases() -> Iterator[dict[str, str]]:
    """Yield each hostile text as one of the inputs, and two of them as each of the inputs."""
    for number, text in enumerate(HOSTILE):
        yield filled_in(TEXTS[number % len(TEXTS)], text)
    for given in TEXTS:
        for text in (HOSTILE[0], HOSTILE[5]):
            yield filled_in(given, text)


def filled_in(given: dict[str, str], text: str) -> dict[str, str]:
    """Return inputs with a text in the place of the empty one."""
    return {name: value or text for name, value in given.items()}


@pytest.mark.parametrize("given", list(hostile_cases()))
def test_hostile_input_is_only_a_value(
    action: Action, job: pathlib.Path, given: dict[str, str]
) -> None:
    done = action({**given, "args": "--quiet"}, job, WHEELHOUSE_UPLOADER_SECRET="open sesame")
    assert done.result.code != 0, done
    assert "open sesame" not in str(done.result)
    assert "99" not in done.outputs.values()
    assert not _COMMAND.search(done.result.out), done.result.out
    assert "pwned" not in {path.name for path in job.rglob("*")}


@pytest.mark.parametrize("text", [HOSTILE[0], HOSTILE[2], "--version", "::error::pwned%0A", "*"])
def test_hostile_names_of_files_that_exist(
    action: Action, tmp_path: pathlib.Path, text: str
) -> None:
    job = tmp_path / "job"
    wheel = make_wheel(job / text, A)
    job.joinpath(text, "::stop-commands::pwned").touch()
    job.joinpath(f"{text}.txt").write_text(f"{sha256(wheel.read_bytes())}  {A}\n")
    done = action({"folder": text, "against": f"{text}.txt", "sums": f"{text}.sums"}, job)
    assert done.result.code == 0, done
    assert (done.outputs["sums"], done.outputs["verified"]) == (f"{text}.sums", "1")
    assert not _COMMAND.search(done.result.out), done.result.out
    assert not job.joinpath("pwned").exists()


@pytest.mark.parametrize(
    "given",
    [
        *({"command": text} for text in HOSTILE),
        *({"python": text} for text in HOSTILE),
    ],
)
def test_hostile_command_or_python_is_a_usage_error(
    job: pathlib.Path, tmp_path: pathlib.Path, given: dict[str, str]
) -> None:
    done = Action(tmp_path / "runner", tmp_path)(given, job)
    assert done.result.code == 2, done
    assert done.result.out.startswith("::error title=wheelhouse-hashes::the input ")
    assert not _COMMAND.search(done.result.out)
    assert names(job) == ["SHA256SUMS", "dist", "short"]


def test_modules_of_the_repository_are_not_imported(action: Action, job: pathlib.Path) -> None:
    for name in ("pluggy", "wheelhouse_hashes", "json", "sitecustomize"):
        job.joinpath(f"{name}.py").write_text("raise SystemExit('pwned')")
    done = action({"against": "SHA256SUMS"}, job, PYTHONPATH=str(job))
    assert (done.result.code, done.outputs["verified"]) == (0, "2"), done


def environments(temp: pathlib.Path) -> set[pathlib.Path]:
    """Return the environments that the action made."""
    return {path.parent for path in temp.glob("wheelhouse-hashes-*/pyvenv.cfg")}


def test_tool_is_installed_once_from_the_folder_of_the_action(
    job: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    source = copied_source(tmp_path / "it's a source")
    action = Action(tmp_path / "runner", source)
    given = {"against": "SHA256SUMS", "python": sys.executable}
    done = action(given, job)
    # The dependencies are not installed here, so the tool ends before it has begun.
    (home,) = environments(tmp_path / "runner")
    assert "No module named" in done.result.err, done
    (packages,) = home.glob("lib/python*/site-packages")
    assert packages.joinpath("wheelhouse_hashes", "__main__.py").exists()
    packages.joinpath("dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    made = home.joinpath("ready").stat().st_mtime_ns

    again = action(given, job)
    assert (again.result.code, again.outputs["verified"]) == (0, "2"), again
    assert home.joinpath("ready").stat().st_mtime_ns == made
    # An installation that fails is exit code 2, and is tried again by the next step.
    source.joinpath("setup.py").write_text("raise SystemExit('broken')\n")
    failed = action({**given, "command": "hash"}, job)
    assert (failed.result.code, "cannot be installed" in failed.result.out) == (2, True), failed
    (other,) = environments(tmp_path / "runner") - {home}
    assert not other.joinpath("ready").exists()
