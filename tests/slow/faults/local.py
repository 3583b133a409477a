"""Faults of this machine: disks, folders, clocks, changing files (E.5)."""

from __future__ import annotations

import os

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, status, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file, sha256
from wheelhouse_hashes.causes import Cause


@fault("E.5.6", causes=Cause.DISK, left=(B,), says="File too large")
def file_is_over_the_limit(case: Case) -> None:
    """The user may write files of 5 MB (``ulimit -f``); the wheel has 10 MB."""
    large = wheel() * 100
    case.routes |= {"/": b"", f"/{A}": large, f"/{A}.sha256": hash_file(large)}
    case.add(A, large)
    case.add(B, wheel(B))
    case.prefix = ["bash", "-c", 'ulimit -f 5000; exec "$@"', "bash"]


@fault("E.5.7", causes=Cause.DISK, left=(B, f"{A}/"), says="is a folder; remove it")
def folder_in_the_place_of_the_file(case: Case) -> None:
    """A folder has the wheel's name."""
    case.add(B, wheel(B))
    (case.got / A).mkdir(parents=True)


@fault("E.5.7", exit_code=6)
def file_in_the_place_of_the_folder(case: Case) -> Check:
    """A file has the target folder's name."""
    case.got.write_bytes(b"precious")

    def check(done: Done) -> None:
        assert case.got.read_bytes() == b"precious"

    return check


@fault("E.5.4", exit_code=6)
def folder_cannot_be_made(case: Case) -> None:
    """The target folder is on a file system that does not accept files."""
    case.options = ["--local-folder", "/proc/self/got"]


@fault("E.5.18", exit_code=6, says="File name too long")
def folder_has_too_long_a_name(case: Case) -> None:
    """The target folder's name has 300 bytes."""
    case.options = ["--local-folder", "x" * 300]


@fault("E.5.8", left=(A,))
def run_that_died(case: Case) -> None:
    """The private folder of a killed run, with half a wheel in it, is removed."""
    dead = case.got / ".wheelhouse-hashes-dead"
    dead.mkdir(parents=True)
    (dead / ".lock").write_bytes(b"")
    (dead / A).write_bytes(wheel()[:1000])


@fault("E.5.8", left=(A, f"{A}.part"))
def part_of_another_tool(case: Case) -> None:
    """A ``.part`` file left by another tool is neither used nor changed."""
    case.got.mkdir()
    (case.got / f"{A}.part").write_bytes(b"half")


@fault("E.5.19", left=(A,))
def clocks_disagree(case: Case) -> None:
    """The server's clock is a century ahead; the same as a local clock set back."""
    date = "Thu, 01 Jan 2099 00:00:00 GMT"
    case.routes[f"/{A}"] = status(200, wheel(), Last_Modified=date, Date=date)


@fault("E.5.20", left=(A, REJECTED), says="the copy in the folder was bad")
def file_changed_after_it_was_verified(case: Case) -> None:
    """A wheel in the folder changed after its verification: it is judged again, quarantined, and
    fetched again.
    """
    case.got.mkdir()
    (case.got / A).write_bytes(wheel(seed=1))


@fault("E.5.20", causes=Cause.UNREACHABLE, left=(REJECTED,), says="the copy in the folder was bad")
def file_changed_and_the_server_is_down(case: Case) -> None:
    """The same while the server is down: the damaged wheel is quarantined anyway."""
    case.got.mkdir()
    (case.got / A).write_bytes(wheel(seed=1))
    case.routes[f"/{A}"] = status(500)


#: A private folder that another user planted, and what is in it.
PLANTED = ".wheelhouse-hashes-planted"


@fault("E.5.21", left=(A,), says="all users can write to this folder")
def folder_that_others_can_write(case: Case) -> None:
    """All users can write to the target folder (mode 0777): one note."""
    case.got.mkdir()
    case.got.chmod(0o777)


@fault("E.5.21", left=(A, f"{PLANTED}/.lock"))
def leftover_with_a_link_as_lock(case: Case) -> Check:
    """The lock file of another user's leftover is a link: neither followed nor removed."""
    planted = case.got / PLANTED
    planted.mkdir(parents=True)
    planted.chmod(0o777)
    (planted / ".lock").symlink_to(case.folder / "created")

    def check(done: Done) -> None:
        assert done.code == 0
        assert not (case.folder / "created").exists()

    return check


@fault("E.5.21", left=(A, f"{PLANTED}/thesis"))
def folder_that_only_looks_like_a_leftover(case: Case) -> None:
    """Another user renamed a folder to look like a leftover: without a lock file, it is kept."""
    planted = case.got / PLANTED
    planted.mkdir(parents=True, mode=0o700)
    (planted / "thesis").write_bytes(b"precious")


@fault("E.5.22", left=(A, f"{PLANTED}/.lock|"), limit=30)
def leftover_with_a_named_pipe_as_lock(case: Case) -> None:
    """The lock file of a leftover is a named pipe: opening it does not wait."""
    planted = case.got / PLANTED
    planted.mkdir(parents=True)
    os.mkfifo(planted / ".lock")


@fault("E.5.22", causes=Cause.DISK, left=(f"{A}|",), says="not a regular file; remove it", limit=30)
def named_pipe_in_the_place_of_the_file(case: Case) -> None:
    """A named pipe has the wheel's name."""
    case.got.mkdir()
    os.mkfifo(case.got / A)


@fault("E.5.22", causes=Cause.DISK, says="it is not a regular file", limit=30)
def named_pipe_as_hash_file(case: Case) -> None:
    """In the folder of ``verify``, a named pipe has the name of a hash file."""
    folder = case.folder / "wheels"
    folder.mkdir()
    (folder / A).write_bytes(wheel())
    os.mkfifo(folder / f"{A}.sha256")
    case.command = ["verify", "--wait", "0", "wheels"]


@fault("E.5.23", left=(A,), says="replaced by a copy")
def file_with_another_name(case: Case) -> Check:
    """The wheel in the folder is a hard link: whoever has the other name could change it."""
    case.got.mkdir()
    (case.got / A).write_bytes(wheel())
    other = case.folder / "other"
    other.hardlink_to(case.got / A)

    def check(done: Done) -> None:
        assert done.code == 0
        assert other.stat().st_nlink == (case.got / A).stat().st_nlink == 1

    return check


def _verify(case: Case, *options: str) -> None:
    """Verify a folder with the good wheel against a list of its digest."""
    folder = case.folder / "wheels"
    folder.mkdir()
    (folder / A).write_bytes(wheel())
    (case.folder / "SUMS").write_text(f"{sha256(wheel())}  {A}\n")
    case.command = ["verify", "--against", "SUMS", *options, "wheels"]


@fault("E.5.24", causes=Cause.UNEXPECTED, says="twine would send it")
def second_download_of_a_browser(case: Case) -> None:
    """``verify``: the folder has ``X (1).whl``, which ``twine upload wheels/*`` would send."""
    _verify(case, "--quiet")
    (case.folder / "wheels" / A.replace(".whl", " (1).whl")).write_bytes(wheel(seed=1))


@fault("E.5.24", says="twine upload wheels/* would fail: notes.txt")
def file_that_twine_refuses(case: Case) -> None:
    """``verify``: the folder has a file that twine refuses: one note."""
    _verify(case, "--quiet")
    (case.folder / "wheels" / "notes.txt").write_bytes(b"")


@fault("E.5.24", exit_code=4, says="unexpected: not artifacts")
def file_that_twine_refuses_in_a_strict_folder(case: Case) -> None:
    """The same with ``--strict-folder``."""
    _verify(case, "--strict-folder")
    (case.folder / "wheels" / "notes.txt").write_bytes(b"")


@fault("E.5.21", exit_code=6, says="all users can write to this folder")
def strict_folder_that_others_can_write(case: Case) -> None:
    """``verify --strict-folder``: all users can write to the folder, so nothing is judged."""
    _verify(case, "--strict-folder")
    (case.folder / "wheels").chmod(0o777)


@fault("E.5.1", exit_code=0, says="cannot write to standard output: No space left on device")
def output_to_a_full_disk(case: Case) -> Check:
    """An upload whose standard output is on a full disk (``/dev/full``) is completed."""
    return _upload_with_output(case, '"$@" >/dev/full')


@fault("E.5.1", exit_code=0, says="cannot write to standard output: Broken pipe")
def output_to_a_closed_pipe(case: Case) -> Check:
    """An upload whose standard output nobody reads is completed."""
    return _upload_with_output(case, '"$@" | true; exit "${PIPESTATUS[0]}"')


def _upload_with_output(case: Case, script: str) -> Check:
    case.command = [
        *("upload", "--hashfile", "--provider-name", "LOCAL", "--username", "store"),
        *("--secret", "none", "--local-folder", "dist", "wheels"),
    ]
    case.prefix = ["bash", "-c", script, "bash"]
    for folder in ("dist", "store"):
        (case.folder / folder).mkdir()
    (case.folder / "dist" / A).write_bytes(wheel())

    def check(done: Done) -> None:
        found = {path.name for path in (case.folder / "store" / "wheels").glob("[!.]*")}
        assert found == {A, f"{A}.sha256", "index.html"}

    return check
