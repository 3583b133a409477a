"""The verbs of transparency logs: keygen, append, audit, prove, check-proof, status."""

from __future__ import annotations

import gzip
import pathlib
import stat
import sys

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.logs import KEY, VKEY, entries, files, make_log, wheel
from tests.support.servers import Handler, Respond, Server, respond, serving
from wheelhouse_hashes.testing import make_wheel
from wheelhouse_hashes.tlog.keys import SigningKey, VerifierKey
from wheelhouse_hashes.tlog.note import Checkpoint, sign
from wheelhouse_hashes.tlog.tiles import Growth

LOG = pathlib.Path("log")
SUMS = pathlib.Path("SHA256SUMS")


@pytest.fixture(autouse=True)
def key(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key in ``log.key``, its public key in the environment, and a state folder."""
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_LOG_KEY", VKEY)
    (tmp_path / "log.key").write_text(f"{KEY.encode()}\n")
    (tmp_path / "log.key").chmod(0o600)


def write_sums(*numbers: int, content: str = "") -> None:
    """Write a digest list of wheels."""
    lines = [f"{each.sha256}  {each.name}" for each in entries(*numbers)]
    SUMS.write_text("".join(f"{line}{content}\n" for line in lines))


def append(cli: Cli, *options: object, log: object = LOG) -> list[str]:
    """Append, and return the lines that were printed."""
    done = cli("log", "append", log, "--key", "log.key", "--wait", 0, *options)
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_keygen_makes_a_key_for_its_owner_only(cli: Cli) -> None:
    done = cli("log", "keygen", "example.org/new", "--key", "new.key")
    assert (done.code, done.err) == (0, "")
    public = VerifierKey.parse(done.out.strip())
    assert public.name == "example.org/new"
    path = pathlib.Path("new.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.parse(path.read_text().strip()).verifier == public
    before = path.read_bytes()
    again = cli("log", "keygen", "example.org/new", "--key", "new.key")
    assert (again.code, path.read_bytes()) == (2, before)
    assert "new.key exists" in again.err
    assert cli("log", "keygen", "https://example.org a", "--key", "b").code == 2
    assert cli("log", "keygen", "example.org", "--key", "absent/key").code == 6


def test_append_from_a_list_is_idempotent(cli: Cli) -> None:
    write_sums(1, 2)
    assert append(cli, "--from", SUMS)[-1] == (
        "log example.org/log at log: appended 2, there 0, size 2"
    )
    before = files(LOG)
    assert append(cli, "--from", SUMS) == [
        "log example.org/log at log: appended 0, there 2, size 2"
    ]
    assert files(LOG) == before
    assert b"file demo-1.1-py3-none-any.whl\nsha256 " in before["tile/entries/000.p/2"]


def test_append_without_a_source_makes_an_empty_log(cli: Cli) -> None:
    assert append(cli) == ["log example.org/log at log: appended 0, there 0, size 0"]
    assert list(files(LOG)) == ["checkpoint"]


def test_append_from_a_folder_observes(cli: Cli, dist: pathlib.Path) -> None:
    path = make_wheel(dist, wheel(1))
    (dist / "notes.txt").write_text("no artifact")
    append(cli, "--from", "dist")
    bundle = files(LOG)["tile/entries/000.p/1"].decode("latin-1")
    assert f"observed {wheel(1)}\nsize {path.stat().st_size}\nsha256 " in bundle
    # The first observation counts, whatever the kind.
    make_wheel(dist, wheel(1), b"other")
    done = cli("log", "append", LOG, "--key", "log.key", "--from", "dist")
    assert done.code == 7
    assert "logged-twice" in done.out
    assert cli("log", "append", LOG, "--key", "log.key", "--from", "state").code == 2


def test_append_from_the_hash_files_of_a_container(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    path = make_wheel(dist, wheel(1))
    make_wheel(dist, wheel(2))
    assert cli("upload", "--hashfile", *LOCAL, "--local-folder", "dist", "wheels").code == 0
    (container / wheel(2)).unlink()
    make_wheel(container, wheel(3))
    lines = append(cli, *LOCAL, "--from", "container://wheels", log="container://audit/log")
    assert lines[-1].endswith("container://audit/log: appended 1, there 0, size 1")
    assert any(wheel(2) in line and "but not the artifact" in line for line in lines)
    assert any("1 artifacts without a hash file" in line for line in lines)
    bundle = (container.parent / "audit/log/tile/entries/000.p/1").read_bytes()
    assert f"file {wheel(1)}\nsize {path.stat().st_size}\nsha256 ".encode() in bundle
    assert (
        "there 1"
        in append(cli, *LOCAL, "--from", "container://wheels", log="container://audit/log")[-1]
    )
    for verb in ("audit", "status"):
        done = cli("log", verb, *LOCAL, "container://audit/log")
        assert (done.code, done.err) == (0, "")


def test_second_digest_is_refused_unless_it_is_recorded(cli: Cli) -> None:
    write_sums(1, 2)
    append(cli, "--from", SUMS)
    SUMS.write_text(f"{'0' * 64}  {wheel(1)}\n{'1' * 64}  {wheel(3)}\n")
    before = files(LOG)
    done = cli("log", "append", LOG, "--key", "log.key", "--from", SUMS)
    assert (done.code, files(LOG)) == (7, before)
    assert f"{wheel(1)}: the log has sha256:" in done.out
    assert "--record-conflict records both" in done.out
    append(cli, "--from", SUMS, "--record-conflict")
    audited = cli("log", "audit", LOG)
    assert audited.code == 7
    assert f"logged-twice: {wheel(1)}: sha256:" in audited.out.replace("  ", " ")


def test_two_sources_that_contradict_each_other(cli: Cli) -> None:
    write_sums(1)
    pathlib.Path("other").write_text(f"{'0' * 64}  {wheel(1)}\n")
    done = cli("log", "append", LOG, "--key", "log.key", "--from", SUMS, "--from", "other")
    assert (done.code, LOG.exists()) == (7, False)
    assert "the sources have two digests" in done.out


def test_new_log_needs_a_place_of_its_own(
    cli: Cli,
    dist: pathlib.Path,
    container: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(dist, wheel(1))
    make_wheel(container, wheel(1))
    write_sums(2)
    for where in ("dist", "container://wheels"):
        done = cli("log", "append", where, *LOCAL, "--key", "log.key", "--from", SUMS)
        assert done.code == 2
        assert f"{where} has artifacts, such as {wheel(1)}: give the log" in done.err
    assert [each.name for each in (*dist.iterdir(), *container.iterdir())] == [wheel(1)] * 2
    append(cli, *LOCAL, "--from", SUMS, log="container://wheels/log")
    # Another file of a site does not matter.
    monkeypatch.setenv("WHEELHOUSE_HASHES_STATE", str(tmp_path / "other"))
    LOG.mkdir()
    (LOG / "index.html").touch()
    append(cli, "--from", SUMS)


def test_dry_run_writes_nothing(cli: Cli) -> None:
    write_sums(1)
    lines = append(cli, "--from", SUMS, "--dry-run")
    assert lines[0].startswith(f"would add  {wheel(1)}  sha256:")
    assert lines[1] == "log example.org/log at log: would append 1, there 0, size 0"
    assert not LOG.exists()


@pytest.mark.parametrize(
    ("source", "code", "text"),
    [
        ("ftp://example.org/wheels/", 2, "unsupported URL scheme 'ftp'"),
        ("releases", 3, "digests of releases, not of files"),
        ("absent", 6, "absent"),
        ("broken", 3, "broken"),
        ("md5", 3, "no SHA-256 digest of 'a.whl'"),
    ],
)
def test_source_that_cannot_be_read(cli: Cli, source: str, code: int, text: str) -> None:
    pathlib.Path("broken").write_text("hello\n")
    pathlib.Path("releases").write_text(f"demo==1.0 --hash=sha256:{'0' * 64}\n")
    pathlib.Path("md5").write_text(f"MD5 (a.whl) = {'0' * 32}\n")
    done = cli("log", "append", LOG, "--key", "log.key", "--from", source)
    assert done.code == code
    assert text in done.err
    assert not LOG.exists()


def test_key_that_cannot_be_read(cli: Cli) -> None:
    pathlib.Path("bad.key").write_text("PRIVATE+KEY+secret+material")
    done = cli("log", "append", LOG, "--key", "bad.key")
    assert done.code == 2
    assert "material" not in done.err
    # A key that is given where its file, or the public key, is expected.
    for arguments in (
        ("append", LOG, "--key", KEY.encode()),
        ("append", LOG, "--key", f"{KEY.encode()[:-3]}"),
        ("status", LOG, "--log-key", KEY.encode()),
    ):
        done = cli("log", *arguments, "--report", "report.json")
        assert done.code == 2
        assert "key" in done.err
        secret = KEY.encode().rpartition("+")[2][:10]
        assert secret not in done.out + done.err + pathlib.Path("report.json").read_text()
    assert cli("log", "append", LOG, "--key", "absent").code == 6
    assert cli("log", "append", "https://example.org/log", "--key", "log.key").code == 2


def test_key_that_others_can_read_is_a_note(cli: Cli) -> None:
    for mode, noted in ((0o600, False), (0o400, False), (0o640, True), (0o604, True)):
        pathlib.Path("log.key").chmod(mode)
        done = cli("log", "append", LOG, "--key", "log.key")
        assert (done.code, "other users of this machine can read" in done.out) == (0, noted)


def test_audit_writes_the_checkpoint_that_it_checked(cli: Cli) -> None:
    make_log(LOG, entries(1, 2))
    done = cli("log", "audit", LOG, "--log-checkpoint", "kept")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("log example.org/log at log: 2 entries have the root ")
    kept = pathlib.Path("kept").read_bytes()
    assert kept == files(LOG)["checkpoint"]
    make_log(LOG, entries(1, 2, 3))
    assert cli("log", "audit", LOG, "--log-checkpoint", "kept").code == 0
    assert pathlib.Path("kept").read_bytes() == files(LOG)["checkpoint"] != kept


@pytest.mark.parametrize("path", ["tile/0/000", "tile/1/000.p/1", "tile/entries/000", "checkpoint"])
def test_audit_finds_a_flipped_bit(cli: Cli, path: str) -> None:
    make_log(LOG, entries(*range(300)))
    content = bytearray((LOG / path).read_bytes())
    content[-20] ^= 4
    (LOG / path).write_bytes(content)
    done = cli("log", "audit", LOG, "--wait", 0, "--log-checkpoint", "kept")
    assert done.code == 7
    assert "forked: " in done.err
    assert not pathlib.Path("kept").exists()


def test_audit_of_a_log_that_lacks_a_tile(cli: Cli) -> None:
    make_log(LOG, entries(*range(300)))
    (LOG / "tile/0/000").unlink()
    done = cli("log", "audit", LOG, "--wait", 0)
    assert done.code == 5
    assert "log has no tile/0/000" in done.err


def test_partial_tiles_may_be_deleted_when_the_full_one_is_there(cli: Cli) -> None:
    make_log(LOG, entries(*range(200)))
    checkpoint = files(LOG)["checkpoint"]
    make_log(LOG, entries(*range(300)))
    for path in LOG.rglob("200"):
        path.unlink()
    (LOG / "checkpoint").write_bytes(checkpoint)
    assert cli("log", "audit", LOG).code == 0
    assert cli("log", "status", LOG).code == 0


def test_audit_names_entries_in_other_formats(cli: Cli) -> None:
    growth = Growth()
    objects = [*growth.add([entries(1)[0].encode(), b"wheelhouse-hashes/v2\n"]), *growth.partial()]
    note = sign(Checkpoint(KEY.name, 2, growth.root()).encode(), KEY)
    for path, content in (*objects, ("checkpoint", note)):
        (LOG / path).parent.mkdir(parents=True, exist_ok=True)
        (LOG / path).write_bytes(content)
    done = cli("log", "audit", LOG)
    assert done.code == 0
    assert "warning: 1 entries, the first at index 1, are not in a known format" in done.out


def test_status(cli: Cli, served: Server, container: pathlib.Path) -> None:
    make_log(container / "log", entries(1, 2))
    done = cli("log", "status", f"{served.url}log")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "log         example.org/log"
    assert lines[2] == f"key         {VKEY}"
    assert lines[3] == "size        2"
    assert lines[5] == "consistent  this is the first one seen"
    again = cli("log", "status", f"{served.url}log/")
    assert again.out.splitlines()[5] == "consistent  remembered: size 2"


def test_server_that_fails_and_compresses(cli: Cli) -> None:
    make_log(LOG, entries(1, 2))
    tried: list[str] = []

    def answer(content: bytes) -> Respond:
        def respond_later(handler: Handler) -> None:
            tried.append(handler.path)
            if tried.count(handler.path) == 1:
                respond(handler, 503, b"busy")
            else:
                respond(handler, 200, gzip.compress(content), Content_Encoding="gzip")

        return respond_later

    routes = {f"/log/{path}": answer(content) for path, content in files(LOG).items()}
    with serving(routes) as server:
        done = cli("log", "audit", f"{server.url}log", "--wait", 20)
        assert (done.code, done.err) == (0, "")
        assert tried.count("/log/checkpoint") == 2
        tried.clear()
        assert cli("log", "audit", f"{server.url}log", "--wait", 0).code == 5


def test_status_without_a_key_or_a_log(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, served: Server
) -> None:
    for where in (LOG, f"{served.url}log"):
        done = cli("log", "status", where, "--wait", 0)
        assert done.code == 5
        assert "has no checkpoint" in done.err
    monkeypatch.delenv("WHEELHOUSE_UPLOADER_LOG_KEY")
    done = cli("log", "status", LOG)
    assert done.code == 2
    assert "--log-key is missing" in done.err
    assert cli("log", "status", LOG, "--log-key", VKEY[:-1]).code == 2


def test_proof_is_checked_without_the_log(cli: Cli, dist: pathlib.Path) -> None:
    for number in range(3):
        make_wheel(dist, wheel(number))
    append(cli, "--from", "dist")
    done = cli("log", "prove", LOG, wheel(1))
    assert (done.code, done.out) == (0, f"wrote {wheel(1)}.tlog-proof: entry 1 of 3\n")
    proof = f"{wheel(1)}.tlog-proof"
    good = cli("log", "check-proof", dist / wheel(1), proof)
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith(f"ok  {wheel(1)}: sha256:")
    other = cli("log", "check-proof", dist / wheel(2), proof)
    assert (other.code, "the proof is for" in other.err) == (1, True)
    make_wheel(dist, wheel(1), b"other")
    changed = cli("log", "check-proof", dist / wheel(1), proof)
    assert (changed.code, "the log has sha256:" in changed.err) == (1, True)
    content = bytearray(pathlib.Path(proof).read_bytes())
    content[40] ^= 1
    pathlib.Path(proof).write_bytes(content)
    broken = cli("log", "check-proof", dist / wheel(1), proof)
    assert (broken.code, "forked: " in broken.err) == (7, True)


def test_proof_of_an_unknown_name(cli: Cli) -> None:
    make_log(LOG, entries(1))
    done = cli("log", "prove", LOG, wheel(2))
    assert done.code == 3
    assert "has no entry for" in done.err


def test_missing_library_is_a_usage_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    make_log(LOG, entries(1))
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    for arguments in (("audit", LOG), ("append", LOG, "--key", "log.key"), ("status", LOG)):
        done = cli("log", *arguments)
        assert done.code == 2
        assert "pip install 'wheelhouse-hashes[log]'" in done.err


def test_help_names_the_verbs(cli: Cli) -> None:
    page = cli("log", "--help").out
    for name in ("keygen", "append", "audit", "prove", "check-proof", "status"):
        assert name in page
    assert "--record-conflict" in cli("log", "append", "--help").out
