"""Faults of local artifacts that ``hash`` reads, and of a release without a store (E.10)."""

from __future__ import annotations

import os
import pathlib

from tests.slow.faults.catalogue import B, Case, Check, Done, fault, wheel
from tests.support.artifacts import A, sha256
from tests.support.faulty_archives import faulty_wheels
from wheelhouse_hashes.causes import Cause

#: A dev build as it is built, and as its upload names it.
DEV = "demo-1.1.dev0-py3-none-any.whl"
UPLOADED = "demo-1.1.dev0+20261126104455-py3-none-any.whl"
UPLOADED_LATER = "demo-1.1.dev0+20261127104455-py3-none-any.whl"


def _line(name: str) -> str:
    return f"{sha256(wheel(name))}  {name}\n"


def _dist(case: Case, *options: str) -> pathlib.Path:
    """Hash a folder with A and B."""
    folder = case.folder / "dist"
    folder.mkdir()
    for name in (A, B):
        (folder / name).write_bytes(wheel(name))
    case.command = ["hash", "dist", *options]
    return folder


def _printed(*names: str) -> Check:
    """Check that exactly these artifacts are in the list on standard output."""

    def check(done: Done) -> None:
        assert done.out == "".join(map(_line, sorted(names))), done

    return check


@fault("E.10", causes=Cause.UNSOUND, says="is not in its RECORD")
def wheel_to_hash_is_unsound(case: Case) -> Check:
    """A wheel to hash has a file that is not in its RECORD."""
    (_dist(case) / A).write_bytes(faulty_wheels()["file not in RECORD"].content)
    return _printed(B)


@fault("E.10", causes=Cause.NOT_A_DISTRIBUTION, says="an HTML or XML page")
def page_to_hash(case: Case) -> Check:
    """A wheel to hash is an error page that a build step downloaded."""
    (_dist(case) / A).write_bytes(b"<!doctype html>")
    return _printed(B)


@fault("E.10", causes=Cause.NOT_A_DISTRIBUTION, says="it is a special file")
def named_pipe_to_hash(case: Case) -> Check:
    """A named pipe that nothing writes to has the name of a wheel."""
    folder = _dist(case)
    (folder / A).unlink()
    os.mkfifo(folder / A)
    return _printed(B)


@fault("E.10", exit_code=4, says="it looks like an artifact")
def name_to_hash_has_a_line_feed(case: Case) -> Check:
    """A name has a line feed, which would make two lines of one in the list."""
    (_dist(case) / f"x\n{'0' * 64}  demo-1.0-py2-none-any.whl").write_bytes(wheel())
    return _printed(A, B)


@fault("E.10", exit_code=2, says="has the same name as")
def two_files_to_hash_have_one_name(case: Case) -> Check:
    """Two builds of one wheel are in two folders."""
    _dist(case, "other")
    (case.folder / "other").mkdir()
    (case.folder / "other" / A).write_bytes(wheel(seed=1))
    return _printed()


@fault("E.10", exit_code=2, says="this is the name of an artifact")
def list_would_replace_an_artifact(case: Case) -> Check:
    """``--sums`` without a file before ``dist/*``."""
    _dist(case)
    case.command = ["hash", "--sums", f"dist/{A}", f"dist/{B}"]
    return _printed()


@fault("E.10", exit_code=4, says="no artifacts found")
def nothing_to_hash(case: Case) -> Check:
    """The build made no artifact."""
    folder = _dist(case, "--sums", "got/SHA256SUMS")
    for name in (A, B):
        (folder / name).unlink()
    return _printed()


@fault("E.10", exit_code=6, says="cannot write to standard output: No space left on device")
def list_is_redirected_to_a_full_disk(case: Case) -> None:
    """Standard output is a file on a full disk."""
    _dist(case)
    case.prefix = ["bash", "-c", 'exec "$@" > /dev/full', "bash"]


@fault("E.10", exit_code=6, says="cannot write to standard output: Broken pipe")
def list_has_no_reader(case: Case) -> None:
    """Standard output is a pipe whose reader has ended."""
    _dist(case)
    pipe = "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    case.prefix = ["python3", "-c", f"{pipe}; os.execv(sys.argv[1], sys.argv[1:])"]


@fault("E.10", exit_code=6, says="cannot write to standard output: it is closed")
def standard_output_is_closed(case: Case) -> None:
    """The list is printed, and standard output is closed."""
    _dist(case)
    case.prefix = ["bash", "-c", 'exec "$@" >&-', "bash"]


@fault("E.10", exit_code=6, says="cannot create the folder dist/notes: File exists")
def file_in_the_place_of_the_folder_for_hash_files(case: Case) -> Check:
    """A file has the name of the folder for hash files."""
    (_dist(case, "--sidecars", "dist/notes") / "notes").write_bytes(b"precious")
    return _printed()


def _released(case: Case, *names: str) -> pathlib.Path:
    """Verify a folder against the lists of two build jobs, of A and of B."""
    folder = case.folder / "dist"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(wheel(name))
    for name in (A, B):
        (case.folder / f"{name}.sums").write_text(_line(name))
    case.command = ["verify", "dist", "--against", f"{A}.sums", "--against", f"{B}.sums"]
    return folder


@fault("E.10", causes=Cause.MISSING_ARTIFACT, says="announced, but not in the folder")
def wheel_of_one_job_was_lost(case: Case) -> None:
    """A wheel that a build job listed does not arrive at the release job."""
    _released(case, A)


@fault("E.10", exit_code=2, says=f"{B}.sums")
def list_of_one_job_was_lost(case: Case) -> None:
    """The list of a build job does not arrive."""
    _released(case, A, B)
    (case.folder / f"{B}.sums").unlink()


@fault("E.10", causes=Cause.MISMATCH)
def wheel_of_one_job_was_swapped(case: Case) -> None:
    """A wheel is another build than the one that its job listed."""
    (_released(case, A, B) / B).write_bytes(wheel(B, seed=1))


@fault("E.10", causes=Cause.NOT_LISTED)
def wheel_of_no_job(case: Case) -> None:
    """A wheel is in the folder that no build job listed."""
    _released(case, A, B, "demo-1.0-py2-none-any.whl")


@fault("E.10", causes=Cause.UNEXPECTED)
def copy_of_a_wheel(case: Case) -> None:
    """A second download of a wheel, as a browser names it."""
    folder = _released(case, A, B)
    (folder / f"{A[:-4]} (1).whl").write_bytes(wheel())


def _dev_build(case: Case, *names: str) -> pathlib.Path:
    """Verify dev builds against the list of their build job."""
    folder = case.folder / "dist"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(wheel(DEV))
    (case.folder / "SHA256SUMS").write_text(_line(DEV))
    case.command = ["verify", "dist", "--against", "SHA256SUMS"]
    return folder


@fault("E.10", says=f"has its digest as {DEV}, without the time stamp")
def dev_build_was_renamed_by_its_upload(case: Case) -> None:
    """A dev wheel was hashed before its upload, which added a time stamp to its name."""
    _dev_build(case, UPLOADED)


@fault("E.10", causes=Cause.MISMATCH)
def renamed_dev_build_is_another_one(case: Case) -> None:
    """The uploaded dev build is another one than that in the list."""
    (_dev_build(case) / UPLOADED).write_bytes(wheel(DEV, seed=1))


@fault(
    "E.10",
    causes=(Cause.MISSING_ARTIFACT, Cause.NOT_LISTED, Cause.NOT_LISTED),
    says="not compared: 2 builds have this name",
)
def several_renamed_dev_builds(case: Case) -> None:
    """Two uploaded dev builds differ in the time stamp only: none of them is chosen."""
    _dev_build(case, UPLOADED, UPLOADED_LATER)
