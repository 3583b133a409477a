"""Output files and pages: ``--report``, ``--sums``, ``--explain``, GitHub's job pages."""

from __future__ import annotations

import json
import os
import pathlib
import stat
import subprocess
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest

from tests.conftest import Cli
from tests.support import ROOT
from tests.support.artifacts import A, B, make_wheel, publish, sha256
from tests.support.commands import FETCH, INDEX, UPLOAD
from tests.support.plugins import install
from tests.support.servers import Server
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Artifact, Claim, Digest, Finding, ListedArtifact, Tier
from wheelhouse_hashes.builtin.completeness import INCOMPLETE
from wheelhouse_hashes.causes import Cause, register

SCHEMA = ROOT / "docs" / "report.schema.json"


@pytest.fixture
def bad(container: pathlib.Path, served: Server) -> str:
    """A served container with a good wheel A and a damaged wheel B; return its URL."""
    for name in (A, B):
        publish(container, name)
    damaged = bytearray((container / B).read_bytes())
    damaged[50] ^= 1
    (container / B).write_bytes(damaged)
    return served.url


def read(name: str = "report.json") -> Any:
    """Return a report after validating it against the schema."""
    values = json.loads(pathlib.Path(name).read_text())
    jsonschema.validate(values, json.loads(SCHEMA.read_text()))
    return values


def test_report_schema_is_valid_and_has_every_cause() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    known = schema["$defs"]["built-in-cause"]["enum"]
    assert known == [cause.value for cause in Cause]


def test_report_of_fetch(cli: Cli, bad: str) -> None:
    result = cli(*FETCH, "--report", "report.json", bad)
    report = read()
    assert (report["verb"], report["exit_code"], report["schema"]) == ("fetch", result.code, 2)
    of = {artifact["name"]: artifact for artifact in report["artifacts"]}
    assert (of[A]["outcome"], of[A]["cause"], of[A]["tier"]) == ("ok", None, "container")
    assert (of[B]["outcome"], of[B]["cause"], of[B]["exit_code"]) == ("refused", "mismatch", 1)
    (claim,) = of[B]["claims"]
    assert claim["source"] == "hash file"
    assert claim["hex"] != of[B]["digests"]["sha256"]


def test_report_of_upload(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    make_wheel(dist, A)
    (dist / "notes.txt").write_text("")
    assert cli(*UPLOAD, "--no-update-index", "--report", "report.json").code == 0
    report = read()
    assert [(a["name"], a["outcome"]) for a in report["artifacts"]] == [
        (A, "sent"),
        ("notes.txt", "skipped"),
    ]


def test_report_of_verify_and_of_usage_error(cli: Cli, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    assert cli("verify", "dist", "--report", "report.json").code == 3
    assert read()["artifacts"][0]["cause"] == "missing-hash"
    assert cli("verify", "nowhere", "--report", "report.json").code == 2
    ended_by = {"cause": None, "text": "nowhere: no such folder or digest list", "next": ""}
    assert read()["ended_by"] == ended_by


class Logger:
    """Claims what the artifact has, with evidence, and concludes."""

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
        digits = sha256(pathlib.Path("dist", artifact.name).read_bytes())
        evidence = {"log": "example.org/log\x1b", "entry\n": "17"}
        digest = Digest("sha256", digits)
        return [Claim(digest, "log", "example.org", Tier.LOGGED, evidence=evidence)]

    @hookimpl
    def wheelhouse_inspect(self, artifact: Artifact) -> Sequence[Finding]:
        return [Finding(UNLOGGED, "no entry", "append it")] if artifact.name == B else []

    @hookimpl
    def wheelhouse_conclude(self) -> Sequence[Finding]:
        return [Finding(UNLOGGED, "two files, one entry")]


UNLOGGED = register("unlogged-in-tests", 3, next="append it to the log")


@pytest.fixture
def logged(dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wheels with hash files, of which a plugin refuses B."""
    for name in (A, B):
        path = make_wheel(dist, name)
        path.with_name(f"{name}.sha256").write_text(f"{sha256(path.read_bytes())}  {name}\n")
    install(monkeypatch, log=Logger())


def test_report_has_evidence_tiers_findings_and_advice(cli: Cli, logged: None) -> None:
    assert cli("verify", "dist", "--report", "report.json", "--expect", "3").code == 3
    report = read()
    bad, good = report["artifacts"]
    evidence = {claim["source"]: claim["evidence"] for claim in good["claims"]}
    assert evidence == {
        "log": {"log": "example.org/log\\x1b", "entry\\n": "17"},
        "hash file": {},
    }
    assert (good["tier"], good["tiers"], good["next"]) == ("logged", ["logged", "container"], "")
    assert (bad["cause"], bad["next"], bad["tiers"]) == ("unlogged-in-tests", "append it", [])
    assert {f["cause"]: (f["text"], f["next"], f["exit_code"]) for f in report["findings"]} == {
        "unlogged-in-tests": ("two files, one entry", "append it to the log", 3),
        "incomplete": ("expected 3 good artifacts, found 1", INCOMPLETE.next_step, 4),
    }
    assert report["incomplete"] == ["expected 3 good artifacts, found 1"]
    assert report["ended_by"] is None
    assert report["listing"]["secure"] is True


def test_explain_prints_evidence_escaped(cli: Cli, logged: None) -> None:
    explained = cli("verify", "dist", "--explain", A, "--explain", B).out
    assert "    log: example.org/log\\x1b\n    entry\\n: 17\n" in explained
    assert "  next: append it\n" in explained
    assert "\x1b" not in explained


def test_report_of_command_that_ended_early(cli: Cli, served: Server) -> None:
    result = cli(*FETCH, "--report", "report.json", served.url + "nowhere/")
    assert result.code == 5
    report = read()
    assert report["ended_by"]["cause"] == "unreachable"
    assert report["ended_by"]["next"] == Cause.UNREACHABLE.next_step
    assert Cause.UNREACHABLE.next_step not in report["ended_by"]["text"]
    assert report["ended_by"]["text"] in result.err
    assert result.err.endswith(f"; {Cause.UNREACHABLE.next_step}\n")
    assert report["listing"] is None


def test_report_has_listing(cli: Cli, bad: str) -> None:
    cli(*FETCH, "--report", "report.json", bad)
    assert read()["listing"] == {"url": bad, "secure": False}


def test_report_of_upload_and_index_has_links(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    body = make_wheel(dist, A).read_bytes()
    make_wheel(container, B)
    links = [
        {"name": B, "algorithm": None, "hex": None},
        {"name": A, "algorithm": "sha256", "hex": sha256(body)},
    ]
    assert cli(*UPLOAD, "--report", "report.json").code == 0
    report = read()
    assert report["links"] == links
    (artifact,) = report["artifacts"]
    assert (artifact["size"], artifact["digests"]["sha256"]) == (len(body), sha256(body))
    assert cli(*INDEX, "--report", "report.json").code == 0
    assert read()["links"] == links
    assert cli(*UPLOAD, "--no-update-index", "--report", "report.json").code == 0
    assert read()["links"] is None


def test_reader_of_schema_1_works(cli: Cli, bad: str, logged: None) -> None:
    """Schema 2 adds to schema 1; only ``ended_by`` changed, and is still null or true."""
    schema = json.loads(ROOT.joinpath("tests", "docs", "report-schema-1.json").read_text())
    schema["properties"]["schema"] = {"const": 2}
    schema["properties"]["ended_by"] = {"type": ["object", "null"], "required": ["text"]}
    commands = [
        (*FETCH, "--expect", "3", bad),
        ("verify", "dist", "--against", bad),
        ("verify", "nowhere"),
        UPLOAD,
    ]
    # A plugin's own cause, "not-listed" and the tier "elsewhere" were not possible in schema 1.
    causes = schema["$defs"]["judged"]["properties"]["cause"]["enum"]
    causes += [UNLOGGED.value, Cause.NOT_LISTED.value]
    schema["$defs"]["tier"]["enum"].append(str(Tier.ELSEWHERE))
    for command in commands:
        cli(*command, "--report", "report.json")
        jsonschema.validate(read(), schema)


def test_report_has_no_secrets(cli: Cli, bad: str) -> None:
    address = bad.replace("//", "//me:sesame@")
    cli(*FETCH, "--report", "report.json", "--explain", B, f"{address}?token=open")
    text = pathlib.Path("report.json").read_text()
    assert "sesame" not in text
    assert "open" not in text


@pytest.mark.parametrize("option", ["--report", "--sums"])
def test_unwritable_report_or_sums_is_disk_error(
    cli: Cli, bad: str, container: pathlib.Path, option: str
) -> None:
    graver = cli(*FETCH, option, "nowhere/file", bad)
    assert (graver.code, graver.err) == (1, "")
    assert "problem: disk: cannot write nowhere/file" in graver.out
    for name in (B, f"{B}.sha256"):
        (container / name).unlink()
    result = cli(*FETCH, option, "nowhere/file", bad)
    assert result.code == 6
    assert "cannot write nowhere/file" in result.err
    assert "Traceback" not in result.err
    assert pathlib.Path("got", A).exists()


def test_report_replaces_older_file_and_keeps_symlink(cli: Cli, bad: str) -> None:
    pathlib.Path("real.json").write_text("old")
    pathlib.Path("report.json").symlink_to("real.json")
    cli(*FETCH, "--report", "report.json", bad)
    assert pathlib.Path("report.json").is_symlink()
    assert read("real.json")["verb"] == "fetch"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(pathlib.Path("real.json").stat().st_mode) == 0o666 & ~mask


def test_report_can_be_a_device(cli: Cli, bad: str) -> None:
    assert cli(*FETCH, "--report", "/dev/null", bad).code == 1


def test_sums_can_be_read_by_sha256sum(cli: Cli, bad: str) -> None:
    cli(*FETCH, "--sums", "SHA256SUMS", bad)
    lines = pathlib.Path("SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == [A]
    command = ["sha256sum", "--strict", "-c", "../SHA256SUMS"]
    checked = subprocess.run(command, check=False, cwd="got", capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, f"{A}: OK\n")
    assert cli("verify", "got", "--against", "SHA256SUMS").code == 0


def test_sums_are_sorted(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    names = [f"demo-1.{number}-py3-none-any.whl" for number in range(12)]
    for name in names:
        path = make_wheel(dist, name)
        path.with_name(f"{name}.sha256").write_text(f"{sha256(path.read_bytes())}  {name}\n")
    assert cli("verify", "dist", "--sums", "SHA256SUMS").code == 0
    text = pathlib.Path("SHA256SUMS").read_text()
    assert [line.split("  ")[1] for line in text.splitlines()] == sorted(names)


def test_explain_prints_verdict_details(cli: Cli, bad: str) -> None:
    result = cli(*FETCH, "--explain", B, "--explain", A, "--explain", "other.whl", bad)
    explained = result.out.partition(f"{B}: refused\n")[2]
    assert "  hash file claims sha256:" in explained
    assert "does not match" in explained.partition(A)[0]
    assert f"    where  {bad}{B}.sha256\n" in explained
    assert "    tier   container: published with the artifact: detects accidental" in explained
    assert "verdict: mismatch (exit 1)" in explained
    assert "verdict: every digest matches, and no plugin rejected it" in explained
    assert "other.whl: no such artifact in this run" in result.out


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """The job summary file of GitHub Actions."""
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_github_summary_and_annotations(cli: Cli, bad: str, summary: pathlib.Path) -> None:
    result = cli(*FETCH, "--expect", "3", bad)
    text = summary.read_text()
    assert text.startswith("before\n### wheelhouse fetch: exit 1\n")
    assert "| demo-1.0-py3-none-any.whl | ok | hash file (container) |" in text
    assert "expected 3 good artifacts, found 1" in text
    annotation = result.line(f"::error title={B}::")
    assert "mismatch" in annotation
    assert "next" not in annotation.partition("::")[0]
    assert "::error title=incomplete::expected 3 good artifacts, found 1" in result.out


def test_names_are_escaped_in_github_annotations(
    cli: Cli, dist: pathlib.Path, summary: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    (dist / "x::set-env name=PATH::y|z.whl").write_text("")
    result = cli(*UPLOAD, "--no-update-index")
    assert "\n::set-env" not in result.out
    assert "y\\|z.whl" in summary.read_text()


def test_no_annotations_outside_github(cli: Cli, bad: str) -> None:
    assert "::error" not in cli(*FETCH, bad).out


@pytest.mark.parametrize(("expected", "code"), [("1", 0), ("2", 4)])
def test_fetch_expect_number(
    cli: Cli, container: pathlib.Path, served: Server, expected: str, code: int
) -> None:
    content = make_wheel(container, A).read_bytes()
    (container / f"{A}.sha256").write_text(f"{sha256(content)}  {A}\n")
    assert cli(*FETCH, "--expect", expected, served.url).code == code


def test_expect_refuses_unjudged_artifact_in_folder(
    cli: Cli, container: pathlib.Path, served: Server
) -> None:
    content = make_wheel(container, A).read_bytes()
    (container / f"{A}.sha256").write_text(f"{sha256(content)}  {A}\n")
    make_wheel(pathlib.Path("got"), "other-1.0-py3-none-any.whl")
    assert cli(*FETCH, served.url).code == 0
    result = cli(*FETCH, "--expect", "1", served.url)
    assert result.code == 4
    assert "incomplete: in the folder, but not checked: other-1.0-py3-none-any.whl" in result.out


@pytest.mark.parametrize("option", ["--expect", "--report", "--sums", "--explain"])
def test_report_options_without_verify_are_refused(cli: Cli, option: str) -> None:
    result = cli("fetch", option, "1", "demo", "http://127.0.0.1:9/")
    assert result.code == 2
    assert f"{option}: no effect without --verify" in result.err
