"""Check that an artifact's contents match its name: ``--check-contents``.

Sources: the binary distribution format and the source distribution format
(https://packaging.python.org/specifications/).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Finding, Tier
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import DiskError, Interrupted, disk_errors
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.kinds import other_kind
from wheelhouse_hashes.options import CHECK_FULL, CHECK_NONE, CHECK_QUICK, CheckOptions

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Sequence

    from wheelhouse_hashes.artifacts import Artifact, Claim
    from wheelhouse_hashes.formats.archives import Contents
    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.verbs import OptionGroup

#: Advice about a file that is no artifact: the fault is in the job that made it.
_REBUILD = "look for an error in the job that built the file, then build it again"

#: Number of bytes that show the kind of a file.
_HEAD_BYTES = 512

#: Number of faults of one artifact to print, and the length of each, in characters.
_MAX_FAULTS, _MAX_TEXT = 3, 240


@hookimpl
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add ``--check-contents`` to the verbs that inspect artifacts."""
    if verb in ("hash", "upload", "fetch", "verify"):
        parser.add_argument(
            "--check-contents",
            choices=(CHECK_QUICK, CHECK_FULL, CHECK_NONE),
            default=CHECK_QUICK,
            help="how to check that the contents of an artifact match its name and its RECORD; "
            "full also reads all files of a wheel, to check their digests (default: %(default)s)",
        )


# First, before another plugin can change the file.
@hookimpl(tryfirst=True)
def wheelhouse_inspect(
    artifact: Artifact, path: pathlib.Path | None, claims: Sequence[Claim], run: Run[Options]
) -> Sequence[Finding]:
    """Refuse an artifact that is not what its name says.

    It is an empty file, an HTML page or a truncated archive; its metadata have another name or
    version; or its files can be read in two ways or do not match its RECORD.
    """
    if path is None or run.options.check_contents == CHECK_NONE or artifact.parsed.kind == "exe":
        return ()
    # Importing the modules for archives takes milliseconds, which other commands should not pay.
    from wheelhouse_hashes.formats.archives import UnreadableArchive

    try:
        with disk_errors(f"read {path}"):
            contents = _check(artifact, path, run)
    except UnreadableArchive as error:
        return [_unreadable(f"the archive cannot be read: {_short(str(error))}", run)]
    if isinstance(contents, Finding):
        return [contents]
    faults = contents.faults
    for text in contents.notes:
        run.note_once(f"{artifact.name} {text}", f"{artifact.name}: {_short(text)}")
    if contents.record_faults:
        if any(claim.earned > Tier.CONTAINER for claim in claims):
            text = f"{_joined(contents.record_faults)}; accepted, because a source outside the "
            text += "container has its digest"
            run.note_once(f"{artifact.name} RECORD", f"{artifact.name}: {text}")
        else:
            faults = [*faults, *contents.record_faults]
    if not faults:
        return ()
    return [Finding(Cause.UNSOUND, _joined(faults), next=Cause.UNSOUND.next_step)]


def _check(artifact: Artifact, path: pathlib.Path, run: Run[Options]) -> Contents | Finding:
    from wheelhouse_hashes.formats.archives import ArchiveFile

    def check_stop() -> None:
        if run.stop.is_set():
            raise Interrupted("interrupted")

    full = run.options.check_contents == CHECK_FULL
    # Without O_NONBLOCK, opening a named pipe that has no writer blocks forever.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb", buffering=0) as opened:  # noqa: PTH123 (a descriptor)
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise DiskError(f"{path} is not a file")
        file = ArchiveFile(opened, status.st_size, check_stop)
        if kind := other_kind(artifact.name, file.at(0, _HEAD_BYTES)):
            return _unreadable(f"the file is {kind}", run)
        if artifact.parsed.kind == "wheel":
            from wheelhouse_hashes.formats.wheel_contents import check_wheel

            return check_wheel(file, artifact.parsed, full=full)
        from wheelhouse_hashes.formats.sdist_contents import check_sdist

        return check_sdist(file, artifact.parsed, full=full)


def _unreadable(text: str, run: Run[Options]) -> Finding:
    """Return the finding about a file that is no archive.

    If it matches the digests that were found for it, another download would not change it.
    """
    if isinstance(run.options, CheckOptions):
        return Finding(Cause.UNSOUND, text, next=Cause.UNSOUND.next_step)
    return Finding(Cause.NOT_A_DISTRIBUTION, text, next=_REBUILD)


def _joined(faults: Sequence[str]) -> str:
    """Return the first few faults as one text."""
    shown = [_short(fault) for fault in faults[:_MAX_FAULTS]]
    if len(faults) > _MAX_FAULTS:
        shown.append(f"and {len(faults) - _MAX_FAULTS:,} more")
    return "; ".join(shown)


def _short(text: str) -> str:
    return printable(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}...")
