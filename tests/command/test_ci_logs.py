"""No name, header, address or text of a plugin is a command for a CI service or a terminal."""

from __future__ import annotations

import json
import os
import pathlib
import re
from urllib.parse import quote

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import A, make_wheel, sha256
from tests.support.commands import FETCH, GOT, got
from tests.support.outputs import commands_in, controls_in
from tests.support.plugins import make_distribution
from tests.support.servers import Routes, respond, serving

PAYLOADS = {
    "GitHub": "::set-output name=verified::true",
    "GitHub, older": "##[set-output name=verified;]true",
    "GitHub, three signs": "###[add-path]x",
    "Azure": "##vso[task.setvariable variable=PATH]x",
    "TeamCity": "##teamcity[buildStatus status='SUCCESS']",
    "escape": "\x1b]0;title\x07\x1b[2J",
    "8-bit escape": "\x9b2J",
    "second line": "x\n::add-mask::x",
    "carriage return": "x\r::add-mask::x\r##[debug]x",
    "line separator": "x\u2028::add-mask::x",
    "bidirectional": "\u202egpj",
    "annotation": "::error title=PWNED::x\n::error title=PWNED::x",
}

#: The kinds that the quick tests have, too.
_QUICK = {"GitHub", "Azure", "second line"}

payloads = pytest.mark.parametrize(
    "payload",
    [
        pytest.param(text, id=kind, marks=() if kind in _QUICK else pytest.mark.thorough)
        for kind, text in PAYLOADS.items()
    ],
)


def check(result: Result, *files: str) -> None:
    """Check everything that a command printed or wrote."""
    for text in (result.out, result.err, *(pathlib.Path(file).read_text() for file in files)):
        assert commands_in(text) == []
        assert controls_in(text) == []
        assert not re.search("^ *::error title=PWNED", text, re.MULTILINE)
        assert "Traceback" not in text


def _everything() -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": "summary.md",
        "WHEELHOUSE_HASHES_TRACE": "1",
    }


@pytest.fixture
def command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command in this process, with everything that writes files or more output."""

    def run(*args: object) -> Result:
        with monkeypatch.context() as patch:
            for name, value in _everything().items():
                patch.setenv(name, value)
            return cli(*args)

    return run


@payloads
def test_name_of_a_link_is_no_command(
    command: Cli, python: Cli, wheel: bytes, payload: str
) -> None:
    bad = f"{payload}/demo-9.9.tar.gz"
    links = [f"{A}#sha256={sha256(wheel)}", quote(bad, safe=""), f"[x]/{quote(payload)}/x.whl"]
    page = "".join(f'<a href="{link}">x</a>' for link in links)
    page += f'<a href="http://[{payload}/demo-9.8.tar.gz">x</a>'
    with serving({"/": page.encode(), f"/{A}": wheel}) as server:
        result = command(
            *(*FETCH[:-1], "--report", "report.json"),
            *("--explain", A, "--explain", bad, "demo", server.url),
        )
        to_screen = python(
            "-m", "wheelhouse_uploader", *FETCH[:-1], "--report", "/dev/stdout", "demo", server.url
        )
    assert got() == [A]
    assert "unsafe-name" in result.out
    check(result, "report.json", "summary.md")
    check(to_screen)
    report = json.loads(pathlib.Path("report.json").read_text())
    assert A in [each["name"] for each in report["artifacts"]]


@payloads
def test_answer_of_a_server_is_no_command(command: Cli, wheel: bytes, payload: str) -> None:
    line = re.sub("[\r\n]", " ", payload).encode("utf-8").decode("latin-1")
    other = "demo-1.0-1-py3-none-any.whl"
    third = "demo-1.0-2-py3-none-any.whl"
    routes: Routes = {
        "/": f'<a href="{A}">x</a><a href="{other}">x</a><a href="{third}">x</a>'.encode(),
        f"/{A}": wheel,
        f"/{A}.sha256": f"{payload}\n".encode() + b"0" * 64,
        f"/{other}": lambda h: respond(h, 302, b"", Location=f"ftp://{line}/"),
        f"/{other}.sha256": f"{sha256(wheel)}  {payload}".encode(),
        f"/{third}": lambda h: respond(h, 200, wheel, ETag=line, Content_Encoding=line),
        f"/{third}.sha256": b"0" * 64,
    }
    with serving(routes) as server:
        result = command(
            *(*FETCH[:-1], "--report", "report.json"), *("--explain", A, "demo", server.url)
        )
    assert result.code == 1, result.err
    check(result, "report.json", "summary.md")


@payloads
@pytest.mark.parametrize("verb", ["fetch", "verify"])
def test_name_in_the_folder_is_no_command(
    command: Cli, wheel: bytes, payload: str, verb: str
) -> None:
    make_wheel(GOT, A)
    names = [f"{payload}-1.0.tar.gz".replace("/", ""), f"{payload}.txt".replace("/", "")]
    for name in names:
        (GOT / name).write_bytes(b"x")
    options = ("--report", "report.json")
    page = f'<a href="{A}#sha256={sha256(wheel)}">'.encode()
    with serving({"/": page, f"/{A}": wheel}) as server:
        words: tuple[object, ...] = ("verify", GOT, "--against", server.url)
        if verb == "fetch":
            words = (*FETCH, server.url)
        result = command(*words, *options)
    if verb == "verify":
        assert "-1.0.tar.gz" in result.out
    check(result, "report.json", "summary.md")


_PLUGIN = """
import os
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding
from wheelhouse_hashes.causes import Cause
TEXT = os.environ["TEXT"]

@hookimpl
def wheelhouse_run_started(run):
    run.say(TEXT)
    run.note(f"line\\n{TEXT}")
    run.note_once(TEXT, TEXT)

@hookimpl
def wheelhouse_claims(artifact, run):
    return [Finding(Cause.UNTRUSTED, TEXT, TEXT)]

@hookimpl
def wheelhouse_conclude(run, report):
    return [Finding(Cause.UNTRUSTED, TEXT, TEXT)]

@hookimpl
def wheelhouse_run_finished(run):
    raise ValueError(TEXT)
"""


@payloads
def test_text_of_a_plugin_is_no_command(
    python: Cli, tmp_path: pathlib.Path, dist: pathlib.Path, payload: str
) -> None:
    make_distribution(tmp_path / "plugin", "plain", _PLUGIN)
    make_wheel(dist, A)
    (dist / f"{A}.sha256").write_text(sha256((dist / A).read_bytes()))
    result = python(
        *("-m", "wheelhouse_hashes", "verify", "dist", "--explain", A, "--report", "report.json"),
        **_everything(),
        PYTHONPATH=str(tmp_path / "plugin"),
        TEXT=payload,
    )
    assert result.code == 7, result.err
    check(result, "report.json", "summary.md")


@payloads
def test_argument_is_no_command(command: Cli, payload: str) -> None:
    for words in (
        ("fetch", "--verify", payload, payload),
        ("fetch", "--verify", "demo", f"http://127.0.0.1:1/{payload}", "--wait", "0"),
        ("verify", payload),
        ("verify", ".", "--hash-algorithm", payload),
        (payload,),
    ):
        result = command(*words)
        assert result.code != 0
        check(result)


@pytest.mark.parametrize("module", ["wheelhouse_hashes", "wheelhouse_uploader"])
@payloads
def test_environment_variable_is_no_command(python: Cli, payload: str, module: str) -> None:
    result = python(
        *("-m", module, "verify", "."),
        WHEELHOUSE_HASHES_DISABLE=payload,
        WHEELHOUSE_UPLOADER_VERIFY="1",
    )
    assert result.code == 2
    check(result)


MARKDOWN = {
    "link": "[x](https://evil.example)",
    "address": "see https://evil.example and www.evil.example",
    "heading": "x\r\r# Release verified\r\r",
    "HTML": "<h1>verified</h1>&lt;",
    "code": "`x` ~~x~~ *x* __x__ $x$ ![x](y)",
    "cell": "x | y |",
}


@pytest.mark.parametrize("payload", MARKDOWN.values(), ids=MARKDOWN)
def test_summary_has_no_markup_of_others(command: Cli, wheel: bytes, payload: str) -> None:
    bad = quote(f"{payload}/demo-9.9.tar.gz", safe="")
    page = f'<a href="{A}#sha256={sha256(wheel)}">x</a><a href="{bad}">x</a>'
    with serving({"/": page.encode(), f"/{A}": wheel}) as server:
        command(*FETCH, server.url)
    summary = pathlib.Path("summary.md").read_text()
    rows = [row for row in summary.split("\n") if row.startswith("| ")]
    assert len(rows) == 3
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 4
        assert not re.search(r"(?<!\\)[`*_~$\[\]!]|[<>]|(?<!\\)://|www\.", row), row


def test_report_is_no_markup(cli: Cli) -> None:
    bad = quote("<script>alert(1)</script>&amp;/demo-9.9.tar.gz", safe="")
    with serving({"/": f'<a href="{bad}">x</a>'.encode()}) as server:
        cli(*FETCH, "--report", "r.json", server.url)
    text = pathlib.Path("r.json").read_text()
    assert not set("<>&") & set(text)
    (artifact,) = json.loads(text)["artifacts"]
    assert artifact["name"] == "<script>alert(1)</script>&amp;/demo-9.9.tar.gz"


def test_annotation_is_one_command(command: Cli) -> None:
    bad = quote("a,b:c%0A::x/demo-9.9.tar.gz", safe="")
    with serving({"/": f'<a href="{bad}">x</a>'.encode()}) as server:
        result = command(*FETCH, server.url)
    assert os.linesep.join(re.findall("^::error title=(.*?)::", result.out, re.MULTILINE)) == (
        "a%2Cb%3Ac%250A%3A%3Ax/demo-9.9.tar.gz"
    )
