"""Tiers: which claims get ``elsewhere``, and ``--require``."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Sequence

import pytest

from tests.conftest import Cli
from tests.support.artifacts import HASH_FILE, A, B, hash_file, make_wheel, sha256
from tests.support.commands import FETCH, got
from tests.support.pages import page
from tests.support.plugins import install
from tests.support.servers import Routes, serving, to
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, ListedArtifact, Tier


@pytest.fixture
def built(dist: pathlib.Path) -> bytes:
    """The bytes of the only wheel in ``dist``."""
    return make_wheel(dist, A).read_bytes()


def routes(content: bytes) -> Routes:
    """A page without digests, and the hash file and wheel beside it."""
    return {"/": page(A), f"/{A}": content, f"/{HASH_FILE}": hash_file(content)}


class Log:
    """Claims everything to be in a log."""

    def __init__(self, *tiers: Tier) -> None:
        self.tiers = tiers

    @hookimpl
    def wheelhouse_tiers(self) -> Sequence[Tier]:
        return self.tiers

    @hookimpl
    def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
        content = pathlib.Path("dist", artifact.name).read_bytes()
        return [Claim(Digest("sha256", sha256(content)), "log", "", tier) for tier in self.tiers]


def test_named_address_is_elsewhere_and_the_first_address_is_not(cli: Cli, built: bytes) -> None:
    link = f'<a href="{A}#sha256={sha256(built)}">{A}</a>'.encode()
    with serving({**routes(built), "/": link}) as server:
        named = cli("verify", "dist", "--against", server.url, "--explain", A)
        assert named.line("ok").endswith("  link, hash file  elsewhere")
        assert "tier   elsewhere: published at another origin" in named.out
        assert "weakest tier: elsewhere" in named.out
        fetched = cli(*FETCH, server.url)
    assert fetched.line("ok").endswith("  link, hash file  container")


def test_page_on_another_server_is_container_in_a_fetch(cli: Cli, built: bytes) -> None:
    with serving(routes(built)) as store:
        link = f'<a href="{store.url}{A}#sha256={sha256(built)}">{A}</a>'.encode()
        with serving({"/": link}) as server:
            result = cli(*FETCH, server.url)
    assert (result.code, result.line("ok").split()[-1]) == (0, "container")


def test_list_in_a_folder_and_folder_of_hash_files_are_not_elsewhere(
    cli: Cli, built: bytes
) -> None:
    pathlib.Path("hashes").mkdir()
    pathlib.Path("hashes", HASH_FILE).write_bytes(hash_file(built))
    result = cli("verify", "dist", "--against", "hashes")
    assert (result.code, result.line("ok").split()[-1]) == (0, "container")


def test_address_that_is_not_secure_is_not_elsewhere(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy stands for another host over plain HTTP.
    answers = {f"http://wheels.example.org{path}": body for path, body in routes(built).items()}
    with serving(answers) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        result = cli("verify", "dist", "--against", "http://wheels.example.org/")
        assert (result.code, result.line("ok").split()[-1]) == (0, "container")
        # The page comes from this machine, but it leads to a hash file over plain HTTP.
        with serving({"/": page(f"http://wheels.example.org/{A}")}) as local:
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            result = cli("verify", "dist", "--against", local.url)
            assert (result.code, result.line("ok").split()[-1]) == (0, "container")
        # The hash file is asked for on this machine, but answered from there.
        redirects: Routes = {
            "/": page(A),
            f"/{HASH_FILE}": to(f"http://wheels.example.org/{HASH_FILE}"),
        }
        with serving(redirects) as local:
            result = cli("verify", "dist", "--against", local.url)
            assert (result.code, result.line("ok").split()[-1]) == (0, "container")


def test_all_tiers_are_printed_everywhere(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, log=Log(Tier.LOGGED, Tier.PINNED))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    with serving(routes(built)) as server:
        options = ("--explain", A, "--report", "report.json")
        result = cli("verify", "dist", "--against", server.url, *options)
    assert result.line("ok").endswith("  log, hash file  pinned+logged+elsewhere")
    assert "; tiers: pinned+logged+elsewhere\n" in result.out
    assert "log, hash file (pinned+logged+elsewhere)" in pathlib.Path("summary.md").read_text()
    (artifact,) = json.loads(pathlib.Path("report.json").read_text())["artifacts"]
    assert artifact["tiers"] == ["pinned", "logged", "elsewhere"]
    assert artifact["tier"] == "pinned"


def test_md5_list_is_not_pinned(cli: Cli, built: bytes) -> None:
    os.system("cd dist && md5sum * > ../MD5SUMS")  # noqa: S605
    result = cli("verify", "dist", "--against", "MD5SUMS", "--explain", A)
    assert "md5  list  container  md5 detects accidental corruption" in result.line("ok")
    assert "tier   container: MD5 is no proof of tier pinned" in result.out
    refused = cli("verify", "dist", "--against", "MD5SUMS", "--require", "pinned")
    assert (refused.code, "weak: " in refused.line("refused")) == (3, True)


def test_md5_is_named_in_quiet_runs(cli: Cli, built: bytes) -> None:
    make_wheel(pathlib.Path("dist"), B)
    os.system("cd dist && md5sum * > ../MD5SUMS && sha256sum * > ../SHA256SUMS")  # noqa: S605
    for verb in (("verify", "dist"), ("verify", "dist", "--quiet")):
        result = cli(*verb, "--against", "MD5SUMS")
        assert result.code == 0
        assert "verified 2 of 2 artifacts (weakest tier: container, md5 only: 2)" in result.out
        assert "md5" not in cli(*verb, "--against", "SHA256SUMS").out
    os.system("sed -n 2p SHA256SUMS >> MD5SUMS")  # noqa: S605
    mixed = cli("verify", "dist", "--quiet", "--against", "MD5SUMS", "--hash-algorithm", "sha256")
    assert (mixed.code, "md5 only: 1)" in mixed.out) == (0, True)


# --require


def test_require_is_exact(cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, log=Log(Tier.LOGGED))
    with serving(routes(built)) as server:
        assert cli(*FETCH, "--require", "logged", "--require", "container", server.url).code == 0
        install(monkeypatch, log=Log(Tier.LOGGED, Tier.PINNED))
        assert cli(*FETCH, "--require", "pinned", server.url).code == 0
    pathlib.Path("SUMS").write_bytes(hash_file(built))
    install(monkeypatch, log=Log())
    # A stronger tier does not stand for a weaker one.
    result = cli("verify", "dist", "--against", "SUMS", "--require", "container")
    assert result.code == 3
    assert result.line("refused").endswith(
        "weak: every digest matches, but no source of tier container has one for this artifact "
        "(found: pinned)"
    )


def test_artifact_without_required_tier_is_weak(cli: Cli, built: bytes) -> None:
    make_wheel(pathlib.Path("dist"), B)
    sums = f"{sha256(built)}  {A}\n"
    pathlib.Path("SUMS").write_text(sums)
    class_b = sha256(pathlib.Path("dist", B).read_bytes())
    pathlib.Path(f"{B}.sha256").write_text(f"{class_b}  {B}\n")
    result = cli("verify", "dist", "--against", "SUMS", "--require", "pinned")
    assert result.code == 3
    assert "not-listed: not in SUMS" in result.line("refused")


def test_weak_artifact_is_not_kept(cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Log):
        @hookimpl
        def wheelhouse_claims(self, artifact: ListedArtifact) -> Sequence[Claim]:
            return []

    install(monkeypatch, log=Silent(Tier.LOGGED))
    with serving(routes(built)) as server:
        for there in (False, True):
            if there:
                pathlib.Path("got", A).write_bytes(built)
            result = cli(*FETCH[:2], "--wait", 60, *FETCH[4:], "--require", "logged", server.url)
            assert (result.code, "weak: " in result.line("refused")) == (3, True)
            assert "waiting" not in result.out
            # Nothing speaks against a copy that is there already.
            assert got() == ([A] if there else [])
    assert ("left there, unverified" in result.line("refused")) is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fetch", "pinned"), "--require pinned: no source of this run can supply it"),
        (("fetch", "elsewhere"), "--require elsewhere: no source of this run can supply it"),
        (("verify", "elsewhere"), "(available: container); give an https address with"),
        (
            ("verify", "elsewhere", "--against", "http://wheels.example.org/"),
            "--require elsewhere: no source of this run",
        ),
        (
            ("verify", "elsewhere", "--against", "https://wheels.example.org/", "--no-ssl-check"),
            "--require elsewhere: no source of this run",
        ),
        (("verify", "pinned", "--against", "dist"), "--require pinned: no source of this run"),
        (("verify", "logged"), "--require logged: no source of this run can supply it"),
        (("fetch", "attested"), "--require attested: no source of this run can supply it"),
        (
            ("fetch", "container", "--missing-hash", "accept"),
            "--require: not possible with --missing-hash accept; remove one of them",
        ),
        (("fetch", "strong"), "--require: must be one of container, elsewhere, attested, logged"),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_impossible_requirement_is_a_usage_error(
    cli: Cli,
    built: bytes,
    arguments: tuple[str, ...],
    message: str,
    by_variable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verb, tier, *others = arguments
    required: tuple[str, ...] = ("--require", tier)
    if by_variable:
        monkeypatch.setenv("WHEELHOUSE_UPLOADER_REQUIRE", tier)
        required, message = (), message.replace("--require: must", "--require must")
    with serving(routes(built)) as server:
        start = (*FETCH[:-1], "demo", server.url) if verb == "fetch" else ("verify", "dist")
        result = cli(*start, *required, *others)
        assert server.requests == []
    assert result.code == 2
    assert message in result.err


def test_all_impossible_tiers_are_named(cli: Cli, built: bytes) -> None:
    result = cli("verify", "gone", "--require", "logged", "--require", "attested")
    assert (result.code, result.err.count("\n")) == (2, 3)


def test_pinned_list_supplies_its_tier(cli: Cli, built: bytes) -> None:
    pathlib.Path("SUMS").write_bytes(hash_file(built))
    assert cli("verify", "dist", "--against", "SUMS", "--require", "pinned").code == 0


def test_required_elsewhere_is_supplied_by_an_address(
    cli: Cli, built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_REQUIRE", "elsewhere")
    with serving(routes(built)) as server:
        assert cli("verify", "dist", "--against", server.url).code == 0
