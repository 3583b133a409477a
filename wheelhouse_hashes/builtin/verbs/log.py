"""The verbs ``log keygen``, ``append``, ``audit``, ``prove``, ``check-proof`` and ``status``.

Their work is in :mod:`wheelhouse_hashes.builtin.logs`, which is imported when they run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.verbs import OptionGroup, Verb

if TYPE_CHECKING:
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

_FORKED = "the log contradicts its key, its tiles or an earlier checkpoint, or has two digests"
_UNREACHABLE = "store or network error"
_DISK = "local file or disk error"
_WHERE = "the log: a folder, or container://NAME or container://NAME/PREFIX"
_READABLE = f"{_WHERE}, or a URL"


def _add_key(options: OptionGroup) -> None:
    options.add_argument(
        "--key",
        path="file",
        metavar="FILE",
        required=True,
        help="file with the private key of the log, as Go's tools write it",
    )


def _add_log_key(options: OptionGroup) -> None:
    options.add_argument(
        "--log-key",
        metavar="VKEY",
        environment="WHEELHOUSE_UPLOADER_LOG_KEY",
        help="public key of the log, as log keygen prints it",
    )


def _configure_keygen(options: OptionGroup) -> None:
    options.add_argument("origin", help="name of the log: a URL without https://")
    _add_key(options)


def _configure_append(options: OptionGroup) -> None:
    options.add_argument("where", path="folder", help=_WHERE)
    _add_key(options)
    options.add_argument(
        "--from",
        path="file",
        dest="sources",
        action="append",
        metavar="WHAT",
        help="what to append: container://NAME (its hash files), a URL (an index page, a "
        "directory listing, a list), a file with digests (a digest list, lock file or report), or "
        "a folder of packages that somebody else published; repeatable; without it, an "
        "interrupted append is completed, or an empty log is made",
    )
    options.add_argument(
        "--record-conflict",
        action="store_true",
        help="append a digest even if the log has another one for the name; clients then refuse "
        "the name",
    )
    options.add_argument(
        "--dry-run", action="store_true", help="print what would be appended, and write nothing"
    )


def _configure_audit(options: OptionGroup) -> None:
    options.add_argument("where", path="folder", help=_READABLE)
    _add_log_key(options)
    options.add_argument(
        "--log-checkpoint",
        path="file",
        metavar="FILE",
        help="file with an earlier checkpoint: the log must contain it; the new one is written "
        "to it after a good audit",
    )


def _configure_status(options: OptionGroup) -> None:
    options.add_argument("where", path="folder", help=_READABLE)
    _add_log_key(options)


def _configure_prove(options: OptionGroup) -> None:
    _configure_status(options)
    options.add_argument("name", help="name of the artifact")


def _configure_check_proof(options: OptionGroup) -> None:
    options.add_argument("file", path="file", help="the artifact")
    options.add_argument("proof", path="file", help="its proof (X.whl.tlog-proof)")
    _add_log_key(options)


def _keygen(run: Run[Any]) -> None:
    from wheelhouse_hashes.builtin.logs.keys import make_key

    make_key(run)


def _append(run: Run[Any]) -> Report:
    from wheelhouse_hashes.builtin.logs.append_command import append

    return append(run)


def _audit(run: Run[Any]) -> Report:
    from wheelhouse_hashes.builtin.logs.auditing import audit

    return audit(run)


def _status(run: Run[Any]) -> None:
    from wheelhouse_hashes.builtin.logs.auditing import print_status

    print_status(run)


def _prove(run: Run[Any]) -> None:
    from wheelhouse_hashes.builtin.logs.proving import prove

    prove(run)


def _check_proof(run: Run[Any]) -> None:
    from wheelhouse_hashes.builtin.logs.proving import check_proof

    check_proof(run)


_VERBS = (
    Verb(
        "log keygen",
        "Make the key of a new transparency log.",
        _configure_keygen,
        _keygen,
        examples=(("print the public key", "log keygen example.org/log --key log.key"),),
        exit_codes={6: _DISK},
    ),
    Verb(
        "log append",
        "Append digests to a transparency log.",
        _configure_append,
        _append,
        store=True,
        listings=True,
        examples=(
            (
                "at a release, from what was published",
                (
                    "log append log --key log.key --from container://wheels \\\n"
                    "      --provider-name LOCAL --username store --secret none"
                ),
            ),
            ("from a digest list", "log append log --key log.key --from SHA256SUMS"),
        ),
        exit_codes={3: "the source cannot be read", 5: _UNREACHABLE, 6: _DISK, 7: _FORKED},
    ),
    Verb(
        "log audit",
        "Read a whole transparency log, and check it.",
        _configure_audit,
        _audit,
        store=True,
        examples=(
            (
                "in a scheduled job, with a checkpoint in the repository",
                "log audit https://example.org/log/ --log-checkpoint log.checkpoint",
            ),
        ),
        exit_codes={5: _UNREACHABLE, 6: _DISK, 7: _FORKED},
    ),
    Verb(
        "log prove",
        "Write the proof that a transparency log has an artifact.",
        _configure_prove,
        _prove,
        store=True,
        examples=(("write X.whl.tlog-proof", "log prove log demo-1.0-py3-none-any.whl"),),
        exit_codes={3: "the log has no such name", 5: _UNREACHABLE, 6: _DISK, 7: _FORKED},
    ),
    Verb(
        "log check-proof",
        "Check an artifact and its proof, without the log.",
        _configure_check_proof,
        _check_proof,
        examples=(
            (
                "without any network",
                "log check-proof demo-1.0.tar.gz demo-1.0.tar.gz.tlog-proof",
            ),
        ),
        exit_codes={1: "the artifact has another digest", 6: _DISK, 7: "the proof is not valid"},
    ),
    Verb(
        "log status",
        "Print the checkpoint of a transparency log.",
        _configure_status,
        _status,
        store=True,
        examples=(("print size and root", "log status https://example.org/log/"),),
        exit_codes={5: _UNREACHABLE, 6: _DISK, 7: _FORKED},
    ),
)


@hookimpl
def wheelhouse_verbs() -> Sequence[Verb]:
    """Return the verbs."""
    return _VERBS
