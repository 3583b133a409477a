"""Transparency logs that are changed, old, or of another history (E.13)."""

from __future__ import annotations

import functools
import pathlib
import tempfile
from collections.abc import Mapping

from tests.slow.faults.catalogue import Case, fault, in_turn, link, page, status, wheel
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file, sha256
from tests.support.logs import KEY, VKEY, entry, files, make_log
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.tlog.entries import Entry
from wheelhouse_hashes.tlog.keys import SigningKey
from wheelhouse_hashes.tlog.merkle import EMPTY_ROOT
from wheelhouse_hashes.tlog.note import Checkpoint, sign

_GOOD = Entry(A, sha256(wheel()))


@functools.lru_cache
def _log(*added: tuple[Entry, ...]) -> Mapping[str, bytes]:
    """Return the objects of a log, after some appends."""
    with tempfile.TemporaryDirectory() as folder:
        for batch in added:
            make_log(pathlib.Path(folder, "log"), batch)
        return files(pathlib.Path(folder, "log"))


def _serve(case: Case, objects: Mapping[str, bytes]) -> None:
    """Serve a wheel with its hash file, and a log that every artifact must be in."""
    case.routes = {"/": page(link(A)), f"/{A}": wheel(), f"/{A}.sha256": hash_file(wheel())}
    server = case.serve({f"/log/{path}": content for path, content in objects.items()})
    case.options += ["--log", f"{server.url}log", "--log-key", VKEY]
    case.environ["WHEELHOUSE_HASHES_STATE"] = f"{case.folder.absolute()}-state"


def _changed(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


@fault("E.13", left=(A,), says="logged+container")
def good_log(case: Case) -> None:
    """The log has the wheel."""
    _serve(case, _log((_GOOD,)))


@fault("E.13", causes=Cause.REPLACED, left=(REJECTED,))
def log_has_another_digest(case: Case) -> None:
    """The wheel and its hash file were replaced after the wheel was logged."""
    _serve(case, _log((Entry(A, "0" * 64),)))
    old = {"Last_Modified": "Sat, 01 Jan 2022 00:00:00 GMT"}
    case.routes[f"/{A}"] = status(200, wheel(), **old)
    case.routes[f"/{A}.sha256"] = status(200, hash_file(wheel()), **old)


@fault("E.13", causes=Cause.LOGGED_TWICE)
def log_has_two_digests(case: Case) -> None:
    """The log has the wheel's digest and, later, another one for its name."""
    _serve(case, _log((_GOOD,), (Entry(A, "0" * 64),)))


@fault("E.13", left=(A,), says="weakest tier: logged")
def host_that_answers_every_address(case: Case) -> None:
    """The wheel has no hash file, and the host answers every address with its front page."""
    _serve(case, _log((_GOOD,)))
    front = b"<!doctype html><title>Welcome</title>\n"
    unlisted = ("sha256", "sha384", "sha512", "blake2b", "md5", "tlog-proof")
    case.routes.update({f"/{A}.{suffix}": front for suffix in unlisted})


@fault("E.13", left=(A,), says="logged+container")
def busy_log(case: Case) -> None:
    """The log answers 503 at first."""
    log = _log((_GOOD,))
    _serve(case, log)
    case.wait = "20"
    server = case.serve(
        {f"/log/{path}": in_turn(status(503), content) for path, content in log.items()}
    )
    case.options[case.options.index("--log") + 1] = f"{server.url}log"


@fault("E.13", causes=Cause.NOT_LOGGED)
def not_in_the_log(case: Case) -> None:
    """The log has no entry for the wheel."""
    _serve(case, _log((entry(1),)))


@fault("E.13", exit_code=5, says="has no checkpoint")
def no_log(case: Case) -> None:
    """There is no log at its address."""
    _serve(case, {})


@fault("E.13", exit_code=7, says="is not valid")
def checkpoint_with_a_flipped_bit(case: Case) -> None:
    """A bit of the checkpoint's signature is flipped."""
    log = _log((_GOOD,))
    _serve(case, {**log, "checkpoint": _changed(log["checkpoint"])})


@fault("E.13", "E.2.4", exit_code=7, says="contradicts the checkpoint")
def entry_with_a_flipped_bit(case: Case) -> None:
    """A bit of an entry is flipped."""
    log = _log((_GOOD,))
    _serve(case, {**log, "tile/entries/000.p/1": _changed(log["tile/entries/000.p/1"])})


@fault("E.13", exit_code=7, says="not signed by")
def checkpoint_of_another_key(case: Case) -> None:
    """Somebody else signed the checkpoint, under the same name."""
    other = sign(Checkpoint(KEY.name, 0, EMPTY_ROOT).encode(), SigningKey(KEY.name, bytes(32)))
    _serve(case, {"checkpoint": other})


@fault("E.13", exit_code=7, says="not a signed note")
def login_page_for_the_checkpoint(case: Case) -> None:
    """A proxy answers with its login page."""
    _serve(case, {"checkpoint": b"<!doctype html><title>Log in</title>\n"})


@fault("E.13", exit_code=7, says="it is the checkpoint of 'example.org/other'")
def checkpoint_of_another_log(case: Case) -> None:
    """The key of the log signed the checkpoint of another log."""
    note = sign(Checkpoint("example.org/other", 0, EMPTY_ROOT).encode(), KEY)
    _serve(case, {"checkpoint": note})


@fault("E.13", exit_code=5, says="has no tile/entries/000.p/1")
def log_without_its_entries(case: Case) -> None:
    """The log has a checkpoint, but not its entries."""
    _serve(case, {"checkpoint": _log((_GOOD,))["checkpoint"]})


@fault("E.13", "E.2.4", exit_code=7, says="it has 2 entries instead of 1")
def entries_with_trailing_bytes(case: Case) -> None:
    """Another entry follows those of the checkpoint."""
    log = _log((_GOOD,))
    path = "tile/entries/000.p/1"
    _serve(case, {**log, path: log[path] + b"\0\1x"})


def _commit(case: Case, checkpoint: bytes) -> None:
    path = case.folder / "log.checkpoint"
    path.write_bytes(checkpoint)
    case.options += ["--log-checkpoint", path.name]


@fault("E.13", "E.2.4", exit_code=7, says="was rolled back")
def log_was_rolled_back(case: Case) -> None:
    """The log is an older one than the committed checkpoint, and lacks its entries."""
    _serve(case, _log((_GOOD,)))
    _commit(case, _log((_GOOD,), (entry(1),))["checkpoint"])


@fault("E.13", left=(A,), says="is older (size 1)")
def old_checkpoint(case: Case) -> None:
    """The checkpoint is older than the committed one, but the log has the newer entries."""
    newer = _log((_GOOD,), (entry(1),))
    _serve(case, {**newer, "checkpoint": _log((_GOOD,))["checkpoint"]})
    _commit(case, newer["checkpoint"])


@fault("E.13", exit_code=7, says="contradicts")
def second_history(case: Case) -> None:
    """The log has another history than the committed checkpoint."""
    _serve(case, _log((_GOOD,), (entry(1),)))
    _commit(case, _log((entry(2), entry(3)))["checkpoint"])
