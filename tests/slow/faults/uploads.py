"""What users meet in uploads: folders, broken files, names, secrets and silent stores (E.5)."""

from __future__ import annotations

import threading

from tests.slow.faults.catalogue import Case, Check, Done, fault, wheel
from tests.slow.faults.consistency import contains, there, upload
from tests.support.artifacts import A, hash_file
from tests.support.fake_store import Place, drain, fake_store
from tests.support.servers import Handler, respond
from wheelhouse_hashes.causes import Cause

OLD = wheel(seed=1)


def _store(case: Case, place: Place | None = None, status: int = 0) -> None:
    """Upload A into a Swift on loopback.

    :param place: requests that the store refuses, or never answers.
    :param status: the status with which it refuses; 0 for no answer.
    """
    (case.folder / "dist").mkdir()
    (case.folder / "dist" / A).write_bytes(wheel())
    store = case.stack.enter_context(fake_store("OPENSTACK_SWIFT"))
    over = threading.Event()
    case.stack.callback(over.set)

    def fail(handler: Handler) -> None:
        drain(handler)
        if status:
            respond(handler, status, b"Upload exceeds quota.", Content_Type="text/plain")
        else:
            over.wait(60)
            handler.close_connection = True

    if place is not None:
        store.fail(place, fail, times=99)
    case.command = ["upload", "--hashfile", "--wait", "0", *store.options]


@fault("E.5.7", exit_code=4, says="no artifacts in dist: build them first")
def nothing_to_upload(case: Case) -> Check:
    """The folder to upload is empty."""
    upload(case, A, wheel())
    (case.folder / "dist" / A).unlink()
    return there(case, {})


@fault("E.5.7", exit_code=4, says="a folder with 1 artifact; only files of the folder itself")
def artifacts_in_folders_of_the_folder(case: Case) -> Check:
    """Each job's artifacts are in a folder of their own, as CI services download them."""
    upload(case, A, wheel())
    (case.folder / "dist" / "wheels-linux").mkdir()
    (case.folder / "dist" / A).rename(case.folder / "dist" / "wheels-linux" / A)
    return there(case, {})


@fault("E.5.7", exit_code=2, says="no such folder")
def folder_to_upload_is_an_unset_variable(case: Case) -> None:
    """``--local-folder`` is empty."""
    upload(case, A, wheel(), "--local-folder", "")


@fault("E.5.7", exit_code=2, says="the name of the container is empty: check the variable")
def container_is_an_unset_variable(case: Case) -> Check:
    """The name of the container is empty."""
    upload(case, A, wheel())
    case.command[-1] = ""
    return there(case, {})


@fault("E.2.1.19", causes=Cause.NOT_A_DISTRIBUTION, says="it is a symbolic link")
def link_to_a_secret_file(case: Case) -> Check:
    """An artifact in the folder is a symbolic link."""
    upload(case, A, wheel())
    (case.folder / "dist" / A).unlink()
    (case.folder / "dist" / A).symlink_to("/proc/self/environ")
    return there(case, {})


@fault("E.2.3.3", causes=Cause.NOT_A_DISTRIBUTION, says="an HTML or XML page")
def login_page_instead_of_a_wheel(case: Case) -> Check:
    """The file to upload is a login page that a download left."""
    upload(case, A, b"<html><title>login</title></html>")
    return there(case, {})


@fault("E.2.3.3", causes=Cause.NOT_A_DISTRIBUTION)
def wheel_that_was_cut(case: Case) -> Check:
    """The wheel to upload was cut before its central directory."""
    upload(case, A, wheel()[:400])
    return there(case, {})


@fault("E.2.3.2", causes=Cause.UNSOUND)
def wheel_with_another_version_inside(case: Case) -> Check:
    """The wheel's METADATA has another version than its name."""
    name = "demo-2.0-py3-none-any.whl"
    upload(case, name, wheel())
    return there(case, {})


@fault("E.4.4", exit_code=0, says="replaced")
def signature_of_a_replaced_wheel(case: Case) -> Check:
    """A signature of another tool lies beside a wheel that is replaced: it is kept, and named."""
    upload(case, A, wheel())
    contains(case, wheel=OLD, sha256=hash_file(OLD), asc=b"signature")
    kept = there(case, {A: wheel(), f"{A}.sha256": hash_file(wheel()), f"{A}.asc": b"signature"})

    def check(done: Done) -> None:
        kept(done)
        assert f"{A}.asc  belongs to the previous artifact" in done.out

    return check


@fault("E.5.6", exit_code=5, says="or the quota is used up (store: 413: Upload exceeds quota)")
def quota_of_the_container_is_used_up(case: Case) -> None:
    """The store refuses even the small hash file with status 413."""
    _store(case, Place("PUT", f"/{A}.sha256"), 413)


@fault("E.3.27", exit_code=5, says="the store did not answer within 1 seconds")
def store_that_never_answers_a_put(case: Case) -> None:
    """A load balancer takes the wheel and never answers (with a limit of one second)."""
    _store(case, Place("PUT", f"/{A}"))
    case.command += ["--driver-option", "timeout=1"]


@fault("E.5.6", exit_code=0, says="sent")
def secret_with_a_line_end(case: Case) -> None:
    """The secret was stored with a line end, which is removed."""
    _store(case)
    case.environ["WHEELHOUSE_UPLOADER_SECRET"] = "secret-key\r\n"
    place = case.command.index("--secret")
    del case.command[place : place + 2]
