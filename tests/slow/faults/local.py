"""Faults of this machine: disks, folders, clocks, changing files (E.5)."""

from __future__ import annotations

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, status, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file
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
