"""``upload --hashfile`` into a LOCAL container, through the host's command line."""

from __future__ import annotations

import errno
import hashlib
import pathlib
import re
import sys
from io import FileIO
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.artifacts import SDIST, A, B, C, make_sdist, make_wheel, sha256
from tests.support.commands import INDEX, UPLOAD, names
from tests.support.processes import living_elsewhere
from wheelhouse_hashes.disk import hashing
from wheelhouse_hashes.disk.files import hash_file
from wheelhouse_hashes.disk.private_folder import LOCK, PRIVATE_PREFIX
from wheelhouse_hashes.stores.local import LocalStore


def links(container: pathlib.Path) -> dict[str, str]:
    """Return the links of the index page: name to fragment."""
    page = container.joinpath("index.html").read_text()
    return dict(re.findall(r'<a href="([^"#]+)(?:#([^"]*))?">', page))


def test_upload_creates_hash_file_and_link_per_artifact(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for name in (A, B, C):
        make_wheel(dist, name, name.encode())
    make_sdist(dist, SDIST)
    result = cli(*UPLOAD)
    assert (result.code, result.err) == (0, "")
    artifacts = [A, B, C, SDIST]
    assert names(container) == sorted(
        ["index.html", *artifacts, *(f"{name}.sha256" for name in artifacts)]
    )
    for name in artifacts:
        content = (dist / name).read_bytes()
        assert (container / name).read_bytes() == content
        assert (container / f"{name}.sha256").read_text() == f"{sha256(content)}  {name}\n"
        assert links(container)[name] == f"sha256={sha256(content)}"
    assert set(links(container)) == set(artifacts)
    assert "container wheels: sent 4" in result.out


def test_hash_algorithm_creates_one_hash_file_each(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    content = make_wheel(dist, A).read_bytes()
    result = cli(*UPLOAD, "--hash-algorithm", "sha512", "--hash-algorithm", "md5")
    assert result.code == 0
    assert names(container) == sorted([A, f"{A}.md5", f"{A}.sha512", "index.html"])
    digits = (container / f"{A}.sha512").read_text().split()[0]
    assert digits == hashlib.sha512(content).hexdigest()


def test_hash_algorithm_needs_hashfile(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    result = cli("upload", *LOCAL, "--hash-algorithm", "md5", "wheels")
    assert result.code == 2
    assert "--hash-algorithm: no effect without --hashfile" in result.err
    assert not container.exists()


def test_rerun_sends_nothing(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    make_wheel(dist, A)
    assert cli(*UPLOAD).code == 0
    before = {name: (container / name).stat().st_ino for name in names(container)}
    result = cli(*UPLOAD)
    assert result.code == 0
    assert result.line("there").split()[1] == A
    assert {name: (container / name).stat().st_ino for name in names(container)} == before


def test_resend_sends_everything_again(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli(*UPLOAD)
    before = (container / A).stat().st_ino, (container / f"{A}.sha256").stat().st_ino
    result = cli(*UPLOAD, "--resend")
    assert result.line("sent")
    after = (container / A).stat().st_ino, (container / f"{A}.sha256").stat().st_ino
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_missing_hash_file_is_added_without_resending(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli(*UPLOAD)
    inode = (container / A).stat().st_ino
    (container / f"{A}.sha256").unlink()
    result = cli(*UPLOAD)
    assert "sent its missing companions" in result.line("sent")
    assert (container / f"{A}.sha256").exists()
    assert (container / A).stat().st_ino == inode


def test_artifact_missing_beside_hash_file_is_sent(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli(*UPLOAD)
    (container / A).unlink()
    assert cli(*UPLOAD).line("sent").split()[1] == A
    assert (container / A).read_bytes() == (dist / A).read_bytes()


def test_replaced_artifact_reports_both_digests(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    old = sha256(make_wheel(dist, A, b"old").read_bytes())
    cli(*UPLOAD)
    new = sha256(make_wheel(dist, A, b"new").read_bytes())
    result = cli(*UPLOAD)
    assert result.code == 0
    line = result.line("replaced")
    assert f"sha256:{new}" in line
    assert f"previously sha256:{old}" in line
    assert (container / f"{A}.sha256").read_text() == f"{new}  {A}\n"
    assert links(container)[A] == f"sha256={new}"


def test_replaced_artifact_of_plain_host_is_reported(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    cli("upload", *LOCAL, "wheels")
    make_wheel(dist, A, b"new")
    assert "previously without a hash file" in cli(*UPLOAD).line("replaced")


def test_replacing_notes_stale_metadata_json(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    make_wheel(dist, C)
    cli("upload", *LOCAL, "wheels")
    make_wheel(dist, A, b"new")
    note = cli(*UPLOAD).line("note")
    assert note.split()[1] == A
    assert "metadata.json still has the old digest" in note


def test_no_replace_keeps_existing_bytes(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    content = make_wheel(dist, A, b"old").read_bytes()
    make_wheel(dist, B)
    cli(*UPLOAD)
    make_wheel(dist, A, b"new")
    result = cli(*UPLOAD, "--no-replace")
    assert result.code == 1
    assert "--no-replace: the container already has this artifact" in result.line("refused")
    assert result.line("there").split()[1] == B
    assert (container / A).read_bytes() == content
    assert sha256(content) in (container / f"{A}.sha256").read_text()


def test_no_replace_keeps_announcement_of_other_job(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"ours")
    container.mkdir()
    theirs = f"{'0' * 64}  {A}\n"
    (container / f"{A}.sha256").write_text(theirs)
    assert cli(*UPLOAD, "--no-replace").code == 1
    assert (container / f"{A}.sha256").read_text() == theirs
    assert not (container / A).exists()


def test_no_replace_completes_identical_pair(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli(*UPLOAD)
    (container / A).unlink()
    assert cli(*UPLOAD, "--no-replace").code == 0
    assert (container / A).exists()


def test_no_replace_works_without_hash_files(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"one")
    command = ("upload", "--no-replace", *LOCAL, "wheels")
    assert cli(*command).code == 0
    assert names(container) == [A, "index.html"]
    make_wheel(dist, A, b"two")
    assert cli(*command).code == 1


def test_skipped_files_are_listed_with_reason(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    (dist / "notes.txt").write_text("x")
    (dist / "other-1.0-SNAPSHOT.zip").write_text("x")
    (dist / f"{A}.sha256").write_text("x")
    (dist / "folder").mkdir()
    result = cli(*UPLOAD)
    assert result.code == 0
    skipped = {line.split()[1]: line for line in result.out.splitlines() if "skipped  " in line}
    assert set(skipped) == {"notes.txt", "other-1.0-SNAPSHOT.zip", f"{A}.sha256", "folder"}
    assert "not a file" in skipped["folder"]
    assert "not the name of a wheel" in skipped["notes.txt"]
    assert "sent 1, skipped 4" in result.out


@pytest.mark.parametrize("name", ["con.x-1.0.tar.gz", ".demo-1.0.tar.gz"])
def test_unsafe_name_is_refused_on_upload(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, name: str
) -> None:
    make_sdist(dist, name)
    make_sdist(dist, "demo-1.0.tar.gz")
    result = cli(*UPLOAD)
    assert result.code == 1
    assert "unsafe-name: " in result.line("refused")
    assert not (container / name).exists()
    assert (container / "demo-1.0.tar.gz").exists()


def test_names_differing_in_case_only_are_refused(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for name in ("demo-1.0.tar.gz", "Demo-1.0.tar.gz", "demo-2.0.tar.gz"):
        make_sdist(dist, name)
    result = cli(*UPLOAD)
    assert result.code == 1
    assert "unsafe-name: the name differs from Demo-1.0.tar.gz only in case" in result.out
    assert result.out.count("next      remove all but one of them from the folder") == 2
    assert [path.name for path in container.glob("*.gz")] == ["demo-2.0.tar.gz"]
    for path in dist.iterdir():
        path.unlink()
    make_sdist(dist, "DEMO-2.0.tar.gz")
    assert cli(*UPLOAD).code == 1
    assert [path.name for path in container.glob("*.gz")] == ["demo-2.0.tar.gz"]


def test_missing_local_folder_is_one_line_error(cli: Cli, container: pathlib.Path) -> None:
    result = cli(*UPLOAD, "--local-folder", "nowhere")
    assert result.code == 2
    assert result.err == (
        "wheelhouse-hashes: error: nowhere: no such folder; choose another with --local-folder\n"
    )


def test_missing_store_folder_is_one_line_error(cli: Cli, dist: pathlib.Path) -> None:
    make_wheel(dist, A)
    result = cli(*UPLOAD)
    assert result.code == 2
    assert "The base path is not a directory" in result.err
    assert result.err.count("\n") == 1


def test_unknown_provider_lists_known_ones(cli: Cli, dist: pathlib.Path) -> None:
    result = cli("upload", "--hashfile", "--provider-name", "SWIFTY", *LOCAL[2:], "wheels")
    assert result.code == 2
    assert "OPENSTACK_SWIFT" in result.err


def test_upload_without_secret_is_skipped_by_host(cli: Cli, dist: pathlib.Path) -> None:
    result = cli("upload", "--hashfile", *LOCAL[:4], "wheels")
    assert result.code == 0
    assert "secret API key missing: skipping package upload" in result.out


def test_upload_from_pull_request_is_skipped_by_host(
    cli: Cli, dist: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAVIS_PULL_REQUEST", "17")
    result = cli(*UPLOAD)
    assert result.code == 0
    assert "Skipping upload of packages for pull request." in result.out


def test_no_update_index_writes_no_page(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    assert cli(*UPLOAD, "--no-update-index").code == 0
    assert names(container) == [A, f"{A}.sha256"]


def test_metadata_json_of_plain_host_is_kept(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli("upload", *LOCAL, "wheels")
    before = (container / "metadata.json").read_bytes()
    make_wheel(dist, C)
    cli(*UPLOAD)
    assert (container / "metadata.json").read_bytes() == before
    assert set(links(container)) == {A, C}


DEV = "demo-1.1.dev0+{stamp}-py3-none-any.whl"


def dev(minute: int) -> str:
    """Return the name of a stamped dev build."""
    return DEV.format(stamp=f"2026010100{minute:02}00")


def test_dev_wheels_are_renamed_before_hashing(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, "demo-1.1.dev0+abc-7-cp311-cp311-win_amd64.whl")
    assert cli(*UPLOAD).code == 0
    (renamed,) = (path.name for path in dist.iterdir())
    assert re.fullmatch(r"demo-1\.1\.dev0\+\d{14}_abc-7-cp311-cp311-win_amd64\.whl", renamed)
    assert names(container) == [renamed, f"{renamed}.sha256", "index.html"]
    assert (container / f"{renamed}.sha256").read_text().split()[1] == renamed


def test_five_dev_builds_are_kept_with_companions(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    for minute in range(8):
        make_wheel(dist, dev(minute))
    result = cli(*UPLOAD)
    assert result.code == 0
    assert "pruned" not in result.out
    for minute in range(8):
        (dist / dev(minute)).unlink()
    make_wheel(dist, dev(8))
    assert cli(*UPLOAD).code == 0
    kept = [dev(minute) for minute in range(4, 9)]
    assert names(container) == sorted(
        [A, f"{A}.sha256", "index.html", *kept, *(f"{name}.sha256" for name in kept)]
    )
    assert set(links(container)) == {A, *kept}


def test_dev_builds_of_earlier_runs_are_pruned(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for minute in range(7):
        make_wheel(dist, dev(minute))
        result = cli(*UPLOAD)
        assert result.code == 0
        (dist / dev(minute)).unlink()
    kept = [dev(minute) for minute in range(2, 7)]
    assert names(container) == sorted(["index.html", *kept, *(f"{name}.sha256" for name in kept)])
    pruned = [line.split()[1] for line in result.out.splitlines() if line.startswith("pruned")]
    assert pruned == [dev(1), f"{dev(1)}.sha256"]


def test_leftover_companions_of_failed_delete_are_pruned(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for minute in range(1, 6):
        make_wheel(dist, dev(minute))
    cli(*UPLOAD)
    (container / f"{dev(0)}.sha256").write_text("left behind")
    make_wheel(dist, dev(6))
    assert cli(*UPLOAD).code == 0
    assert not (container / f"{dev(0)}.sha256").exists()
    assert len(names(container)) == 13


def test_announced_dev_build_among_youngest_is_kept(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    for minute in range(1, 6):
        make_wheel(dist, dev(minute))
    cli(*UPLOAD)
    (container / f"{dev(9)}.sha256").write_text("announced by another job")
    make_wheel(dist, dev(6))
    assert cli(*UPLOAD).code == 0
    assert (container / f"{dev(9)}.sha256").exists()


def test_dev_sdist_is_skipped(cli: Cli, dist: pathlib.Path, container: pathlib.Path) -> None:
    make_sdist(dist, "demo-1.1.dev0.tar.gz")
    result = cli(*UPLOAD)
    assert result.code == 4
    assert "dev builds can only be uploaded as wheels" in result.line("skipped")


def test_unreadable_file_does_not_affect_others(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    make_wheel(dist, C)
    original = hash_file

    def failing(file: FileIO, *args: Any) -> Any:
        if pathlib.Path(f"/proc/self/fd/{file.fileno()}").readlink().name == C:
            raise OSError(errno.EIO, "Input/output error")
        return original(file, *args)

    monkeypatch.setattr(hashing, "hash_file", failing)
    result = cli(*UPLOAD)
    assert result.code == 6
    assert result.line("failed").split()[1] == C
    assert result.line("sent").split()[1] == A
    assert set(links(container)) == {A}


def test_file_changed_during_upload_is_not_published(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(dist, A)
    original: Any = LocalStore._put

    def racing(*args: Any, **kwargs: Any) -> Any:
        with dist.joinpath(A).open("ab") as file:
            file.write(b"more")
        return original(*args, **kwargs)

    monkeypatch.setattr(LocalStore, "_put", racing)
    result = cli(*UPLOAD)
    assert result.code == 6
    assert "changed while it was read" in result.line("failed")
    assert not (container / A).exists()
    assert not list((container / ".hash").iterdir())


def test_staging_folders_of_dead_jobs_are_removed(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    staging = container / ".hash"
    dead = staging / f"{PRIVATE_PREFIX}dead"
    dead.mkdir(parents=True)
    (dead / LOCK).touch()
    (dead / "object").write_text("half of")
    with living_elsewhere(staging) as live:
        assert cli(*UPLOAD).code == 0
        assert list(staging.iterdir()) == [live]
        assert (live / "object").read_text() == "in use"


def test_upload_needs_no_fetch_extra(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pycurl", "certifi"):
        monkeypatch.setitem(sys.modules, name, None)
    for module in ("wheelhouse_hashes.http.client", "wheelhouse_hashes.http.response"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    make_wheel(dist, A)
    assert cli(*UPLOAD).code == 0
    make_wheel(dist, C)
    assert cli(*UPLOAD).code == 0
    result = cli("fetch", "--verify", "demo", "http://127.0.0.1:9/")
    assert result.code == 2
    assert "pip install 'wheelhouse-hashes[fetch]'" in result.err


def test_replacing_removes_hash_files_of_old_bytes(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    cli(*UPLOAD)
    make_wheel(dist, A, b"new")
    assert cli(*UPLOAD, "--hash-algorithm", "sha512").code == 0
    assert names(container) == [A, f"{A}.sha512", "index.html"]
    make_wheel(dist, A, b"newer")
    assert cli("upload", "--resend", *LOCAL, "wheels").code == 0
    assert names(container) == [A, "index.html"]


def test_upload_and_index_write_the_same_page(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A)
    cli(*UPLOAD, "--hash-algorithm", "sha512")
    page = (container / "index.html").read_bytes()
    assert b"#sha512=" in page
    cli(*INDEX)
    assert (container / "index.html").read_bytes() == page


def test_failed_upload_is_not_a_success(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    make_wheel(dist, A, b"old")
    assert "successfully published" in cli(*UPLOAD).out
    make_wheel(dist, A, b"new")
    assert "successfully published" not in cli(*UPLOAD, "--no-replace").out


def test_max_workers_below_one_is_refused(
    cli: Cli, dist: pathlib.Path, container: pathlib.Path
) -> None:
    result = cli(*UPLOAD, "--max-workers", "0")
    assert result.code == 2
    assert "--max-workers 0: must be a whole number, at least 1" in result.err


@pytest.mark.parametrize("provider", ["CLOUDFILES_UK", "S3_EU_WEST3", "NIMBUS"])
def test_provider_error_is_one_line(cli: Cli, dist: pathlib.Path, provider: str) -> None:
    make_wheel(dist, A)
    result = cli("upload", "--hashfile", "--provider-name", provider, *LOCAL[2:], "wheels")
    assert result.code == 2
    assert result.err.startswith(f"wheelhouse-hashes: error: provider {provider}: ")
    assert result.err.count("\n") == 1
